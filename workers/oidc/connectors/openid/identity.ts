// SPDX-License-Identifier: Apache-2.0
// Which address an OpenID provider has vouched for, by the claims of a verified identity token.
// Spec: OpenID Connect Core 1.0 §5.1, §5.7

import { isEmailAddress } from "../../../../shared/identity/email.ts";
import type { OidcConfig } from "../../../../shared/oauth/connectors/oidc.ts";
import { admits, domainOf } from "../../../../shared/oauth/connectors/policy.ts";
import { type Claims, claimOf } from "../../../../shared/oidc/claims.ts";
import { err, ok, type Result } from "../../../../shared/result.ts";
import type { ConnectorError, Identity } from "../connector.ts";

/** Longer than any provider's id of a person. */
const MAX_USER_ID_CHARACTERS = 255;
const MAX_GROUPS = 1000;

/** Reads the identity of a verified token. Fails with address_unusable, address_unverified or not_admitted. */
export function identityOf(
  claims: Claims,
  { claims: names, trustedDomains, policy }: OidcConfig,
): Result<readonly Identity[], ConnectorError> {
  const address = claimOf(claims, names.email);
  const userId = claimOf(claims, "sub");
  if (typeof address !== "string" || !isEmailAddress(address)) return err({ code: "address_unusable" });
  if (typeof userId !== "string" || userId === "" || userId.length > MAX_USER_ID_CHARACTERS) {
    return err({ code: "upstream_failed", problem: "gives no usable id of the person" });
  }
  if (!isVerified(claims, trustedDomains.includes(domainOf(address)))) {
    return err({ code: "address_unverified", address });
  }
  return admits(policy, { address, groups: groupsOf(claimOf(claims, names.groups)) })
    ? ok([{ userId, address }])
    : err({ code: "not_admitted", address, hint: null });
}

/** The provider says so. Where it says nothing at all, an operator may have said so for the domain. */
function isVerified(claims: Claims, isTrusted: boolean): boolean {
  const verified = claimOf(claims, "email_verified");
  return verified === true || (verified === undefined && isTrusted);
}

const groupsOf = (claim: unknown): readonly string[] =>
  Array.isArray(claim)
    ? claim.slice(0, MAX_GROUPS).filter((group): group is string => typeof group === "string")
    : typeof claim === "string"
      ? [claim]
      : [];
