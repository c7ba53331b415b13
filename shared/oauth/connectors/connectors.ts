// SPDX-License-Identifier: Apache-2.0
// The connectors of the built-in identity provider: at which providers people sign in. Configured in dex's vocabulary,
// `connectors:` as a list of `{type, id, name, config}`, as the JSON value that YAML and JSON share. Holds no secret.
// Spec: https://dexidp.io/docs/connectors/

import { encodeUtf8 } from "../../bytes/utf8.ts";
import { describeProblem, type Fields, type Problem, Section } from "../../identity/configuration/section.ts";
import { isObject } from "../../json/member.ts";
import { parseJson } from "../../json/parse.ts";
import { parseIssuerUrl } from "../../oidc/issuer-url.ts";
import { err, ok, type Result } from "../../result.ts";
import { ACCESS_CONNECTOR, type AccessConfig } from "./types/access.ts";
import { BITBUCKET_CONNECTOR, type BitbucketConfig } from "./types/bitbucket.ts";
import { type ConnectorType, type MemberTexts, REFUSED_MEMBERS } from "./types/connector-type.ts";
import { GITHUB_CONNECTOR, type GithubConfig } from "./types/github.ts";
import { GITLAB_CONNECTOR, type GitlabConfig } from "./types/gitlab.ts";
import { GOOGLE_CONNECTOR, type GoogleConfig } from "./types/google.ts";
import { MICROSOFT_CONNECTOR, type MicrosoftConfig } from "./types/microsoft.ts";
import { OIDC_CONNECTOR, type OidcConfig } from "./types/oidc.ts";

/** The `config` of each type, under dex's name for it. A further type is one more member, and one more row in TYPES. */
interface ConfigByType {
  readonly github: GithubConfig;
  readonly google: GoogleConfig;
  readonly microsoft: MicrosoftConfig;
  readonly gitlab: GitlabConfig;
  readonly "bitbucket-cloud": BitbucketConfig;
  readonly access: AccessConfig;
  readonly oidc: OidcConfig;
}

/** The name of a connector's type, as dex spells it; `access` is ours. */
export type ConnectorTypeName = keyof ConfigByType;

/** One connector, as configured. */
export type ConnectorConfig = {
  readonly [T in ConnectorTypeName]: ConnectorIdentity & { readonly type: T; readonly config: ConfigByType[T] };
}[ConnectorTypeName];

/** How a connector is named: in certificates, in addresses, on pages. */
export interface ConnectorIdentity {
  /** A URL: `federated_claims.connector_id`, which the CA writes into certificates as the issuer. */
  readonly id: string;
  /** A part of the provider's paths: `/oidc/callback/<slug>`. Unique. */
  readonly slug: string;
  /** The name that people read: "GitHub", "Google (example.com)". */
  readonly name: string;
}

type Types = { readonly [T in ConnectorTypeName]: ConnectorType<ConfigByType[T]> };

const TYPES: Types = {
  github: GITHUB_CONNECTOR,
  google: GOOGLE_CONNECTOR,
  microsoft: MICROSOFT_CONNECTOR,
  gitlab: GITLAB_CONNECTOR,
  "bitbucket-cloud": BITBUCKET_CONNECTOR,
  access: ACCESS_CONNECTOR,
  oidc: OIDC_CONNECTOR,
};

/** The types with their members, for the documentation. */
export const CONNECTOR_TYPES: Readonly<Record<ConnectorTypeName, Pick<ConnectorType<unknown>, "what" | "members">>> =
  TYPES;

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
  return readRow(type, fields, config);
}

type ConnectorOf<T> = Extract<ConnectorConfig, { readonly type: T }>;

/** Reads a row of a known type. */
function readRow<T extends ConnectorTypeName>(type: T, fields: Fields, config: Section): ConnectorOf<T> | null {
  const { members, refused, read, idOf, nameOf }: ConnectorType<ConfigByType[T]> = TYPES[type];
  const value = read(openConfig(config, members, { ...REFUSED_MEMBERS, ...refused }));
  if (value === null) return null;
  const id = fields.text("id") ?? idOf(value);
  const slug = fields.text("slug") ?? type;
  const name = fields.text("name") ?? nameOf(value);
  const url = parseIssuerUrl(id);
  if (!url.ok) fields.report("id", `${url.error.reason}: it is the issuer that certificates name`);
  if (!SLUG.test(slug) || RESERVED_SLUGS.includes(slug))
    fields.report(
      "slug",
      `must be 1 to 32 lower-case letters, digits and inner hyphens, and not ${RESERVED_SLUGS.join(" or ")}`,
    );
  if (name.length > MAX_NAME_CHARACTERS || /\p{C}/u.test(name))
    fields.report("name", `must be text of at most ${MAX_NAME_CHARACTERS} characters`);
  return toConnector(type, { id, slug, name }, value);
}

// `value` is what the reader of this type has returned, which the union of all types cannot express.
const toConnector = <T extends ConnectorTypeName>(
  type: T,
  identity: ConnectorIdentity,
  config: ConfigByType[T],
): ConnectorOf<T> => ({ ...identity, type, config }) as unknown as ConnectorOf<T>;

/** The members of `config`. Those of dex's that are refused are reported with what to do. */
function openConfig(config: Section, members: MemberTexts, refused: MemberTexts): Fields {
  const wrong = Object.keys(refused).filter((name) => !Object.hasOwn(members, name));
  for (const [name, member] of config.entries()) if (wrong.includes(name)) member.report(refused[name] ?? "");
  const known = Object.keys(members);
  return config.without(wrong).fields(known, known);
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
