// SPDX-License-Identifier: Apache-2.0
// Compares the identity in a certificate with the one that the caller expects. Names are compared as whole strings.
// Spec: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md

import { readIdentityIssuer } from "../fulcio/extensions.ts";
import type { Certificate } from "../x509/certificate.ts";
import { readSubjectAltNames } from "../x509/subject-alt-name.ts";
import { quote } from "./artifact.ts";
import { type Check, reportFailure, reportPass, reportUnchecked } from "./check.ts";

/** Whom the caller trusts; null: they did not say. */
export interface ExpectedIdentity {
  /** The whole email address, URI or user name. */
  readonly identity: string | null;
  /** The whole URL of the issuer. */
  readonly issuer: string | null;
}

/** The names in a certificate, and the issuer who vouched for them. */
export interface Signer {
  readonly names: readonly string[];
  readonly issuer: string | null;
}

/** Reads whom a certificate is for. Nothing here has been verified. */
export function readSigner(certificate: Certificate): Signer {
  const names = readSubjectAltNames(certificate);
  return { names: names.ok ? names.value.map(({ value }) => value) : [], issuer: readIdentityIssuer(certificate) };
}

/** Compares name and issuer. */
export function checkIdentity({ names, issuer }: Signer, expected: ExpectedIdentity): readonly Check[] {
  return [checkName(names, expected.identity), checkIssuer(issuer, expected.issuer)];
}

function checkName(names: readonly string[], expected: string | null): Check {
  const found = names.length === 0 ? "nobody" : names.map(quote).join(", ");
  if (expected === null) return reportUnchecked("identity", `signed by ${found}; name the signer that you expect`);
  return names.includes(expected)
    ? reportPass("identity", `signed by ${quote(expected)}, as expected`)
    : reportFailure("identity", `signed by ${found}, not by ${quote(expected)}`);
}

function checkIssuer(issuer: string | null, expected: string | null): Check {
  const found = issuer === null ? "no issuer" : quote(issuer);
  if (expected === null)
    return reportUnchecked("issuer", `${found} vouched for the signer; name the issuer that you expect`);
  return issuer === expected
    ? reportPass("issuer", `${quote(expected)} vouched for the signer, as expected`)
    : reportFailure("issuer", `${found} vouched for the signer, not ${quote(expected)}`);
}
