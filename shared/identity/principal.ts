// SPDX-License-Identifier: Apache-2.0
// The identity that a verified token proves, as a certificate states it: a name, extensions, and what a client may
// sign.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md

import type { FulcioExtensions } from "../fulcio/extensions.ts";
import { type ClaimError, type Claims, readTextClaim } from "../oidc/claims.ts";
import type { SubjectAltName } from "../x509/subject-alt-name.ts";

/** The identity for a certificate. */
export interface Principal {
  readonly subjectAltName: SubjectAltName;
  readonly extensions: FulcioExtensions;
  /**
   * The strings that a proof of possession may sign, the usual one first. The proof shows the key and the token shows
   * the identity, so accepting either `email` or `sub` is safe; clients choose by what they find in the token.
   */
  readonly challenges: readonly string[];
}

/** The token states no identity that a certificate may have. */
export type IdentityError =
  | ClaimError
  /** `condition` says which claim violates the issuer's policy, but not the required value. */
  | { readonly code: "policy_refused"; readonly condition: string }
  | { readonly code: "email_unverified" }
  | { readonly code: "email_invalid" }
  | { readonly code: "email_not_ascii" }
  | { readonly code: "subject_alt_name_invalid" }
  /** Name and extensions together, in UTF-8. */
  | { readonly code: "identity_too_large"; readonly maxBytes: number };

/** Returns the text claims that are present, in this order, each text once. */
export function challengesOf(claims: Claims, ...names: readonly string[]): readonly string[] {
  const texts = names.flatMap((name) => {
    const value = readTextClaim(claims, name);
    return value.ok ? [value.value] : [];
  });
  return [...new Set(texts)];
}
