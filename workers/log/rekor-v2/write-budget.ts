// SPDX-License-Identifier: Apache-2.0
// How many entries a certificate or a key may have logged, and how long after its expiry a certificate may be used.
//
// An accepted signature does not prove that its sender holds the key. An ECDSA signature over a digest that the sender
// chooses can be made from the public key Q alone: for random a and b, R = aG + bQ, r = R.x, s = r/b and digest = a·s
// verify. Nobody knows a message with that digest, so no artifact verifies against such an entry; but everybody finds
// certificates and keys in the log, and could fill it in their owners' names. The sequencer therefore counts the
// entries of each writer (workers/sequencer/rounds/placing.ts), and a certificate is useless soon after it expires.
// RSA and Ed25519ph signatures cannot be made this way, nor can DSSE envelopes, whose message the log hashes itself.
// They count all the same.

import { sha256 } from "#sha256";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { WriteBudget } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Certificate } from "../../../shared/x509/certificate.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A signer logs within seconds; ten minutes are a slow upload after the last moment of validity. */
const DEFAULT_GRACE_MINUTES = 10;
const MAX_GRACE_MINUTES = 525_600;
/** A release job signs some hundred artifacts with one certificate. */
const DEFAULT_PER_CERTIFICATE = 1000;
/** As many as fit into the Free plan's 100,000 rows a day of D1. */
const DEFAULT_PER_KEY = 10_000;
const MAX_ENTRIES = 1_000_000_000;

/** The bounds of every writer. */
export interface WriteBounds {
  readonly graceMs: number;
  readonly entriesPerCertificate: number;
  /** In a day, by UTC. */
  readonly entriesPerKey: number;
}

/** The bounds where no setting says otherwise. */
export const DEFAULT_BOUNDS: WriteBounds = {
  graceMs: DEFAULT_GRACE_MINUTES * MINUTE_MS,
  entriesPerCertificate: DEFAULT_PER_CERTIFICATE,
  entriesPerKey: DEFAULT_PER_KEY,
};

/** Parses CERTIFICATE_GRACE, minutes, into milliseconds. The error completes "CERTIFICATE_GRACE …". */
export function parseGrace(text: string): Result<number, string> {
  const minutes = parseNumber(text, 0, MAX_GRACE_MINUTES);
  return minutes === null ? err(`must be 0 to ${MAX_GRACE_MINUTES} minutes`) : ok(minutes * MINUTE_MS);
}

/** Parses a number of entries. The error completes "<setting> …". */
export function parseEntries(text: string): Result<number, string> {
  const entries = parseNumber(text, 1, MAX_ENTRIES);
  return entries === null ? err(`must be 1 to ${MAX_ENTRIES}`) : ok(entries);
}

function parseNumber(text: string, min: number, max: number): number | null {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  return value < min || value > max ? null : value;
}

/** Whether the certificate expired longer ago than the grace. */
export const isStale = ({ notAfter }: Certificate, graceMs: number, now: UnixMs): boolean => now > notAfter + graceMs;

/**
 * The budget of a certificate of our CA: one count until the end of the grace. After that it allows nothing new, but an
 * entry that is logged already is still answered with its index.
 */
export function certificateBudget(
  certificate: Certificate,
  { graceMs, entriesPerCertificate }: WriteBounds,
  now: UnixMs,
): WriteBudget {
  return {
    kind: "certificate",
    writer: sha256(certificate.spki),
    entries: isStale(certificate, graceMs, now) ? 0 : entriesPerCertificate,
    until: unixMs(certificate.notAfter + graceMs),
  };
}

/** The budget of a key: one count for each day. */
export function keyBudget(spki: Uint8Array, { entriesPerKey }: WriteBounds, now: UnixMs): WriteBudget {
  const until = unixMs((Math.floor(now / DAY_MS) + 1) * DAY_MS);
  return { kind: "key", writer: sha256(spki), entries: entriesPerKey, until };
}
