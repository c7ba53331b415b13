// SPDX-License-Identifier: Apache-2.0
// The facts from which trusted root and signing config are made: what clients must trust in a deployment, and since
// when.

import { encodeBase64 } from "../bytes/base64.ts";
import type { PublicUrl } from "../http/public-url.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../time.ts";
import type { Certificate } from "../x509/certificate.ts";

/** A log that clients trust. */
export interface TrustedLog {
  /** The log's URL in clients' configuration, without a trailing slash. */
  readonly baseUrl: string;
  /** SubjectPublicKeyInfo of its ECDSA P-256 key, DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`. */
  readonly logId: Uint8Array;
  readonly createdAt: UnixMs;
  /** The latest time at which it accepted its last entry; null while it is not frozen. */
  readonly frozenAt: UnixMs | null;
}

/** At least one certificate: the one in use first, the root last. */
export type Chain = readonly [Certificate, ...Certificate[]];

/** Everything that clients must trust. */
export interface TrustMaterial {
  readonly publicUrl: PublicUrl;
  /** Every log that has entries or may get some, including frozen ones. */
  readonly signatureLogs: readonly TrustedLog[];
  readonly certificateLogs: readonly TrustedLog[];
  /** The signature log that clients write to; null if all are frozen. */
  readonly offeredLog: TrustedLog | null;
  readonly caChain: Chain;
  /** Chains of former and future CAs. */
  readonly otherCaChains: readonly Chain[];
  readonly tsaChain: Chain;
  /** Chains of former and future timestamp authorities. */
  readonly otherTsaChains: readonly Chain[];
}

/** TimeRange of dev.sigstore.common.v1; without an end until the key is replaced. */
export interface ValidFor {
  readonly start: string;
  readonly end?: string;
}

/** A key is trusted from one hour before its first use, because clocks differ. */
const GRACE_MS = 3_600_000;

/**
 * Some clients compare a timestamp with the log's validity. It may be later than the entry, since clients request both
 * at once, but it lies within the validity of a certificate that existed before the entry and lives for at most an
 * hour. The grace allows for clocks that differ.
 */
const FROZEN_GRACE_MS = 3_600_000 + GRACE_MS;

/** Returns the range that contains the time of every entry, SCT and timestamp that involves the log. */
export function logValidity({ createdAt, frozenAt }: TrustedLog): ValidFor {
  const start = formatRfc3339(unixMs(Math.max(0, createdAt - GRACE_MS)));
  return frozenAt === null ? { start } : { start, end: formatRfc3339(unixMs(frozenAt + FROZEN_GRACE_MS)) };
}

/** Returns the range from the start of the first certificate; the others existed before it. */
export function chainValidity([certificate]: Chain): ValidFor {
  return { start: formatRfc3339(certificate.notBefore) };
}

/** Returns the range of a chain not in use: it ends with its first certificate, whenever it was retired. */
export function otherChainValidity([certificate]: Chain): ValidFor {
  return { start: formatRfc3339(certificate.notBefore), end: formatRfc3339(certificate.notAfter) };
}

/** Returns the full URL of the timestamp endpoint; clients append nothing to it and compare it as a whole. */
export const timestampUrl = (publicUrl: PublicUrl): string => `${publicUrl.href}/api/v1/timestamp`;

/** Encodes a bytes field in protobuf JSON. */
export const rawBytes = (der: Uint8Array): { readonly rawBytes: string } => ({ rawBytes: encodeBase64(der) });
