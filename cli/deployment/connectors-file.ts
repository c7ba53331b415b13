// SPDX-License-Identifier: Apache-2.0
// connectors.yaml: at which providers people sign in, in dex's vocabulary. Becomes OIDC_CONNECTORS as JSON, since the
// Worker parses no YAML. Whether the connectors are right is decided where all settings are checked.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { splitSetting } from "../../shared/settings/parts.ts";
import { readYaml } from "./yaml-file.ts";

export const CONNECTORS_FILE = "connectors.yaml";
export const CONNECTORS_SETTING = "OIDC_CONNECTORS";

/** Reads the file of a folder as settings; none without the file. Fails with a line for each problem. */
export function readConnectorsFile(folder: string): Result<Readonly<Record<string, string>>, string> {
  const misspelt = (existsSync(folder) ? readdirSync(folder) : []).find(isMisspelt);
  // Ignored silently, it would leave the deployment without a provider to sign in at.
  if (misspelt !== undefined) return err(`${join(folder, misspelt)} is not read; name it ${CONNECTORS_FILE}`);
  const path = join(folder, CONNECTORS_FILE);
  if (!existsSync(path)) return ok({});
  const yaml = readYaml(readFileSync(path, "utf8"));
  if (!yaml.ok) return err(yaml.error.map((problem) => `${CONNECTORS_SETTING} ${problem} (from ${path})`).join("\n"));
  // A file of comments alone has no connector.
  const parts = splitSetting(CONNECTORS_SETTING, JSON.stringify(yaml.value.value ?? []));
  return parts.ok ? parts : err(`${CONNECTORS_SETTING} ${parts.error} (from ${path})`);
}

/** JSON is YAML, so that another extension of the same content is a likely mistake. */
const isMisspelt = (name: string): boolean => /^connectors?\.(json|ya?ml)$/i.test(name) && name !== CONNECTORS_FILE;
