// SPDX-License-Identifier: Apache-2.0
// The configuration of a connector to Bitbucket Cloud. Spec: https://dexidp.io/docs/connectors/bitbucketcloud/

import type { Fields } from "../../../identity/configuration/section.ts";
import { ADDRESS_DOMAINS, type AdmissionPolicy, readPolicy } from "../policy.ts";
import { COMMON_MEMBERS, type ConnectorType, readClientId } from "./connector-type.ts";

export const BITBUCKET_ISSUER = "https://bitbucket.org";

export interface BitbucketConfig {
  readonly clientId: string;
  /** Its groups are workspaces, by slug or UUID in braces. */
  readonly policy: AdmissionPolicy;
}

export const BITBUCKET_CONNECTOR: ConnectorType<BitbucketConfig> = {
  what: "Bitbucket Cloud",
  members: {
    ...COMMON_MEMBERS,
    ...ADDRESS_DOMAINS,
    teams: "admits members of these workspaces, by UUID in braces, or by slug",
  },
  refused: {
    includeTeamGroups: "is not supported: workspaces admit, groups in them do not",
    getWorkspacePermissions: "is not supported: list workspaces, whatever the permission in them",
    allowedGroups: "has the name teams here",
  },
  read: readBitbucketConfig,
  idOf: () => BITBUCKET_ISSUER,
  nameOf: () => "Bitbucket",
};

function readBitbucketConfig(fields: Fields): BitbucketConfig | null {
  const clientId = readClientId(fields);
  const policy = readPolicy(fields, { domains: "allowedDomains", groups: "teams" });
  return clientId === null ? null : { clientId, policy };
}
