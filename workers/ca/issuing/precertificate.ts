// SPDX-License-Identifier: Apache-2.0
// Signs a precertificate, appends it to the log and verifies the SCT that comes back, before a certificate embeds it.
// Spec: RFC 6962 §3.1, §3.2.

import { sha256 } from "#sha256";
import { equal } from "../../../shared/bytes/bytes.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { type EcdsaPublicKey, parsePublicKey } from "../../../shared/crypto/public-key.ts";
import type { LoggedCertificate } from "../../../shared/ct/sct.ts";
import { verifySct } from "../../../shared/ct/sct.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppendError, CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { certificateSearchRow } from "../../../shared/search/terms.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { type Certificate, encodeCertificate, parseCertificate } from "../../../shared/x509/certificate.ts";
import type { Leaf } from "../../../shared/x509/issue.ts";
import type { CertificateSigner } from "../signer/ca-key.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";

/**
 * The sequencer refuses to write once its clock is more than 60 s behind its last timestamp. An SCT that is further off
 * was not made now.
 */
const MAX_SCT_SKEW_MS = 90_000;
const LEAF_INDEX_EXTENSION_BYTES = 8;

/** An SCT and the name of the log that issued it. */
export interface Logged {
  readonly log: string;
  readonly sct: LoggedCertificate;
}

/**
 * Logs the precertificate. Fails with an AppendError; rejects if the platform or the signer fails, or if the response
 * is not an SCT for this certificate.
 */
export async function logPrecertificate(leaf: Leaf, ca: CertificateAuthority): Promise<Result<Logged, AppendError>> {
  const precertificate = await signTbs(leaf.precertificateTbs, ca.signer);
  const entry = {
    entryType: "precert_entry",
    issuerKeyHash: ca.chain.issuerKeyHash,
    signedEntry: leaf.loggedTbs,
  } as const;
  const logged = await appendToNewest(ca, {
    ...entry,
    precertificate,
    precertificateForm: null,
    issuers: ca.chain.certificates,
    search: certificateSearchRow(parseOwn(precertificate)),
  });
  if (!logged.ok) return logged;
  const { sct } = logged.value;
  const key = isPlausible(sct, ca.now()) ? logKeyOf(sct) : null;
  const isValid = key !== null && (await verifySct(sct, entry, key));
  if (!isValid) throw new Error("the sequencer's response is not an SCT for the precertificate");
  return logged;
}

/**
 * Appends to the first log that is neither frozen nor full: a log can be frozen even where the settings no longer say
 * so.
 */
async function appendToNewest(
  { logs }: CertificateAuthority,
  submission: CertificateSubmission,
): Promise<Result<Logged, AppendError>> {
  let closed: AppendError = { code: "log_frozen", writeTo: null };
  for (const { name, sequencer } of logs()) {
    const sct = await sequencer().appendCertificate(submission);
    if (sct.ok) return ok({ log: name, sct: sct.value });
    if (sct.error.code !== "log_frozen" && sct.error.code !== "log_full") return sct;
    closed = { code: sct.error.code, writeTo: null };
  }
  return err(closed);
}

function isPlausible({ timestamp, extensions }: LoggedCertificate, now: UnixMs): boolean {
  return extensions.length === LEAF_INDEX_EXTENSION_BYTES && Math.abs(timestamp - now) <= MAX_SCT_SKEW_MS;
}

/** Parsed keys by log id. A deployment has a handful of logs. */
const logKeys = new Map<string, EcdsaPublicKey>();

/**
 * The log's key, or null if it is not a P-256 key (the only kind that verifiers accept) or does not match the log id.
 */
function logKeyOf({ logId, spki }: LoggedCertificate): EcdsaPublicKey | null {
  const id = encodeHex(logId);
  const known = logKeys.get(id);
  if (known !== undefined && equal(known.spki, spki)) return known;
  const key = parsePublicKey(spki);
  if (!key.ok || key.value.kind !== "ecdsa-p256" || !equal(sha256(spki), logId)) return null;
  logKeys.set(id, key.value);
  return key.value;
}

/** Signs a TBSCertificate. Rejects if the signer fails. */
export const signTbs = async (tbs: Uint8Array, signer: CertificateSigner): Promise<Uint8Array> =>
  encodeCertificate(tbs, signer.algorithm, await signer.sign(tbs));

/** Parses a certificate that this CA just made; throws if it does not parse. */
export function parseOwn(der: Uint8Array): Certificate {
  const certificate = parseCertificate(der);
  if (!certificate.ok) throw new Error(`a certificate of our own does not parse: ${certificate.error.reason}`);
  return certificate.value;
}
