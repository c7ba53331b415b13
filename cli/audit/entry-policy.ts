// SPDX-License-Identifier: Apache-2.0
// Whether a log should have taken an entry: the write policy that the log itself applies, at the time at which it says
// that it logged the entry.

import { equal } from "../../shared/bytes/bytes.ts";
import type { TileLeaf } from "../../shared/ct/leaf.ts";
import type { Credential } from "../../shared/rekor/verify.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { isInUse } from "../../shared/trust/retired-keys.ts";
import { type Certificate, parseCertificate } from "../../shared/x509/certificate.ts";
import { verifyIssuedBy } from "../../shared/x509/chain.ts";
import { OID, purposesOf } from "../../shared/x509/extensions.ts";
import { isStale } from "../../workers/log/rekor-v2/write-budget.ts";
import { applyWritePolicy, type PolicyIssuer, type WritePolicy } from "../../workers/log/rekor-v2/write-policy.ts";
import type { Finding } from "../served-log/findings.ts";

/** The write policy of a log, as far as an audit knows it. */
export interface AuditPolicy extends WritePolicy {
  /** Whether --policy gave it. Otherwise it holds the CAs of the trusted root only, and judges their retirement. */
  readonly isGiven: boolean;
  /** SubjectPublicKeyInfo of the log's keys, one of which signed the entry that the log was created with. */
  readonly logKeys: readonly Uint8Array[];
}

/** The place of an entry in its log, and when it was logged in ms; null if that is unknown. */
interface EntryPlace {
  readonly leafIndex: number;
  readonly time: number | null;
}

/** Clocks of a CA and of a log differ; our CA's certificates are valid from five seconds before their issue. */
const CLOCKS_MS = 60_000;
const NO_TIME = unixMs(0);

/** Returns the findings about an entry of a signature log under this policy. */
export async function judgeSignature(
  policy: AuditPolicy,
  { key, certificate }: Credential,
  { leafIndex, time }: EntryPlace,
): Promise<readonly Finding[]> {
  if (leafIndex === 0 && policy.logKeys.some((logKey) => equal(logKey, key.spki))) return [];
  // Nothing was retired or stale at time 0: without a time, only who signed is judged.
  const applied = await applyWritePolicy(policy, { key, certificate }, timeOf(time));
  if (!applied.ok) {
    const { error } = applied;
    if (error.code !== "policy_certificate_retired")
      return [{ code: "entry_refused", leafIndex, reason: REASONS[error.code] }];
    return [{ code: "entry_after_retirement", leafIndex, time: time ?? 0, retiredAt: error.retiredAt }];
  }
  if (certificate === null) return [];
  if (applied.value.entries === 0) return [{ code: "entry_refused", leafIndex, reason: EXPIRED }];
  return checkTime(policy, certificate, { leafIndex, time });
}

const REASONS = {
  policy_key_not_listed: "its key is not listed",
  policy_certificate_foreign: "its certificate was not issued by a CA of the policy",
  policy_certificate_purpose: "its certificate lacks the purpose codeSigning or the SCT",
} as const;
const EXPIRED = "its certificate had expired when it was logged";

/** Returns the findings about an entry of a certificate log, which takes certificates of its own CAs only. */
export async function judgeCertificate(
  policy: AuditPolicy,
  { entry, precertificate }: TileLeaf,
  { leafIndex, time }: EntryPlace,
): Promise<readonly Finding[]> {
  const parsed = parseCertificate(precertificate ?? entry.signedEntry);
  if (!parsed.ok) return [];
  const certificate = parsed.value;
  const now = timeOf(time);
  for (const { certificate: issuer, retirement } of policy.issuers) {
    if (retirement === null || isInUse(retirement, now) || !(await verifyIssuedBy(certificate, issuer))) continue;
    return [{ code: "entry_after_retirement", leafIndex, time: now, retiredAt: retirement.retiredAt }];
  }
  const refused = policy.isGiven ? await findRefusal(policy, certificate, now) : null;
  if (refused !== null) return [{ code: "entry_refused", leafIndex, reason: refused }];
  return checkTime(policy, certificate, { leafIndex, time });
}

async function findRefusal(
  { issuers, bounds }: AuditPolicy,
  certificate: Certificate,
  now: UnixMs,
): Promise<string | null> {
  if ((await findIssuer(certificate, issuers)) === null) return REASONS.policy_certificate_foreign;
  if (!purposesOf(certificate).includes(OID.codeSigning)) return "its certificate lacks the purpose codeSigning";
  return isStale(certificate, bounds.graceMs, now) ? EXPIRED : null;
}

/** A certificate of a known CA exists only from its notBefore on. */
async function checkTime(
  { issuers }: AuditPolicy,
  certificate: Certificate,
  { leafIndex, time }: EntryPlace,
): Promise<readonly Finding[]> {
  const { notBefore } = certificate;
  if (time === null || time >= notBefore - CLOCKS_MS || (await findIssuer(certificate, issuers)) === null) return [];
  return [{ code: "time_before_certificate", leafIndex, time, notBefore }];
}

async function findIssuer(certificate: Certificate, issuers: readonly PolicyIssuer[]): Promise<PolicyIssuer | null> {
  for (const issuer of issuers) {
    if (issuer.isIssuing && (await verifyIssuedBy(certificate, issuer.certificate))) return issuer;
  }
  return null;
}

const timeOf = (time: number | null): UnixMs => (time === null ? NO_TIME : unixMs(time));
