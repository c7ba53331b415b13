// SPDX-License-Identifier: Apache-2.0
// The configuration of a connector to GitHub or to a GitHub Enterprise Server. Organizations and teams are best listed
// by number: a name can be given to somebody else.
// Spec: https://dexidp.io/docs/connectors/github/

import type { Fields, Section } from "../../../identity/configuration/section.ts";
import { ADDRESS_DOMAINS, type AdmissionPolicy, readDomains, readItems, readPolicy } from "../policy.ts";
import { COMMON_MEMBERS, type ConnectorType, readClientId, readHostName } from "./connector-type.ts";

export const GITHUB_HOST = "github.com";

export interface GithubConfig {
  /** `github.com`, or that of an Enterprise Server. */
  readonly host: string;
  readonly clientId: string;
  /** Whether every verified address may be chosen, and not the primary one only. */
  readonly offersAllAddresses: boolean;
  /** Domains, in lower case, whose addresses are proposed first. */
  readonly preferredDomains: readonly string[];
  /** On an Enterprise Server: the domains whose addresses count. A server verifies none. Null for github.com. */
  readonly trustedDomains: readonly string[] | null;
  /** Its groups are as groupName spells them. */
  readonly policy: AdmissionPolicy;
}

export const GITHUB_CONNECTOR: ConnectorType<GithubConfig> = {
  what: "GitHub, and GitHub Enterprise Server",
  members: {
    ...COMMON_MEMBERS,
    orgs: "admits members of these organizations: `{id}` or `{name}`, with `teams` (numbers: ids; texts: slugs) of those teams only",
    ...ADDRESS_DOMAINS,
    allVerifiedEmails: "`true`: people choose among all verified addresses, not only the primary one",
    preferredEmailDomain: "addresses in this domain are proposed first",
    hostName: "the host of an Enterprise Server",
    trustedDomains: "required with `hostName`: the domains whose addresses people cannot choose themselves there",
  },
  refused: {
    org: "is not supported: write orgs, a list",
    loadAllGroups: "is not needed: remove it; organizations admit, and are not published",
    teamNameField: "is not needed: remove it; list teams by slug or number",
    useLoginAsID: "is not supported: a login can be given to somebody else",
    allowedGroups: "has the name orgs here",
  },
  read: readGithubConfig,
  idOf: ({ host }) => `https://${host}/login/oauth`,
  nameOf: ({ host }) => (host === GITHUB_HOST ? "GitHub" : host),
};

/** How a policy names an organization or a team: `acme`, `#42`, `acme/release`, `#42/#7`. */
export const groupName = (organization: string | number, team: string | number | null): string =>
  [organization, ...(team === null ? [] : [team])]
    .map((part) => (typeof part === "number" ? `#${part}` : part.toLowerCase()))
    .join("/");

function readGithubConfig(fields: Fields): GithubConfig | null {
  const clientId = readClientId(fields);
  const host = readHostName(fields, "hostName") ?? GITHUB_HOST;
  const isServer = host !== GITHUB_HOST;
  const trusted = readDomains(fields.get("trustedDomains"));
  if (isServer && trusted.length === 0)
    fields.report("trustedDomains", "is missing: an Enterprise Server verifies no address, so you must name domains");
  if (!isServer && trusted.length > 0) fields.report("trustedDomains", "is for hostName: GitHub verifies addresses");
  const preferred = fields.text("preferredEmailDomain");
  const read = {
    offersAllAddresses: fields.flag("allVerifiedEmails", false),
    preferredDomains: preferred === null ? [] : [preferred.toLowerCase()],
    trustedDomains: isServer ? trusted : null,
    policy: {
      ...readPolicy(fields, { domains: "allowedDomains", groups: null }),
      allowedGroups: readItems(fields.get("orgs")).flatMap(readOrganization),
    },
  };
  return clientId === null ? null : { ...read, host, clientId };
}

function readOrganization(section: Section): readonly string[] {
  const fields = section.fields(["id", "name", "teams"], ["id", "name", "teams"]);
  const [id, name] = [fields.get("id"), fields.get("name")];
  if ((id === null) === (name === null)) {
    section.report("must have either id, a number, or name");
    return [];
  }
  const organization = id === null ? (name?.text() ?? null) : readNumber(id);
  const teams = fields.get("teams") === null ? [null] : readItems(fields.get("teams")).map(readTeam);
  return organization === null ? [] : teams.map((team) => groupName(organization, team));
}

const readTeam = (section: Section): string | number =>
  (typeof section.value === "number" ? readNumber(section) : section.text()) ?? "";

function readNumber(section: Section): number | null {
  if (typeof section.value === "number" && Number.isSafeInteger(section.value) && section.value > 0)
    return section.value;
  section.report("must be a whole number above 0");
  return null;
}
