// SPDX-License-Identifier: Apache-2.0
// Finds the address that an OpenID provider has vouched for, by the claims of a verified identity token.
// Spec: OpenID Connect Core 1.0 §5.1, §5.7

import { isEmailAddress } from "../../../../shared/identity/email.ts";
import { type AdmissionPolicy, domainOf } from "../../../../shared/oauth/connectors/policy.ts";
import { type Claims, claimOf } from "../../../../shared/oidc/claims.ts";
import { err, type Result } from "../../../../shared/result.ts";
import { admitVouched, groupsOf, refuseUnverified } from "../admission.ts";
import type { ConnectorError, Identity } from "../connector.ts";

/** How a provider's claims are read. */
export interface IdentityRules {
  readonly claims: { readonly email: string; readonly groups: string };
  readonly trustedDomains: readonly string[];
  readonly policy: AdmissionPolicy;
  /** The domain that the policy judges instead of the address's: a claim's. */
  readonly domainClaim?: string;
}

/** The claims of every provider that does not say otherwise. */
export const STANDARD_CLAIMS = { email: "email", groups: "groups" } as const;

/** Reads the identity of a verified token. Fails with address_unusable, address_unverified or not_admitted. */
export function identityOf(
  claims: Claims,
  { claims: names, trustedDomains, policy, domainClaim }: IdentityRules,
): Result<readonly Identity[], ConnectorError> {
  const address = claimOf(claims, names.email);
  if (typeof address !== "string" || !isEmailAddress(address)) return err({ code: "address_unusable" });
  if (!isVerified(claims, address, trustedDomains.includes(domainOf(address)))) return err(refuseUnverified(address));
  const groups = groupsOf(claimOf(claims, names.groups));
  const domain = domainClaim === undefined ? {} : { domain: toDomain(claimOf(claims, domainClaim)) };
  return admitVouched({ userId: claimOf(claims, "sub"), addresses: [address], groups, ...domain }, policy);
}

/**
 * The provider says so: `email_verified` speaks for the address in `email`, and of no other claim, which the person may
 * have written. Where the provider says nothing of the address, an operator may have said so for the domain.
 */
function isVerified(claims: Claims, address: string, isTrusted: boolean): boolean {
  const [email, verified] = [claimOf(claims, "email"), claimOf(claims, "email_verified")];
  if (verified === true && email === address) return true;
  const isDenied = verified !== undefined && verified !== true && (email === undefined || email === address);
  return isTrusted && !isDenied;
}

const toDomain = (claim: unknown): string | null => (typeof claim === "string" ? claim.toLowerCase() : null);
