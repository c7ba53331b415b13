// SPDX-License-Identifier: Apache-2.0
// The ends of a trusted root's keys and authorities, and of TUF's metadata. A key that another one follows is meant to
// end; so for each kind, the end that counts is that of the instance that lasts longest.

import { LOG_KIND_NAMES } from "../../../shared/logs/kinds.ts";
import { TIMESTAMP_EXPIRY_MS } from "../../../shared/monitor/expiry.ts";
import { unixMs } from "../../../shared/time.ts";
import { parseX509 } from "../../audit/issuers.ts";
import type { Authority, TrustedRoot } from "../../served-log/trusted-root.ts";
import type { TufTarget } from "../../verify/trust.ts";
import type { Journal } from "../journal.ts";

/** Something that ends. */
export interface Expiry {
  /** In words; it tells the thing from all others. */
  readonly what: string;
  readonly notAfter: number;
  /** How early a warning is due at most, in ms: less than the usual limit for what is renewed by itself. */
  readonly mostMs: number;
}

/** An instance of one kind, and its end; null without one. */
interface Instance {
  readonly what: string;
  readonly end: number | null;
}

/** For each kind of a trusted root, the end of the last instance; none for a kind without an end. */
export const listExpiries = (root: TrustedRoot): readonly Expiry[] =>
  [
    ...LOG_KIND_NAMES.map((kind) =>
      root.logs[kind].map(({ baseUrl, end }) => ({ what: `the key of the ${kind} log ${baseUrl}`, end })),
    ),
    root.authorities.map((authority) => toInstance("certificate authority", authority)),
    root.timestampAuthorities.map((authority) => toInstance("timestamp authority", authority)),
  ].flatMap(lastOf);

function lastOf(instances: readonly Instance[]): readonly Expiry[] {
  const endOf = ({ end }: Instance): number => end ?? Number.POSITIVE_INFINITY;
  const [last] = instances.toSorted((a, b) => endOf(b) - endOf(a));
  if (last === undefined || last.end === null) return [];
  return [{ what: last.what, notAfter: last.end, mostMs: Number.POSITIVE_INFINITY }];
}

/** An authority ends with the first certificate of its chain that does. */
function toInstance(kind: string, { chain, end }: Authority): Instance {
  const [issuer] = chain;
  const subject = issuer === undefined ? null : parseX509(issuer.der)?.subject;
  const name = subject?.replaceAll("\n", ", ") ?? "without a name";
  const ends = [...(end === null ? [] : [end]), ...chain.map(({ notAfter }) => notAfter)];
  return { what: `the ${kind} ${name}`, end: Math.min(...ends) };
}

/** The end of a role's metadata. */
export const metadataExpiry = ({ role, notAfter }: TufTarget["expiries"][number]): Expiry => ({
  what: `the TUF metadata ${role}`,
  notAfter,
  mostMs: role === "timestamp" ? TIMESTAMP_EXPIRY_MS : Number.POSITIVE_INFINITY,
});

/** Reports what ends within the limit, or has ended. */
export function reportExpiries(
  journal: Journal,
  expiries: readonly Expiry[],
  { now, limitMs }: { readonly now: number; readonly limitMs: number },
): void {
  for (const { what, notAfter, mostMs } of expiries) {
    if (notAfter - now > Math.min(limitMs, mostMs)) continue;
    journal.reportCondition("expiry.near", { log: null, subject: what }, () => ({ what, notAfter: unixMs(notAfter) }));
  }
}
