// SPDX-License-Identifier: Apache-2.0
// The client secrets of connectors, each under the slug of its connector.

import { encodeUtf8 } from "../../bytes/utf8.ts";
import { isObject } from "../../json/member.ts";
import { parseJson } from "../../json/parse.ts";
import { err, ok, type Result } from "../../result.ts";
import type { ConnectorConfig } from "./connectors.ts";

/** Slug → client secret. */
export type ConnectorSecrets = ReadonlyMap<string, string>;

/** Longer than any provider's. */
const MAX_SECRET_CHARACTERS = 1024;

/** Parses OIDC_CONNECTOR_SECRETS: `{"<slug>": "<secret>"}`. The error completes "OIDC_CONNECTOR_SECRETS …". */
export function parseConnectorSecrets(text: string): Result<ConnectorSecrets, string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !isObject(json.value)) return err('must be a JSON object: {"<slug of a connector>": "<secret>"}');
  const secrets = new Map<string, string>();
  for (const [slug, secret] of Object.entries(json.value)) {
    if (typeof secret !== "string" || secret === "" || secret.length > MAX_SECRET_CHARACTERS)
      return err(`must have a secret of 1 to ${MAX_SECRET_CHARACTERS} characters for ${JSON.stringify(slug)}`);
    secrets.set(slug, secret);
  }
  return ok(secrets);
}

/** Lists the connectors that have no secret, one line each. */
export function listMissingSecrets(
  connectors: readonly ConnectorConfig[],
  secrets: ConnectorSecrets,
): readonly string[] {
  return connectors.flatMap(({ slug, name }) =>
    secrets.has(slug) ? [] : [`OIDC_CONNECTOR_SECRETS has no secret for ${slug} (${name})`],
  );
}
