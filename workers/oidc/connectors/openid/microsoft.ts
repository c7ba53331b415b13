// SPDX-License-Identifier: Apache-2.0
// Finds the address that Microsoft Entra ID has vouched for. Administrators of a tenant write `email` as they like, so
// it counts only where Entra says that the tenant owns its domain. A guest's claims are another tenant's, or nobody's.
// Spec: https://learn.microsoft.com/en-us/entra/identity-platform/migrate-off-email-claim-authorization;
//   https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference

import { isEmailAddress } from "../../../../shared/identity/email.ts";
import { domainOf } from "../../../../shared/oauth/connectors/policy.ts";
import { ENTRA_HOST, type MicrosoftConfig } from "../../../../shared/oauth/connectors/types/microsoft.ts";
import { type Claims, claimOf } from "../../../../shared/oidc/claims.ts";
import { err, type Result } from "../../../../shared/result.ts";
import { admitVouched, groupsOf, refuseUnverified } from "../admission.ts";
import type { ConnectorError, Identity } from "../connector.ts";
import type { IssuerRule } from "./connector.ts";
import { Refusal } from "./errors.ts";

const issuerOf = (tenant: string): string => `${ENTRA_HOST}/${tenant}/v2.0`;

/** The address of the discovery document of a tenant or of a shared endpoint, without its well-known path. */
export const entraMetadataAt = ({ tenant }: MicrosoftConfig): string => issuerOf(tenant);

/** `iss` follows from `tid`, which must be one of the connector's tenants first. */
export const entraIssuer = ({ tenant, tenants }: MicrosoftConfig): IssuerRule => ({
  metadata: tenants.includes(tenant) ? issuerOf(tenant) : issuerOf("{tenantid}"),
  of: (claims) => {
    const tid = claimOf(claims, "tid");
    if (typeof tid === "string" && tenants.includes(tid)) return issuerOf(tid);
    throw new Refusal(refuse(claims, "Sign in with an account of an organization that may sign here."));
  },
});

/** Reads the identity of a verified token. Fails with address_unverified, address_unusable or not_admitted. */
export function entraIdentityOf(claims: Claims, config: MicrosoftConfig): Result<readonly Identity[], ConnectorError> {
  if (isGuest(claims)) return err(refuse(claims, "Guests of an organization sign in at their own organization."));
  const address = findAddress(claims, config);
  if (address === null) return err(refuseUnverified(claimOf(claims, "email")));
  const [tid, oid] = [claimOf(claims, "tid"), claimOf(claims, "oid")];
  const userId = typeof tid === "string" && typeof oid === "string" && oid !== "" ? `${tid}/${oid}` : null;
  const spelled = config.lowersAddresses ? address.toLowerCase() : address;
  const groups = groupsOf(claimOf(claims, "groups"));
  return admitVouched({ userId, addresses: [spelled], groups }, config.policy, hintOf(claims));
}

/** The verified address; null if there is none. */
function findAddress(claims: Claims, { upnDomains }: MicrosoftConfig): string | null {
  const email = claimOf(claims, "email");
  if (typeof email === "string" && isTrue(claimOf(claims, "xms_edov"))) return email;
  const upn = claimOf(claims, "upn");
  const domains = upnDomains.get(String(claimOf(claims, "tid"))) ?? [];
  return typeof upn === "string" && domains.includes(domainOf(upn)) ? upn : null;
}

/** Entra has sent `xms_edov` as a boolean, as a number and as text. */
const isTrue = (claim: unknown): boolean => claim === true || claim === 1 || claim === "1" || claim === "true";

/** A guest has another identity provider than the tenant, `acct` 1, or a user principal name made for guests. */
function isGuest(claims: Claims): boolean {
  const [idp, acct, tid] = [claimOf(claims, "idp"), claimOf(claims, "acct"), String(claimOf(claims, "tid"))];
  const names = ["upn", "preferred_username"].map((name) => claimOf(claims, name));
  const isOfAnother = idp !== undefined && !(typeof idp === "string" && idp.includes(tid));
  const isMarked = acct === 1 || acct === "1";
  return isOfAnother || isMarked || names.some((name) => typeof name === "string" && /#ext#/i.test(name));
}

function refuse(claims: Claims, hint: string): ConnectorError {
  const names = ["preferred_username", "email"].map((name) => claimOf(claims, name));
  const address = names.find((name): name is string => typeof name === "string" && isEmailAddress(name));
  return { code: "not_admitted", address: address ?? "a person without an address", hint };
}

/** Entra leaves out the groups of people who are in more than 200. */
function hintOf(claims: Claims): string | null {
  const isOver = claimOf(claims, "_claim_names") !== undefined || claimOf(claims, "hasgroups") !== undefined;
  return isOver
    ? "You are in too many groups for Entra to list: ask whoever runs this site to have it send only those assigned to the application."
    : null;
}
