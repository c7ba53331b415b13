// SPDX-License-Identifier: Apache-2.0
// What expires in a deployment's trust, and how long before its end somebody has to be told.

import type { UnixMs } from "../time.ts";
import type { Chain } from "./material.ts";

const DAY_MS = 86_400_000;

/** How long before the end each becomes a problem: renewing takes people, keys out of a safe, and clients that come seldom. */
export const WARN_BEFORE_MS = {
  /** Root and targets: signed by hand, good for a year. */
  offline: 45 * DAY_MS,
  /** Good for 90 days, replaced after 30: below this, replacing has failed for two weeks. */
  snapshot: 45 * DAY_MS,
  /** Good for 7 days, replaced after one: below this, replacing has failed for two days. */
  timestamp: 4 * DAY_MS,
  certificate: 60 * DAY_MS,
} as const;

export interface Expiry {
  /** `tuf_root`, `tuf_timestamp`, `ca_certificate`, `tsa_root`, …: a metric's label. */
  readonly what: string;
  readonly expiresAt: UnixMs;
  readonly warnBeforeMs: number;
}

/** The certificates of a chain in use: `<name>_certificate` works, `<name>_root` is its last, `<name>_intermediate_<i>` are between. */
export function chainExpiries(name: "ca" | "tsa", chain: Chain): readonly Expiry[] {
  return chain.map(({ notAfter }, i) => ({
    what: `${name}_${i === 0 ? "certificate" : i === chain.length - 1 ? "root" : `intermediate_${i}`}`,
    expiresAt: notAfter,
    warnBeforeMs: WARN_BEFORE_MS.certificate,
  }));
}

/** A sentence for what has expired or will soon, null while there is time. */
export function expiryProblem({ what, expiresAt, warnBeforeMs }: Expiry, now: UnixMs): string | null {
  const left = expiresAt - now;
  const on = new Date(expiresAt).toISOString().slice(0, 10);
  if (left <= 0) return `${what} expired on ${on}: clients refuse it.`;
  return left <= warnBeforeMs ? `${what} expires on ${on}, in ${Math.floor(left / DAY_MS)} days: renew it.` : null;
}
