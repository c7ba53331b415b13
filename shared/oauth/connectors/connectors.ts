// SPDX-License-Identifier: Apache-2.0
// The connectors of the built-in identity provider: at which providers people sign in. Configured in dex's vocabulary,
// `connectors:` as a list of `{type, id, name, config}`, as the JSON value that YAML and JSON share. Holds no secret.
// Spec: https://dexidp.io/docs/connectors/

import { encodeUtf8 } from "../../bytes/utf8.ts";
import { describeProblem, type Problem, Section } from "../../identity/configuration/section.ts";
import { isObject } from "../../json/member.ts";
import { parseJson } from "../../json/parse.ts";
import { parseIssuerUrl } from "../../oidc/issuer-url.ts";
import { err, ok, type Result } from "../../result.ts";
import type { ConnectorType } from "./connector-type.ts";
import { OIDC_CONNECTOR, type OidcConfig } from "./oidc.ts";

/** One connector, as configured. A further type is one more member here, and one more row in TYPES. */
export type ConnectorConfig = ConnectorIdentity & { readonly type: "oidc"; readonly config: OidcConfig };

/** The name of a connector's type, as dex spells it. */
export type ConnectorTypeName = ConnectorConfig["type"];

/** How a connector is named: in certificates, in addresses, on pages. */
export interface ConnectorIdentity {
  /** A URL: `federated_claims.connector_id`, which the CA writes into certificates as the issuer. */
  readonly id: string;
  /** Stands in the paths of the provider: `/oidc/callback/<slug>`. Unique. */
  readonly slug: string;
  /** What people read: "GitHub", "Google (example.com)". */
  readonly name: string;
}

const TYPES: { readonly [T in ConnectorTypeName]: ConnectorType<Extract<ConnectorConfig, { type: T }>["config"]> } = {
  oidc: OIDC_CONNECTOR,
};

/** As many as a page can offer. */
const MAX_CONNECTORS = 16;
const MAX_NAME_CHARACTERS = 64;
const MEMBERS = ["type", "id", "slug", "name", "config"];
/** Paths of the provider itself and of the development connector. */
const RESERVED_SLUGS = ["choose", "development"];
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** The configuration is invalid; reports every problem. */
interface ConnectorsError {
  readonly code: "connectors_invalid";
  readonly problems: readonly Problem[];
}

/** Reads a configuration: a list of connectors, or an object with `connectors`. Fails with connectors_invalid. */
export function readConnectors(value: unknown): Result<readonly ConnectorConfig[], ConnectorsError> {
  const problems: Problem[] = [];
  const root = new Section(value, [], problems);
  const list = isObject(value) ? root.fields(["connectors"]).get("connectors") : root;
  const rows = list?.items() ?? [];
  if (list === null) root.report("must be an object with connectors, or a list of connectors");
  if (rows.length > MAX_CONNECTORS) root.report(`must not have more than ${MAX_CONNECTORS} connectors`);
  const read = rows.slice(0, MAX_CONNECTORS).map((section) => ({ section, connector: readConnector(section) }));
  reportRepeated(read);
  return problems.length === 0
    ? ok(read.flatMap(({ connector }) => (connector === null ? [] : [connector])))
    : err({ code: "connectors_invalid", problems });
}

/** Parses the setting OIDC_CONNECTORS. The error completes "OIDC_CONNECTORS …" and names every problem. */
export function parseConnectors(text: string): Result<readonly ConnectorConfig[], string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok) return err(`is not JSON (${json.error.code})`);
  const connectors = readConnectors(json.value);
  return connectors.ok ? connectors : err(connectors.error.problems.map(describeProblem).join("; "));
}

function readConnector(row: Section): ConnectorConfig | null {
  if (!isObject(row.value)) {
    row.report("must be an object with type, id, name and config");
    return null;
  }
  const fields = row.fields(MEMBERS, MEMBERS);
  const type = fields.text("type");
  const config = fields.get("config");
  if (type === null || !isTypeName(type)) {
    fields.report("type", `must be one of ${Object.keys(TYPES).join(", ")}`);
    return null;
  }
  if (config === null) {
    fields.report("config", "is missing");
    return null;
  }
  const read = TYPES[type].read(config);
  if (read === null) return null;
  const id = fields.text("id") ?? TYPES[type].idOf(read);
  const slug = fields.text("slug") ?? type;
  const name = fields.text("name") ?? TYPES[type].nameOf(read);
  const url = parseIssuerUrl(id);
  if (!url.ok) fields.report("id", `${url.error.reason}: it is the issuer that certificates name`);
  if (!SLUG.test(slug) || RESERVED_SLUGS.includes(slug))
    fields.report(
      "slug",
      `must be 1 to 32 lower-case letters, digits and inner hyphens, and not ${RESERVED_SLUGS.join(" or ")}`,
    );
  if (name.length > MAX_NAME_CHARACTERS || /\p{C}/u.test(name))
    fields.report("name", `must be text of at most ${MAX_NAME_CHARACTERS} characters`);
  return { id, slug, name, type, config: read };
}

const isTypeName = (text: string): text is ConnectorTypeName => Object.hasOwn(TYPES, text);

function reportRepeated(
  rows: readonly { readonly section: Section; readonly connector: ConnectorConfig | null }[],
): void {
  const ids = new Set<string>();
  const slugs = new Set<string>();
  for (const { section, connector } of rows) {
    if (connector === null) continue;
    const { id, slug } = connector;
    if (ids.has(id)) section.report("has the id of another connector");
    if (slugs.has(slug)) section.report(`has the slug ${slug} of another connector: give it a slug of its own`);
    ids.add(id);
    slugs.add(slug);
  }
}
