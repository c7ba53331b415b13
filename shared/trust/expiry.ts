// SPDX-License-Identifier: Apache-2.0
// The expiry dates in a deployment's trust, and how long before each the operator is warned.

import type { UnixMs } from "../time.ts";
import type { Chain } from "./material.ts";

const DAY_MS = 86_400_000;

/** Warning times. Renewing takes people, keys from a safe, and clients that rarely connect. */
export const WARN_BEFORE_MS = {
  /** Root and targets: signed by hand, valid for a year. */
  offline: 45 * DAY_MS,
  /** Valid for 90 days, replaced after 30; with less left, replacing has failed for two weeks. */
  snapshot: 45 * DAY_MS,
  /** Valid for 7 days, replaced after one; with less left, replacing has failed for two days. */
  timestamp: 4 * DAY_MS,
  certificate: 60 * DAY_MS,
} as const;

/** When a document or certificate expires. */
export interface Expiry {
  /** `tuf_root`, `tuf_timestamp`, `ca_certificate`, `tsa_root`, …: a metric's label. */
  readonly what: string;
  readonly expiresAt: UnixMs;
  readonly warnBeforeMs: number;
}

/**
 * Lists the certificates of a chain in use: `<name>_certificate` is the first, `<name>_root` the last, and
 * `<name>_intermediate_<i>` are those between.
 */
export function chainExpiries(name: "ca" | "tsa", chain: Chain): readonly Expiry[] {
  return chain.map(({ notAfter }, i) => ({
    what: `${name}_${i === 0 ? "certificate" : i === chain.length - 1 ? "root" : `intermediate_${i}`}`,
    expiresAt: notAfter,
    warnBeforeMs: WARN_BEFORE_MS.certificate,
  }));
}

/** Returns a sentence if something has expired or will soon, otherwise null. */
export function expiryProblem({ what, expiresAt, warnBeforeMs }: Expiry, now: UnixMs): string | null {
  const left = expiresAt - now;
  const on = new Date(expiresAt).toISOString().slice(0, 10);
  if (left <= 0) return `${what} expired on ${on}: clients reject it.`;
  return left <= warnBeforeMs ? `${what} expires on ${on}, in ${Math.floor(left / DAY_MS)} days: renew it.` : null;
}
