// SPDX-License-Identifier: Apache-2.0
// Who a verified token speaks for, as a certificate says it: one name, the extensions, and what a proof of possession is over.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md

import type { FulcioExtensions } from "../fulcio/extensions.ts";
import { type ClaimError, type Claims, readTextClaim } from "../oidc/claims.ts";
import type { SubjectAltName } from "../x509/subject-alt-name.ts";

export interface Principal {
  readonly subjectAltName: SubjectAltName;
  readonly extensions: FulcioExtensions;
  /**
   * The strings that a proof of possession may sign, the usual one first. It proves the key and the token proves the identity,
   * so that taking `email` or `sub` gives nothing away; clients choose by what they find in the token.
   */
  readonly challenges: readonly string[];
}

export type IdentityError =
  | ClaimError
  /** `condition` says which claim does not meet the issuer's policy, not what it would have to be. */
  | { readonly code: "policy_refused"; readonly condition: string }
  | { readonly code: "email_unverified" }
  | { readonly code: "email_invalid" }
  | { readonly code: "email_not_ascii" }
  | { readonly code: "subject_alt_name_invalid" }
  /** Name and extensions together, in UTF-8. */
  | { readonly code: "identity_too_large"; readonly maxBytes: number };

/** Those of the claims that are there, in this order, each text once. */
export function challengesOf(claims: Claims, ...names: readonly string[]): readonly string[] {
  const texts = names.flatMap((name) => {
    const value = readTextClaim(claims, name);
    return value.ok ? [value.value] : [];
  });
  return [...new Set(texts)];
}
