// SPDX-License-Identifier: Apache-2.0
// The connectors of a deployment's folder, as the operator wrote them, with their secrets.

import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { describeProblem } from "../../shared/identity/configuration/section.ts";
import { isObject, type JsonObject } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { readConnectors } from "../../shared/oauth/connectors/connectors.ts";
import { parseConnectorSecrets } from "../../shared/oauth/connectors/secrets.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { joinParts } from "../../shared/settings/parts.ts";
import { CONNECTORS_SETTING } from "../deployment/connectors-file.ts";
import type { ConnectorRow } from "./upstream.ts";

const SECRETS_SETTING = "OIDC_CONNECTOR_SECRETS";

/** The connectors in settings that have been checked. The error is a line for the operator. */
export function rowsOfSettings(settings: Readonly<Record<string, string>>): Result<readonly ConnectorRow[], string> {
  const json = parseJson(encodeUtf8(joinParts(settings, CONNECTORS_SETTING) || "[]"));
  const secrets = parseConnectorSecrets(settings[SECRETS_SETTING] ?? "{}");
  if (!secrets.ok) return err(`${SECRETS_SETTING} ${secrets.error}`);
  return rowsOf(json.ok ? json.value : null, secrets.value);
}

/** The connectors of a configuration. Fails with every problem, in the words of the services. */
export function rowsOf(value: unknown, secrets: ReadonlyMap<string, string>): Result<readonly ConnectorRow[], string> {
  const parsed = readConnectors(value);
  if (!parsed.ok)
    return err(parsed.error.problems.map((problem) => `${CONNECTORS_SETTING} ${describeProblem(problem)}`).join("\n"));
  const written = listOf(value);
  return ok(
    parsed.value.map(({ type, slug, name }, i) => ({
      type,
      slug,
      name,
      config: configOf(written[i]),
      secret: secrets.get(slug) ?? "",
    })),
  );
}

/** A configuration is a list, or an object whose one member is a list. */
export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : isObject(value) ? listOf(Object.values(value)[0]) : [];

/** `config` under the names of YAML: the reference also reads `Config` and `ClientID`. */
function configOf(row: unknown): JsonObject {
  const config = isObject(row) ? (row["config"] ?? row["Config"]) : null;
  if (!isObject(config)) return {};
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [lowerFirst(name), value]));
}

const lowerFirst = (name: string): string => `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
