// SPDX-License-Identifier: Apache-2.0
// The write policy of the signature log. By default it accepts certificates of our own CA and keys that the operator
// lists: strangers would fill an open log on a free plan within an hour. What a writer that it accepts may still do is
// bounded by write-budget.ts.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { isKeyDetails, type KeyDetails, SIGNATURE_SCHEMES } from "../../../shared/crypto/key-details.ts";
import type { AcceptedKeyDetails, Credential } from "../../../shared/rekor/verify.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { WriteBudget } from "../../../shared/rpc/sequencer.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { isAccepted, type RetiredKeys, type Retirement, retirementOf } from "../../../shared/trust/retired-keys.ts";
import type { Certificate } from "../../../shared/x509/certificate.ts";
import { verifyIssuedBy } from "../../../shared/x509/chain.ts";
import { findExtension, OID, purposesOf } from "../../../shared/x509/extensions.ts";
import { parseListedKeys } from "./listed-keys.ts";
import { certificateBudget, keyBudget, type WriteBounds } from "./write-budget.ts";

type Accept = "own-ca" | "own-ca+listed-keys" | "open";

export interface WritePolicy {
  readonly accept: Accept;
  /** The issuing CA, its predecessors and its successors, and the roots of all. */
  readonly issuers: readonly PolicyIssuer[];
  /** Lower-case hex SHA-256 of each listed key's SPKI. */
  readonly listedKeys: ReadonlySet<string>;
  readonly bounds: WriteBounds;
}

/** A CA of the deployment, whose certificates are accepted until shortly after its retirement. */
export interface PolicyIssuer {
  readonly certificate: Certificate;
  readonly retirement: Retirement | null;
  /** Whether it issues signing certificates; a root does not. */
  readonly isIssuing: boolean;
}

export type WritePolicyError =
  | { readonly code: "policy_key_not_listed"; readonly accept: Accept; readonly fingerprint: string }
  | { readonly code: "policy_certificate_foreign"; readonly accept: Accept }
  /** Our CA issued the certificate with a key that is retired. */
  | { readonly code: "policy_certificate_retired"; readonly retiredAt: UnixMs }
  /** Our CA issued the certificate, but it lacks the purpose codeSigning or the embedded SCT list. */
  | { readonly code: "policy_certificate_purpose"; readonly accept: Accept };

const ACCEPTS: readonly Accept[] = ["own-ca", "own-ca+listed-keys", "open"];
const DEFAULT_ACCEPT: Accept = "own-ca+listed-keys";

/**
 * Decides whether and how much an entry with this credential may write now. The sender need not hold the key
 * (write-budget.ts), so the answer is a budget and not a yes. No policy accepts certificates of a retired CA: clients
 * that compare no timestamp with the CA's range notice only that the entry is missing. Fails with a WritePolicyError.
 */
export async function applyWritePolicy(
  { accept, issuers, listedKeys, bounds }: WritePolicy,
  { key, certificate }: Credential,
  now: UnixMs,
): Promise<Result<WriteBudget, WritePolicyError>> {
  const retired = certificate === null ? null : await findRetirement(certificate, issuers, now);
  if (retired !== null) return err({ code: "policy_certificate_retired", retiredAt: retired.retiredAt });
  // An open log accepts certificates of CAs whose lifetimes it does not know, so it counts all of them by their keys.
  if (accept === "open") return ok(keyBudget(key.spki, bounds, now));
  if (certificate === null) {
    const fingerprint = encodeHex(sha256(key.spki));
    return listedKeys.has(fingerprint)
      ? ok(keyBudget(key.spki, bounds, now))
      : err({ code: "policy_key_not_listed", accept, fingerprint });
  }
  // A listed key is not enough: a foreign certificate over it would put an unverified name into the search index.
  if (!(await isIssuedByAny(certificate, issuers))) return err({ code: "policy_certificate_foreign", accept });
  return isSigningCertificate(certificate)
    ? ok(certificateBudget(certificate, bounds, now))
    : err({ code: "policy_certificate_purpose", accept });
}

async function isIssuedByAny(certificate: Certificate, issuers: readonly PolicyIssuer[]): Promise<boolean> {
  for (const issuer of issuers)
    if (issuer.isIssuing && (await verifyIssuedBy(certificate, issuer.certificate))) return true;
  return false;
}

/** The retirement of the CA, or of the root, that issued the certificate, once nothing of it is accepted any more. */
async function findRetirement(
  certificate: Certificate,
  issuers: readonly PolicyIssuer[],
  now: UnixMs,
): Promise<Retirement | null> {
  for (const issuer of issuers) {
    const isOver = issuer.retirement !== null && !isAccepted(issuer.retirement, now);
    if (isOver && (await verifyIssuedBy(certificate, issuer.certificate))) return issuer.retirement;
  }
  return null;
}

/**
 * Whether the certificate has the purpose codeSigning and an SCT list, which a precertificate lacks. Its
 * budget depends on its expiry; verifiers compare its validity with the timestamp.
 */
function isSigningCertificate(certificate: Certificate): boolean {
  return purposesOf(certificate).includes(OID.codeSigning) && findExtension(certificate, OID.sctList) !== null;
}

/** The issuers of all chains, each with the earliest retirement of its own key and those above it. */
export const issuersOf = (chains: readonly (readonly Certificate[])[], retired: RetiredKeys): readonly PolicyIssuer[] =>
  chains.flatMap((chain) =>
    chain.map((certificate, i) => ({
      certificate,
      retirement: retirementOf(retired, chain.slice(i)),
      isIssuing: i === 0,
    })),
  );

/**
 * Parses the settings ACCEPT and LISTED_KEYS; null for a setting that is not given. `issuers` are the
 * CAs of all chains. The error names the wrong setting and what is wrong with it.
 */
export function parseWritePolicy(
  accept: string | null,
  listedKeysPem: string | null,
  issuers: readonly PolicyIssuer[],
): Result<Omit<WritePolicy, "bounds">, string> {
  const known = accept === null ? DEFAULT_ACCEPT : ACCEPTS.find((name) => name === accept);
  if (known === undefined) return err(`ACCEPT must be one of ${ACCEPTS.join(", ")}`);
  if (issuers.length === 0) return err("CA_CHAIN has no certificate");
  const listedKeys = listedKeysPem === null ? ok(new Set<string>()) : parseListedKeys(listedKeysPem);
  if (!listedKeys.ok) return listedKeys;
  return ok({ accept: known, issuers, listedKeys: known === "own-ca" ? new Set() : listedKeys.value });
}

/** Every value of keyDetails that the log can verify. */
const ALL_KEY_DETAILS: AcceptedKeyDetails = new Set(Object.keys(SIGNATURE_SCHEMES) as KeyDetails[]);

/**
 * Parses the setting SIGNING_ALGORITHMS: names of keyDetails separated by commas or white space; null means all. The
 * setting can only narrow the set: P-384, P-521 and Ed25519ph cost a few milliseconds of CPU each. The error completes
 * "SIGNING_ALGORITHMS …".
 */
export function parseSigningAlgorithms(names: string | null): Result<AcceptedKeyDetails, string> {
  if (names === null) return ok(ALL_KEY_DETAILS);
  const accepted = new Set<KeyDetails>();
  for (const name of names.split(/[\s,]+/).filter((part) => part !== "")) {
    if (!isKeyDetails(name)) return err(`has ${name}; known are ${[...ALL_KEY_DETAILS].join(", ")}`);
    accepted.add(name);
  }
  return accepted.size > 0 ? ok(accepted) : err("names no algorithm");
}
