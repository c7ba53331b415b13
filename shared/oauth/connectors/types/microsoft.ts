// SPDX-License-Identifier: Apache-2.0
// The configuration of a connector to Microsoft Entra ID. One tenant is the rule; a connector for several names each.
// An administrator of a tenant can write any `email`, so an address counts only if Entra says that the tenant owns its
// domain (`xms_edov`), or if it is the user principal name, in a domain that the operator listed for that tenant.
// Spec: https://dexidp.io/docs/connectors/microsoft/;
//   https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference;
//   https://learn.microsoft.com/en-us/entra/identity-platform/optional-claims-reference

import type { Fields } from "../../../identity/configuration/section.ts";
import { ADDRESS_DOMAINS, type AdmissionPolicy, readDomains, readPolicy, readTexts } from "../policy.ts";
import { COMMON_MEMBERS, type ConnectorType, readClientId } from "./connector-type.ts";
import { SHARED_MEMBERS } from "./oidc.ts";

/** All of Entra's issuers and the discovery documents are below it. */
export const ENTRA_HOST = "https://login.microsoftonline.com";

export interface MicrosoftConfig {
  readonly clientId: string;
  /** A tenant's id, or the name of an endpoint for several. */
  readonly tenant: string;
  /** The ids of the tenants whose people may sign in; at least one, in lower case. */
  readonly tenants: readonly string[];
  /** Tenant id → the domains of its user principal names that count as addresses. */
  readonly upnDomains: ReadonlyMap<string, readonly string[]>;
  readonly lowersAddresses: boolean;
  readonly prompt: string | null;
  readonly domainHint: string | null;
  readonly policy: AdmissionPolicy;
}

const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHARED_ENDPOINTS = ["common", "organizations", "consumers"];

export const MICROSOFT_CONNECTOR: ConnectorType<MicrosoftConfig> = {
  what: "Microsoft Entra ID",
  members: {
    ...COMMON_MEMBERS,
    tenant: "the tenant's id; or `organizations`, `common` or `consumers`, and then `tenants`",
    tenants: "the ids of the tenants whose people may sign in, where `tenant` is not one",
    trustedDomains:
      "by tenant id: domains in which a user principal name (claim `upn`) counts as an address, where `xms_edov` is absent",
    ...ADDRESS_DOMAINS,
    groups: "admits members of these groups, by object id",
    emailToLowercase: "`true`: addresses are written in lower case",
    promptType: SHARED_MEMBERS.promptType,
    domainHint: "`domain_hint` of every request",
  },
  refused: {
    onlySecurityGroups: "is not supported: choose the groups in the token configuration of the application",
    useGroupsAsWhitelist: "is not needed: remove it; groups admit, and are not published",
    groupNameFormat: "is not supported: list groups by object id, which nobody can take over",
    allowedGroups: "has the name groups here",
  },
  read: readMicrosoftConfig,
  idOf: () => ENTRA_HOST,
  nameOf: () => "Microsoft",
};

function readMicrosoftConfig(fields: Fields): MicrosoftConfig | null {
  const clientId = readClientId(fields);
  const tenant = fields.text("tenant")?.toLowerCase() ?? null;
  const tenants = readTenants(fields, tenant);
  const read = {
    upnDomains: readUpnDomains(fields, tenants),
    lowersAddresses: fields.flag("emailToLowercase", false),
    prompt: fields.text("promptType"),
    domainHint: fields.text("domainHint"),
    policy: readPolicy(fields, { domains: "allowedDomains", groups: "groups" }),
  };
  return clientId === null || tenant === null ? null : { ...read, clientId, tenant, tenants };
}

function readTenants(fields: Fields, tenant: string | null): readonly string[] {
  const listed = readTexts(fields.get("tenants")).map((id) => id.toLowerCase());
  if (listed.some((id) => !TENANT_ID.test(id))) fields.report("tenants", "must be ids of tenants, such as 00000000-…");
  if (tenant === null || !(SHARED_ENDPOINTS.includes(tenant) || TENANT_ID.test(tenant))) {
    fields.report("tenant", `must be the id of a tenant, or ${SHARED_ENDPOINTS.join(", ")} with a list of tenants`);
    return listed;
  }
  if (SHARED_ENDPOINTS.includes(tenant)) {
    if (listed.length === 0) fields.report("tenants", `must list the tenants that may sign in through ${tenant}`);
    return listed;
  }
  if (listed.length > 0) fields.report("tenants", "is for common, organizations and consumers: tenant is one already");
  return [tenant];
}

function readUpnDomains(fields: Fields, tenants: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const domains = new Map<string, readonly string[]>();
  for (const [name, list] of fields.get("trustedDomains")?.entries() ?? []) {
    const id = name.toLowerCase();
    if (tenants.includes(id)) domains.set(id, readDomains(list));
    else list.report("is not the id of a tenant that may sign in here");
  }
  return domains;
}
