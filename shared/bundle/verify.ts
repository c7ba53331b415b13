// SPDX-License-Identifier: Apache-2.0
// Verifies a bundle: makes every comparison, also after one has failed, so that a person sees all of them. Knows no
// clock: the only times that count are those that somebody signed. Sends no request.
// Spec: https://github.com/sigstore/architecture-docs/blob/main/client-spec.md#4-verification

import { equal } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { type PublicKey, parsePublicKey } from "../crypto/public-key.ts";
import type { UnixMs } from "../time.ts";
import type { CosignatureKey } from "../tlog/cosignature.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { type ArtifactDigests, checkArtifact, checkSignature } from "./artifact.ts";
import { checkBody } from "./body.ts";
import type { Bundle } from "./bundle.ts";
import { checkCertificate } from "./certificate.ts";
import { type Check, reportFailure, reportPass, reportUnchecked, type Verdict, verdictOf } from "./check.ts";
import { checkIdentity, type ExpectedIdentity, readSigner, type Signer } from "./identity.ts";
import { checkCheckpoint, checkInclusion, checkLogWindow, checkPromise, logsOf } from "./log.ts";
import type { LoggedEntry } from "./log-entry.ts";
import { checkTimestamp } from "./timestamps.ts";
import type { TrustedLog, TrustedRoot } from "./trusted-root.ts";

/** Everything that a verification needs beside the bundle. */
export interface VerifyOptions {
  readonly root: TrustedRoot;
  /** The artifact by the algorithms of hashesOf; null if there is none, for an attestation. */
  readonly artifact: ArtifactDigests | null;
  /** Whom the caller trusts: somebody with a certificate, or the holder of a key (SubjectPublicKeyInfo, DER). */
  readonly signer:
    | ({ readonly kind: "identity" } & ExpectedIdentity)
    | { readonly kind: "key"; readonly spki: Uint8Array };
  /** Witnesses that have to have cosigned the checkpoint. */
  readonly witnesses: readonly CosignatureKey[];
}

/** The result of a verification. */
export interface Report {
  readonly verdict: Verdict;
  readonly checks: readonly Check[];
  /**
   * The signer, as the certificate names it; null for a bundle of a bare key. Believe it only if the verdict is good.
   */
  readonly signer: Signer | null;
  /** The times that timestamps and promises prove, in the order of the bundle. */
  readonly times: readonly UnixMs[];
}

/** Verifies a bundle. Resolves for any bundle; rejects only for a bug. */
export async function verifyBundle(bundle: Bundle, options: VerifyOptions): Promise<Report> {
  const { root, artifact } = options;
  const credential = readCredential(bundle, options);
  if (!("key" in credential)) return toReport([credential.check], null, []);
  const { key, certificate } = credential;
  const stamps = await checkTimes(bundle, root);
  const { times } = stamps;
  const checks: Check[] = [
    describeBundle(bundle),
    checkArtifact(bundle, artifact),
    await checkSignature(bundle, key, artifact),
    ...stamps.checks,
    ...(await checkEntries(bundle, options, { spki: key.spki, times })),
    ...(certificate === null ? [] : await checkCertificate(certificate, root, times)),
  ];
  const signer = certificate === null ? null : readSigner(certificate);
  return toReport([...checks, ...checkSigner(signer, key, options)], signer, times);
}

const toReport = (checks: readonly Check[], signer: Signer | null, times: readonly UnixMs[]): Report => ({
  verdict: verdictOf(checks),
  checks,
  signer,
  times,
});

function describeBundle({ version, content, entries, timestamps }: Bundle): Check {
  const signed = content.kind === "envelope" ? "an attestation" : "a signature over a file";
  const logged = formatCount(entries.length, "log entry", "log entries");
  const stamped = formatCount(timestamps.length, "timestamp", "timestamps");
  return reportPass("bundle", `version ${version}: ${signed}, ${logged}, ${stamped}`);
}

const formatCount = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

type Credential =
  | { readonly key: PublicKey; readonly certificate: Certificate | null }
  /** Why there is no key to verify with. */
  | { readonly check: Check };

function readCredential({ material }: Bundle, { signer }: VerifyOptions): Credential {
  if (material.kind === "key") {
    if (signer.kind !== "key") {
      return { check: reportUnchecked("key", "the bundle was signed with a bare key: give the key that you trust") };
    }
    return toCredential(signer.spki, null);
  }
  const [der, ...others] = material.ders;
  const certificate = parseCertificate(der);
  if (!certificate.ok) {
    return { check: reportFailure("certificate", `the certificate is malformed: ${certificate.error.reason}`) };
  }
  if (others.some(isSelfIssued)) {
    return {
      check: reportFailure(
        "certificate",
        "the bundle carries a root certificate: a root comes from the trusted root only",
      ),
    };
  }
  return toCredential(certificate.value.spki, certificate.value);
}

function isSelfIssued(der: Uint8Array): boolean {
  const certificate = parseCertificate(der);
  return certificate.ok && equal(certificate.value.issuer, certificate.value.subject);
}

function toCredential(spki: Uint8Array, certificate: Certificate | null): Credential {
  const key = parsePublicKey(spki);
  if (key.ok) return { key: key.value, certificate };
  return { check: reportUnchecked("key", `the key of the signer cannot be used (${key.error.code})`) };
}

interface Times {
  readonly checks: readonly Check[];
  readonly times: readonly UnixMs[];
}

/** A signature without a proven time could be of any time, also of one at which its certificate was stolen. */
async function checkTimes({ content, entries, timestamps }: Bundle, root: TrustedRoot): Promise<Times> {
  const checks: Check[] = [];
  const times: (UnixMs | null)[] = [];
  for (const response of timestamps) {
    const { check, time } = await checkTimestamp(response, content.signature, root.timestampAuthorities);
    checks.push(check);
    times.push(time);
  }
  for (const entry of entries) {
    const promise = await checkPromise(entry, logsOf(entry, root.logs));
    if (promise === null) continue;
    checks.push(promise.check);
    times.push(promise.time);
  }
  if (hasDuplicates(timestamps)) checks.push(reportFailure("timestamp", "the bundle has the same timestamp twice"));
  const proven = times.filter((time) => time !== null);
  if (proven.length === 0) {
    checks.push(
      reportFailure("time", "nothing proves when the signature was made: neither a timestamp nor a log's promise"),
    );
  }
  return { checks, times: proven };
}

const hasDuplicates = (items: readonly Uint8Array[]): boolean => new Set(items.map(encodeHex)).size !== items.length;

interface Signed {
  readonly spki: Uint8Array;
  readonly times: readonly UnixMs[];
}

async function checkEntries(bundle: Bundle, options: VerifyOptions, signed: Signed): Promise<readonly Check[]> {
  const { entries } = bundle;
  if (entries.length === 0) return [reportFailure("entry", "the bundle has no entry of a transparency log")];
  const checks: Check[] = [];
  if (hasDuplicates(entries.map(({ body }) => body))) {
    checks.push(reportFailure("entry", "the bundle has the same log entry twice"));
  }
  for (const entry of entries) checks.push(...(await checkEntry(entry, bundle, options, signed)));
  return checks;
}

async function checkEntry(
  entry: LoggedEntry,
  bundle: Bundle,
  { root, artifact, witnesses }: VerifyOptions,
  { spki, times }: Signed,
): Promise<readonly Check[]> {
  const logs = logsOf(entry, root.logs);
  const body = await checkBody(entry, { bundle, artifact, spki });
  if (logs.length === 0) {
    const id = encodeHex(entry.logId);
    return [body, reportFailure("checkpoint", `the trusted root does not list the log ${id} that the entry names`)];
  }
  return [
    body,
    ...checkIndex(entry),
    checkInclusion(entry),
    ...(await checkCheckpoint(entry, logs, witnesses)),
    ...checkWindows(entry, logs, times),
  ];
}

/** Rekor v1 counts over all shards, and signs the index in its promise. In Rekor v2 it is the index in the tree. */
function checkIndex({ kind, version, proof, logIndex }: LoggedEntry): readonly Check[] {
  const isRekor2 = version === "0.0.2" && kind !== "intoto";
  if (!isRekor2 || proof === null || proof.leafIndex === logIndex) return [];
  return [
    reportFailure("entry", `the entry says that its index is ${logIndex}, and its proof is of ${proof.leafIndex}`),
  ];
}

/** A promise has been held against the log's window already; an entry without one is as old as its timestamps. */
function checkWindows(entry: LoggedEntry, logs: readonly TrustedLog[], times: readonly UnixMs[]): readonly Check[] {
  if (entry.promise !== null) return [];
  return times.map((at) => checkLogWindow(logs, at)).filter((check) => check !== null);
}

function checkSigner(signer: Signer | null, key: PublicKey, { signer: expected }: VerifyOptions): readonly Check[] {
  if (signer === null) {
    return [reportPass("key", `the signature was verified with the ${key.kind} key that you gave`)];
  }
  if (expected.kind === "identity") return checkIdentity(signer, expected);
  return [reportFailure("key", "the bundle was signed with a certificate, not with the key that you gave")];
}
