// SPDX-License-Identifier: Apache-2.0
// The configuration of a connector to GitLab, on any host. GitLab is an OpenID provider with a claim for groups.
// Spec: https://dexidp.io/docs/connectors/gitlab/; https://docs.gitlab.com/integration/openid_connect_provider/

import type { Fields } from "../../../identity/configuration/section.ts";
import { ADDRESS_DOMAINS, type AdmissionPolicy, readPolicy } from "../policy.ts";
import { COMMON_MEMBERS, type ConnectorType, readClientId } from "./connector-type.ts";
import { readProviderUrl } from "./oidc.ts";

export interface GitlabConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly policy: AdmissionPolicy;
}

export const GITLAB_CONNECTOR: ConnectorType<GitlabConfig> = {
  what: "GitLab, on gitlab.com or a host of your own",
  members: {
    baseURL: "the address of the instance; by default `https://gitlab.com`",
    ...COMMON_MEMBERS,
    ...ADDRESS_DOMAINS,
    groups: "admits members of these groups, by full path; members of a subgroup are in their own group",
  },
  refused: {
    useLoginAsID: "is not supported: a login can be given to somebody else",
    getGroupsPermission: "is not supported: list groups, whatever the permission in them",
    allowedGroups: "has the name groups here",
  },
  read: readGitlabConfig,
  idOf: ({ issuer }) => issuer,
  nameOf: ({ issuer }) => (new URL(issuer).hostname === "gitlab.com" ? "GitLab" : new URL(issuer).hostname),
};

function readGitlabConfig(fields: Fields): GitlabConfig | null {
  const clientId = readClientId(fields);
  const issuer = fields.get("baseURL") === null ? "https://gitlab.com" : readProviderUrl(fields, "baseURL");
  const policy = readPolicy(fields, { domains: "allowedDomains", groups: "groups" });
  return clientId === null || issuer === null ? null : { issuer, clientId, policy };
}
