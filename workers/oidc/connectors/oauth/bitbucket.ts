// SPDX-License-Identifier: Apache-2.0
// Finds the address that Bitbucket Cloud has vouched for: the primary one, if it is confirmed.
// Spec: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/;
//   https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/

import { items, member } from "../../../../shared/json/member.ts";
import { BITBUCKET_ISSUER, type BitbucketConfig } from "../../../../shared/oauth/connectors/types/bitbucket.ts";
import { err, type Result } from "../../../../shared/result.ts";
import { admitVouched, refuseUnverified } from "../admission.ts";
import type { Connector, ConnectorError, Identity } from "../connector.ts";
import { NoAnswer } from "../upstream.ts";
import { type Api, createOAuthConnector, type OAuthTools, readPages } from "./connector.ts";

const API = "https://api.bitbucket.org/2.0";

/** Creates the connector. */
export const createBitbucketConnector = (config: BitbucketConfig, tools: OAuthTools): Connector =>
  createOAuthConnector({
    ...tools,
    kind: "bitbucket-cloud",
    issuer: BITBUCKET_ISSUER,
    authorizationEndpoint: `${BITBUCKET_ISSUER}/site/oauth2/authorize`,
    tokenEndpoint: `${BITBUCKET_ISSUER}/site/oauth2/access_token`,
    clientId: config.clientId,
    clientAuthentication: "basic",
    scopes: ["account", "email"],
    parametersOf: () => ({}),
    apiHeaders: { accept: "application/json", "user-agent": "sigedge" },
    identityOf: (api) => readIdentity(api, config),
  });

async function readIdentity(
  api: Api,
  { policy }: BitbucketConfig,
): Promise<Result<readonly Identity[], ConnectorError>> {
  const userId = member(await api.read(`${API}/user`), "uuid");
  const emails = await readList(api, `${API}/user/emails`);
  const primary = emails.find((email) => member(email, "is_primary") === true);
  const address = member(primary, "email");
  if (typeof address !== "string" || member(primary, "is_confirmed") !== true) return err(refuseUnverified(address));
  const groups = policy.allowedGroups.length === 0 ? [] : await readWorkspaces(api);
  return admitVouched({ userId, addresses: [address], groups }, policy);
}

/** The slugs and UUIDs of the person's workspaces. */
async function readWorkspaces(api: Api): Promise<readonly string[]> {
  const accesses = await readList(api, `${API}/user/workspaces`);
  return accesses
    .map((access) => member(access, "workspace"))
    .flatMap((workspace) => [member(workspace, "slug"), member(workspace, "uuid")])
    .filter((name) => typeof name === "string");
}

/** Reads a list of Bitbucket's, whose pages name the next one. The token goes to the API's own addresses only. */
const readList = (api: Api, address: string): Promise<readonly unknown[]> =>
  readPages(api, `${address}?pagelen=100`, (page) => {
    const next = member(page, "next");
    if (!Array.isArray(member(page, "values"))) throw new NoAnswer("sent something else than a list");
    return { items: items(page, "values"), next: typeof next === "string" && next.startsWith(`${API}/`) ? next : null };
  });
