// SPDX-License-Identifier: Apache-2.0
// The configuration of a connector to Cloudflare Access, as the OpenID provider of a SaaS application. Access passes on
// addresses that its own login methods know, and says nothing of their verification: the operator says for which
// domains they count. Its one-time PIN proves an address in any domain.
// Spec: https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/saas-apps/generic-oidc-saas/

import type { Fields } from "../../../identity/configuration/section.ts";
import { ADDRESS_DOMAINS, type AdmissionPolicy, GROUPS, readDomains, readPolicy } from "../policy.ts";
import { COMMON_MEMBERS, type ConnectorType, readClientId, readHostName } from "./connector-type.ts";

export interface AccessConfig {
  /** `https://<team>.cloudflareaccess.com` */
  readonly team: string;
  readonly clientId: string;
  readonly trustedDomains: readonly string[];
  readonly policy: AdmissionPolicy;
}

export const ACCESS_CONNECTOR: ConnectorType<AccessConfig> = {
  what: "Cloudflare Access, whose one-time PIN needs no other provider",
  members: {
    teamDomain: "the team's domain, such as `example.cloudflareaccess.com`",
    ...COMMON_MEMBERS,
    trustedDomains: "required: the domains in which the login methods of this team prove an address",
    ...ADDRESS_DOMAINS,
    ...GROUPS,
  },
  refused: {},
  read: readAccessConfig,
  idOf: ({ team }) => team,
  nameOf: ({ team }) => new URL(team).hostname,
};

function readAccessConfig(fields: Fields): AccessConfig | null {
  const clientId = readClientId(fields);
  const host = readHostName(fields, "teamDomain");
  const trustedDomains = readDomains(fields.get("trustedDomains"));
  if (fields.get("teamDomain") === null) fields.report("teamDomain", "is missing");
  if (fields.get("trustedDomains") === null)
    fields.report("trustedDomains", "is missing: Access does not say which addresses are verified, so you must");
  const policy = readPolicy(fields);
  return clientId === null || host === null ? null : { team: `https://${host}`, clientId, trustedDomains, policy };
}
