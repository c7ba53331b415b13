// SPDX-License-Identifier: Apache-2.0
// What a client has to trust of a deployment, and since when: the facts from which trusted root and signing config are made.

import { encodeBase64 } from "../bytes/base64.ts";
import type { PublicUrl } from "../http/public-url.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../time.ts";
import type { Certificate } from "../x509/certificate.ts";

export interface TrustedLog {
  /** What clients call the log: no trailing slash. */
  readonly baseUrl: string;
  /** SubjectPublicKeyInfo of its ECDSA P-256 key, DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`. */
  readonly logId: Uint8Array;
  readonly createdAt: UnixMs;
  /** When it took its last entry at the latest, null while it is not frozen. */
  readonly frozenAt: UnixMs | null;
}

/** At least one certificate: the one that works first, the root last. */
export type Chain = readonly [Certificate, ...Certificate[]];

export interface TrustMaterial {
  readonly publicUrl: PublicUrl;
  /** All that have an entry or may get one, frozen ones included. */
  readonly signatureLogs: readonly TrustedLog[];
  readonly certificateLogs: readonly TrustedLog[];
  /** The one of the signature logs that clients shall write to; null if every one is frozen. */
  readonly offeredLog: TrustedLog | null;
  readonly caChain: Chain;
  /** Of the CAs before the one that issues and after it. */
  readonly otherCaChains: readonly Chain[];
  readonly tsaChain: Chain;
  /** The same of timestamp authorities. */
  readonly otherTsaChains: readonly Chain[];
}

/** TimeRange of dev.sigstore.common.v1; the end is open until the key is replaced. */
export interface ValidFor {
  readonly start: string;
  readonly end?: string;
}

/** An entry's time lies after its log's creation, but clocks differ: a key is trusted from one hour before it was used first. */
const GRACE_MS = 3_600_000;

/**
 * A timestamp may be later than the entry, as clients ask for both at once, and some compare it with the log's window; it lies
 * within a certificate that was there before the entry, and that lives for an hour at most. Clocks differ by the grace.
 */
const FROZEN_GRACE_MS = 3_600_000 + GRACE_MS;

/** Holds the time of every entry, SCT and timestamp that the log can have part in. */
export function logValidity({ createdAt, frozenAt }: TrustedLog): ValidFor {
  const start = formatRfc3339(unixMs(Math.max(0, createdAt - GRACE_MS)));
  return frozenAt === null ? { start } : { start, end: formatRfc3339(unixMs(frozenAt + FROZEN_GRACE_MS)) };
}

/** From the first second of the certificate that works: the others were there before it. */
export function chainValidity([certificate]: Chain): ValidFor {
  return { start: formatRfc3339(certificate.notBefore) };
}

/** Of a chain that is not the one in use: it ends with its first certificate, whenever it was retired. */
export function otherChainValidity([certificate]: Chain): ValidFor {
  return { start: formatRfc3339(certificate.notBefore), end: formatRfc3339(certificate.notAfter) };
}

/** The complete URL of the timestamp endpoint: clients append nothing to it, and compare it as a whole. */
export const timestampUrl = (publicUrl: PublicUrl): string => `${publicUrl.href}/api/v1/timestamp`;

/** A bytes field in protobuf JSON. */
export const rawBytes = (der: Uint8Array): { readonly rawBytes: string } => ({ rawBytes: encodeBase64(der) });
