// SPDX-License-Identifier: Apache-2.0
// Finds the addresses that GitHub has vouched for. The profile's address is whatever its owner wrote, so only the
// list of verified ones counts. On an Enterprise Server nothing is verified, so only the operator's domains count.
// Spec: https://docs.github.com/en/rest/users/emails; https://docs.github.com/en/rest/orgs/members;
//   https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps

import { isCount, member } from "../../../../shared/json/member.ts";
import { domainOf } from "../../../../shared/oauth/connectors/policy.ts";
import { GITHUB_HOST, type GithubConfig, groupName } from "../../../../shared/oauth/connectors/types/github.ts";
import { err, type Result } from "../../../../shared/result.ts";
import { admitVouched, refuseUnverified } from "../admission.ts";
import type { Connector, ConnectorError, Identity } from "../connector.ts";
import { NoAnswer } from "../upstream.ts";
import { type Api, createOAuthConnector, type OAuthTools, readPages } from "./connector.ts";

const PAGE_SIZE = 100;
const API_HEADERS = {
  accept: "application/vnd.github+json",
  // GitHub refuses requests without it.
  "user-agent": "sigedge",
  "x-github-api-version": "2022-11-28",
};
const ASK_OWNER =
  "If you are a member of an organization that may sign here, make sure that you have accepted its invitation, and that it has approved this application.";

/** Creates the connector. */
export function createGithubConnector(config: GithubConfig, tools: OAuthTools): Connector {
  const base = `https://${config.host}`;
  const apiBase = config.host === GITHUB_HOST ? "https://api.github.com" : `${base}/api/v3`;
  return createOAuthConnector({
    ...tools,
    kind: "github",
    issuer: `${base}/login/oauth`,
    authorizationEndpoint: `${base}/login/oauth/authorize`,
    tokenEndpoint: `${base}/login/oauth/access_token`,
    clientId: config.clientId,
    clientAuthentication: "body",
    scopes: ["user:email", ...(config.policy.allowedGroups.length > 0 ? ["read:org"] : [])],
    parametersOf: ({ loginHint, prompt }) => ({
      ...(loginHint === null ? {} : { login: loginHint }),
      ...(prompt === null ? {} : { prompt: "select_account" }),
    }),
    apiHeaders: API_HEADERS,
    identityOf: (api) => readIdentity(api, apiBase, config),
  });
}

async function readIdentity(
  api: Api,
  apiBase: string,
  config: GithubConfig,
): Promise<Result<readonly Identity[], ConnectorError>> {
  const user = await api.read(`${apiBase}/user`);
  const [id, login] = [member(user, "id"), member(user, "login")];
  if (!isCount(id) || id === 0 || typeof login !== "string") throw new NoAnswer("gives no usable id of the person");
  const emails = (await readList(api, `${apiBase}/user/emails`)).flatMap(readEmail);
  const addresses = listAddresses(emails, config, `${id}+${login}@users.noreply.${config.host}`);
  if (addresses.length === 0) {
    return err(refuseUnverified(emails.find(({ isPrimary }) => isPrimary)?.address));
  }
  const groups = config.policy.allowedGroups.length === 0 ? [] : await readGroups(api, apiBase);
  const hint = config.policy.allowedGroups.length === 0 ? null : ASK_OWNER;
  return admitVouched({ userId: String(id), addresses, groups }, config.policy, hint);
}

interface Email {
  readonly address: string;
  readonly isPrimary: boolean;
  readonly isVerified: boolean;
}

/**
 * The addresses that count, best first: those in a preferred domain, the primary one, further ones where the operator
 * offers them, the address that hides all others. No other noreply address counts: a login can be given to somebody
 * else, and only the one with the account's number cannot.
 */
function listAddresses(emails: readonly Email[], config: GithubConfig, noreply: string): readonly string[] {
  const { trustedDomains, offersAllAddresses, preferredDomains } = config;
  const counts = ({ address, isVerified }: Email): boolean =>
    trustedDomains === null ? isVerified : trustedDomains.includes(domainOf(address));
  const isHidden = ({ address }: Email): boolean => domainOf(address) === domainOf(noreply);
  const own = emails.filter((email) => counts(email) && !isHidden(email));
  const primary = own.filter(({ isPrimary }) => isPrimary);
  const hasPrimary = emails.some((email) => email.isPrimary && counts(email));
  const hidden =
    hasPrimary || offersAllAddresses ? emails.filter((email) => counts(email) && email.address === noreply) : [];
  const offered = offersAllAddresses ? [...primary, ...own.filter(({ isPrimary }) => !isPrimary)] : primary;
  const isPreferred = ({ address }: Email): boolean => preferredDomains.includes(domainOf(address));
  const ordered = [...offered.filter(isPreferred), ...offered.filter((email) => !isPreferred(email)), ...hidden];
  return [...new Set(ordered.map(({ address }) => address))];
}

function readEmail(value: unknown): readonly Email[] {
  const address = member(value, "email");
  if (typeof address !== "string") return [];
  return [{ address, isPrimary: member(value, "primary") === true, isVerified: member(value, "verified") === true }];
}

/** Every organization and team of which the person is an active member, by name and by number. */
async function readGroups(api: Api, apiBase: string): Promise<readonly string[]> {
  const memberships = await readList(api, `${apiBase}/user/memberships/orgs?state=active`);
  const active = memberships.filter((membership) => member(membership, "state") === "active");
  const organizations = new Map<number, string>();
  for (const { id, name } of active.flatMap((membership) => readNamed(member(membership, "organization"), "login")))
    organizations.set(id, name);
  const teams = (await readList(api, `${apiBase}/user/teams`)).flatMap((team) =>
    readNamed(team, "slug").map(({ id, name }) => ({ id, name, owner: member(member(team, "organization"), "id") })),
  );
  const ofOrganizations = Array.from(organizations, ([id, name]) => [groupName(id, null), groupName(name, null)]);
  const ofTeams = teams.map(({ id, name, owner }) => {
    const organization = isCount(owner) ? organizations.get(owner) : undefined;
    return isCount(owner) && organization !== undefined
      ? [owner, organization].flatMap((part) => [groupName(part, id), groupName(part, name)])
      : [];
  });
  return [...ofOrganizations, ...ofTeams].flat();
}

function readNamed(value: unknown, nameMember: string): readonly { readonly id: number; readonly name: string }[] {
  const [id, name] = [member(value, "id"), member(value, nameMember)];
  return isCount(id) && typeof name === "string" ? [{ id, name }] : [];
}

/** Reads a list of GitHub's, 100 items a page. */
function readList(api: Api, address: string): Promise<readonly unknown[]> {
  const url = new URL(address);
  url.searchParams.set("per_page", String(PAGE_SIZE));
  let page = 1;
  return readPages(api, url.href, (value) => {
    if (!Array.isArray(value)) throw new NoAnswer("sent something else than a list");
    url.searchParams.set("page", String(++page));
    return { items: value as readonly unknown[], next: value.length < PAGE_SIZE ? null : url.href };
  });
}
