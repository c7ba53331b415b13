// SPDX-License-Identifier: Apache-2.0
// The part of `sigedge init` that adds connectors to a folder, which may not exist yet.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type AddedConnector, addConnectors, type WantedConnector } from "../connectors/add.ts";
import { CONNECTORS_FILE } from "../deployment/connectors-file.ts";
import { readDeployment } from "../deployment/deployment.ts";
import { CONNECTOR_SECRETS_FILE } from "../keys/provider-secrets.ts";

interface Wanted {
  readonly folder: string;
  readonly publicUrl: PublicUrl | null;
  readonly connectors: readonly WantedConnector[];
  readonly isChecked: boolean;
}

interface Added {
  /** The files to write, by path in the folder. */
  readonly files: ReadonlyMap<string, string>;
  readonly connectors: readonly AddedConnector[];
  /** Whether the folder had no connector before. */
  readonly isFirst: boolean;
}

/** Asks for the connectors and makes their files; nothing without one. The error is a line for the operator. */
export async function addToFolder(wanted: Wanted, say: (line: string) => void): Promise<Result<Added, string>> {
  const { folder, connectors, isChecked } = wanted;
  if (connectors.length === 0) return ok({ files: new Map(), connectors: [], isFirst: false });
  const known = readDeployment(folder);
  if (!known.ok) return known;
  const publicUrl = known.value?.publicUrl ?? wanted.publicUrl;
  if (publicUrl === null)
    return err("--connector needs the address of the service, which is in the redirect URI: --url");
  const secretsPath = join("keys", CONNECTOR_SECRETS_FILE);
  const read = (path: string): string =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : "";
  const before = { connectors: read(CONNECTORS_FILE), secrets: read(secretsPath) };
  const added = await addConnectors(before, { wanted: connectors, publicUrl, isChecked, say });
  if (!added.ok) return added;
  const files = new Map([
    [CONNECTORS_FILE, added.value.connectors],
    [secretsPath, added.value.secrets],
  ]);
  return ok({ files, connectors: added.value.added, isFirst: before.connectors.trim() === "" });
}
