// SPDX-License-Identifier: Apache-2.0
// Which logs a pass reads: one that the caller's keys name, or every log of a trusted root, shards included. Compares
// them with the logs that the state knows: a new shard is read from its first entry, one that is no longer listed is a
// gap, and another key is an event.

import type { LogKind } from "../../../shared/logs/kinds.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { type ListedLog, listTrustedLogs, logOfVkeys } from "../../served-log/trust.ts";
import type { Authority, TrustedRoot } from "../../served-log/trusted-root.ts";
import type { Journal } from "../journal.ts";
import type { LogState } from "../state/state.ts";
import { type Expiry, listExpiries } from "./expiry.ts";
import { FIRST_POSITION } from "./first-position.ts";

/** A log to watch. */
export interface Target {
  readonly url: string;
  readonly kind: LogKind;
  readonly origin: string;
  readonly vkeys: readonly string[];
  /** Whether the trust in its keys has ended: such a log must not grow. */
  readonly isEnded: boolean;
}

/** The logs, and what the source says beside them. */
export interface Targets {
  readonly logs: readonly Target[];
  readonly authorities: readonly Authority[];
  /** Logs that are listed without a key that can be used. */
  readonly unusable: readonly { readonly url: string; readonly reason: string }[];
  /** The ends of the trusted root's keys and authorities, and of TUF metadata. */
  readonly expiries: readonly Expiry[];
  /** Whether somebody vouches for new keys: on first use, the server itself listed the first ones. */
  readonly isVouchedFor: boolean;
}

/** The targets of a source that lists none. */
export const NOTHING_LISTED: Targets = { logs: [], authorities: [], unusable: [], expiries: [], isVouchedFor: false };

/** The target that verifier keys name. */
export function targetOfKeys(url: string, vkeys: readonly string[], kind: LogKind | null): Result<Targets, string> {
  const log = logOfVkeys(url, vkeys, kind);
  if (!log.ok) return log;
  return ok({ ...NOTHING_LISTED, logs: [{ ...log.value, isEnded: false }], isVouchedFor: true });
}

/** The targets of a trusted root. @param only URLs of the logs to watch; none for all */
export function targetsOfRoot(
  root: TrustedRoot,
  {
    only,
    now,
    isVouchedFor,
  }: { readonly only: readonly string[]; readonly now: number; readonly isVouchedFor: boolean },
): Targets {
  const isChosen = ({ url }: ListedLog): boolean => only.length === 0 || only.includes(url);
  const logs: Target[] = [];
  const unusable: Targets["unusable"][number][] = [];
  for (const { url, log, end } of listTrustedLogs(root).filter(isChosen)) {
    if (log.ok) logs.push({ ...log.value, isEnded: end !== null && end < now });
    else unusable.push({ url, reason: log.error });
  }
  return { logs, authorities: root.authorities, unusable, expiries: listExpiries(root), isVouchedFor };
}

/** The state of a log that was never read. */
const firstState = ({ url, kind, origin, vkeys }: Target): LogState => ({
  url,
  kind,
  origin,
  vkeys,
  from: 0,
  since: 0,
  head: null,
  position: FIRST_POSITION,
  progress: null,
  gaps: [],
  frozenSize: null,
  grewAt: null,
  caughtUpAt: null,
});

/** A log to read, and whether earlier passes knew it. */
export interface KnownTarget {
  readonly log: LogState;
  readonly isNew: boolean;
}

/** Joins targets with the state. Returns every log to read: those that are no longer listed are still watched. */
export function joinTargets(targets: Targets, journal: Journal): readonly KnownTarget[] {
  const { logs: known } = journal.state;
  const listed = targets.logs.map((target) => joinTarget(target, targets, known, journal));
  for (const { url, reason } of targets.unusable) {
    journal.reportCondition("log.unreachable", { log: null, subject: url }, (since) => ({
      since,
      reason: `${url}: ${reason}`,
    }));
  }
  const isListed = ({ origin }: LogState): boolean => targets.logs.some((target) => target.origin === origin);
  const vanished = known.filter((log) => !isListed(log));
  for (const { origin, url, position, head } of vanished) {
    const reason = `the trusted root no longer lists ${url}; if that is right, give --forget ${origin}`;
    const range = { from: position.cursor, to: head?.size ?? position.cursor };
    journal.reportCondition("log.gap", { log: origin, subject: "vanished" }, () => ({ ...range, reason }));
  }
  return [...listed, ...vanished.map((log) => ({ log, isNew: false }))];
}

function joinTarget(
  target: Target,
  { isVouchedFor }: Targets,
  known: readonly LogState[],
  journal: Journal,
): KnownTarget {
  const log = known.find(({ origin }) => origin === target.origin);
  if (log === undefined) {
    if (known.some(({ kind }) => kind === target.kind))
      journal.raise("shard.rotated", target.origin, { next: target.url });
    return { log: firstState(target), isNew: true };
  }
  const vkeys = judgeKeys(target, isVouchedFor, log, journal);
  const frozenSize = log.frozenSize ?? (target.isEnded ? (log.head?.size ?? null) : null);
  const joined = { ...log, url: target.url, vkeys, frozenSize };
  journal.updateLog(joined);
  return { log: joined, isNew: false };
}

/** The keys to trust from now on. */
function judgeKeys(target: Target, isVouchedFor: boolean, log: LogState, journal: Journal): readonly string[] {
  const isSame = target.vkeys.length === log.vkeys.length && target.vkeys.every((vkey) => log.vkeys.includes(vkey));
  if (isSame) return log.vkeys;
  const details = { former: log.vkeys.join(", "), latter: target.vkeys.join(", ") };
  if (isVouchedFor) {
    journal.raise("key.changed", log.origin, details);
    return target.vkeys;
  }
  // Nobody vouches for what the server lists; the pinned keys stay.
  journal.reportCondition("key.changed", { log: log.origin, subject: "listed" }, () => details);
  return log.vkeys;
}
