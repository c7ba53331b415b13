// SPDX-License-Identifier: Apache-2.0
// The facts from which trusted root and signing config are made: what clients must trust in a deployment, and since
// when.

import { encodeBase64 } from "../bytes/base64.ts";
import type { PublicUrl } from "../http/public-url.ts";
import type { LogConfig } from "../logs/config.ts";
import type { LogKindFacts } from "../logs/kinds/kind.ts";
import { LOG_KIND_NAMES, LOG_KINDS } from "../logs/kinds.ts";
import { listWritableLogs } from "../logs/shards.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../time.ts";
import type { Certificate } from "../x509/certificate.ts";
import type { OidcProvider } from "./oidc-providers.ts";
import { type RetiredKeys, type Retirement, retirementOf } from "./retired-keys.ts";

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

/** A log that clients write to. */
export interface OfferedLog extends TrustedLog {
  readonly rekorApi: 1 | 2;
}

/** At least one certificate: the one in use first, the root last. */
export type Chain = readonly [Certificate, ...Certificate[]];

/** Everything that clients must trust. */
export interface TrustMaterial {
  readonly publicUrl: PublicUrl;
  /** Every log that has entries or may get some, including frozen ones. */
  readonly signatureLogs: readonly TrustedLog[];
  readonly certificateLogs: readonly TrustedLog[];
  /** Where people log in. Empty: tokens come from elsewhere, as in CI. */
  readonly oidcProviders: readonly OidcProvider[];
  /** The logs that clients write to, at most one for each version of Rekor's API, the newest version first. */
  readonly offeredLogs: readonly OfferedLog[];
  readonly caChain: Chain;
  /** Chains of former and future CAs. */
  readonly otherCaChains: readonly Chain[];
  readonly tsaChain: Chain;
  /** Chains of former and future timestamp authorities. */
  readonly otherTsaChains: readonly Chain[];
  /** When keys of these chains and logs went out of use. */
  readonly retiredKeys: RetiredKeys;
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

/**
 * Returns the range that contains the time of every entry, SCT and timestamp that involves the log, up to the
 * retirement of its key. Null if the key was retired before it was used: nobody is to trust the log.
 */
export function logValidity(log: TrustedLog, retired: RetiredKeys): ValidFor | null {
  const end = log.frozenAt === null ? null : unixMs(log.frozenAt + FROZEN_GRACE_MS);
  return toValidFor(logStart(log), end, retirementOf(retired, [log]));
}

/**
 * Returns the range from the start of the chain's first certificate (the others existed before it) to its end, or to
 * the retirement of one of its keys. The range of the chain in use has no end of its own. Null if the key was retired
 * before it was used: nobody is to trust the chain.
 */
export function chainValidity(chain: Chain, isInUse: boolean, retired: RetiredKeys): ValidFor | null {
  const [{ notBefore, notAfter }] = chain;
  return toValidFor(notBefore, isInUse ? null : notAfter, retirementOf(retired, chain));
}

function toValidFor(start: UnixMs, end: UnixMs | null, retirement: Retirement | null): ValidFor | null {
  if (retirement !== null && retirement.retiredAt <= start) return null;
  const ends = [end, retirement?.retiredAt ?? null].filter((time) => time !== null);
  const range = rangeFrom(start);
  return ends.length === 0 ? range : { ...range, end: formatRfc3339(unixMs(Math.min(...ends))) };
}

/** A range without an end. */
export const rangeFrom = (start: UnixMs): ValidFor => ({ start: formatRfc3339(start) });

/** When clients begin to trust a log. */
export const logStart = ({ createdAt }: TrustedLog): UnixMs => unixMs(Math.max(0, createdAt - GRACE_MS));

/**
 * The material without the keys that others may have, except those in use: for files from which clients take keys
 * without a range of time.
 */
export function withoutCompromised(material: TrustMaterial): TrustMaterial {
  const isClean = (keys: Parameters<typeof retirementOf>[1]): boolean =>
    retirementOf(material.retiredKeys, keys)?.isCompromised !== true;
  return {
    ...material,
    signatureLogs: material.signatureLogs.filter((log) => isClean([log])),
    certificateLogs: material.certificateLogs.filter((log) => isClean([log])),
    otherCaChains: material.otherCaChains.filter(isClean),
    otherTsaChains: material.otherTsaChains.filter(isClean),
  };
}

/** The logs under the members of the trusted root that list their kinds. */
export function groupByMember(
  logs: Iterable<readonly [LogConfig, TrustedLog]>,
): Pick<TrustMaterial, "signatureLogs" | "certificateLogs"> {
  const all = [...logs];
  const selectListed = (member: LogKindFacts["trustedRootMember"]): readonly TrustedLog[] =>
    all.filter(([{ kind }]) => LOG_KINDS[kind].trustedRootMember === member).map(([, log]) => log);
  return { signatureLogs: selectListed("tlogs"), certificateLogs: selectListed("ctlogs") };
}

/** Chooses the logs to offer: those that the settings open for writing and that are not frozen themselves. */
export function chooseOfferedLogs(
  logs: readonly LogConfig[],
  trusted: ReadonlyMap<LogConfig, TrustedLog>,
  now: UnixMs,
): readonly OfferedLog[] {
  return LOG_KIND_NAMES.flatMap((kind) => {
    const { rekorApi } = LOG_KINDS[kind];
    const open = listWritableLogs(logs, kind, now).map((log) => trusted.get(log));
    const chosen = open.find((log) => log?.frozenAt === null);
    return rekorApi === null || chosen === undefined ? [] : [{ ...chosen, rekorApi }];
  });
}

/** Returns the full URL of the timestamp endpoint; clients append nothing to it and compare it as a whole. */
export const timestampUrl = (publicUrl: PublicUrl): string => `${publicUrl.href}/api/v1/timestamp`;

/** Encodes a bytes field in protobuf JSON. */
export const rawBytes = (der: Uint8Array): { readonly rawBytes: string } => ({ rawBytes: encodeBase64(der) });
