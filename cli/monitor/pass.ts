// SPDX-License-Identifier: Apache-2.0
// One pass over all logs. They are read side by side in the order of their times, for the cross-check; a log that fails
// holds up no other. The trusted root is read again at the end: a shard that was opened meanwhile is read in the same
// pass, so that no seam stays unscanned.

import { LOG_KINDS, type LogKind } from "../../shared/logs/kinds.ts";
import type { MonitorEvent } from "../../shared/monitor/event.ts";
import type { Result } from "../../shared/result.ts";
import type { Coverage } from "./coverage.ts";
import { CrossCheck } from "./cross-check/cross-check.ts";
import type { Journal } from "./journal.ts";
import type { ScanContext } from "./scan/context.ts";
import { reportExpiries } from "./scan/expiry.ts";
import { type FirstEntry, LogScan } from "./scan/log-scan.ts";
import { ownAuthorities } from "./scan/own-authority.ts";
import { joinTargets, NOTHING_LISTED, type Targets } from "./scan/targets.ts";
import { isHeartbeat } from "./signals/heartbeat.ts";

/** The parts of a pass. */
export interface PassParts extends Omit<ScanContext, "crossCheck" | "authorities"> {
  /** Whether a selector asks which authority issued a certificate. */
  readonly needsAuthority: boolean;
  /** Reads which logs there are. The error is a line for the operator. */
  readonly findTargets: () => Promise<Result<Targets, string>>;
  /** Where the very first pass begins. */
  readonly first: FirstEntry;
  /** How long after a certificate its first use is due. */
  readonly graceMs: number;
  readonly onProgress: (done: number, total: number) => void;
  /** Whether the pass should end early. */
  readonly isStopped: () => boolean;
}

/** A trusted root that opens shards without end must not keep a pass from its end. */
const MAX_ROUNDS = 8;

/** Runs a pass. Everything that it finds is in the journal. */
export async function runPass(parts: PassParts): Promise<readonly Coverage[]> {
  const { journal } = parts;
  const first = journal.state.logs.length === 0 ? parts.first : 0;
  const scans: LogScan[] = [];
  let isTrustRead = false;
  for (let round = 0; round < MAX_ROUNDS && !parts.isStopped(); round++) {
    const { started, isListed } = await startScans(parts, round === 0 ? first : 0, scans);
    isTrustRead = isListed;
    if (started === 0) break;
  }
  if (!parts.isStopped()) await Promise.all(scans.map((scan) => scan.reportLag()));
  journal.endConditions((event) => isLookedAt(event, { scans, isTrustRead, journal }));
  journal.save();
  journal.collectWith(() => ({}));
  return scans.map(({ coverage }) => coverage);
}

interface LookedAt {
  readonly scans: readonly LogScan[];
  /** Whether the trusted root was read at the end of the pass. */
  readonly isTrustRead: boolean;
  readonly journal: Journal;
}

/** Whether a pass has looked at the cause of an event, so that it is gone if the pass did not find it. */
function isLookedAt(event: MonitorEvent, { scans, isTrustRead, journal }: LookedAt): boolean {
  const { kind, log } = event;
  if (kind === "expiry.near") return isTrustRead;
  if (log === null) return !isHeartbeat(event);
  const scan = scans.find((one) => one.log.origin === log);
  if (scan === undefined) return !journal.state.logs.some(({ origin }) => origin === log);
  return BEHIND_THE_HEAD.has(kind) ? scan.isJudged : true;
}

/** Only a pass over the log's entries finds these. */
const BEHIND_THE_HEAD: ReadonlySet<MonitorEvent["kind"]> = new Set([
  "log.stalled",
  "log.gap",
  "witness.lost",
  "monitor.lagging",
]);

/** A round of a pass. */
interface Round {
  /** How many logs it has scanned. */
  readonly started: number;
  readonly isListed: boolean;
}

/** Finds the logs, and scans those that this pass has not scanned yet. */
async function startScans(parts: PassParts, first: FirstEntry, scans: LogScan[]): Promise<Round> {
  const { journal } = parts;
  const targets = await parts.findTargets();
  if (!targets.ok) {
    const reason = targets.error;
    journal.reportCondition("log.unreachable", { log: null, subject: "trust" }, (since) => ({ since, reason }));
  }
  const found: Targets = targets.ok ? targets.value : { ...NOTHING_LISTED, logs: targetsOfState(journal) };
  const scanned = new Set(scans.map(({ log }) => log.origin));
  const { logs, authorities, expiries } = found;
  reportExpiries(journal, expiries, { now: parts.now(), limitMs: parts.limits.expiryMs });
  if (parts.needsAuthority && authorities.length === 0) {
    const reason = "no certificate authority of a trusted root is known, and a selector compares with it";
    journal.reportCondition("log.unreachable", { log: null, subject: "authorities" }, (since) => ({ since, reason }));
  }
  const known = joinTargets(found, journal).filter(({ log }) => !scanned.has(log.origin));
  if (known.length === 0) return { started: 0, isListed: targets.ok };
  journal.save();
  const crossCheck = makeCrossCheck(
    parts,
    logs.map(({ kind }) => kind),
  );
  if (crossCheck !== null) journal.collectWith(() => ({ open: crossCheck.open }));
  const context: ScanContext = { ...parts, crossCheck, authorities: ownAuthorities(authorities) };
  const started = known.map(({ log, isNew }) => new LogScan(log, context, isNew ? first : 0));
  scans.push(...started);
  await Promise.all(started.map((scan) => scan.open()));
  await readSideBySide(parts, scans, crossCheck);
  return { started: started.length, isListed: targets.ok };
}

/** Without a trusted root, the logs that are known are watched with the keys that are known. */
const targetsOfState = ({ state }: Journal): Targets["logs"] =>
  state.logs.map(({ url, kind, origin, vkeys }) => ({ url, kind, origin, vkeys, isEnded: false }));

function makeCrossCheck({ journal, crossChecked, graceMs }: PassParts, kinds: readonly LogKind[]): CrossCheck | null {
  const hasBoth = kinds.some((kind) => LOG_KINDS[kind].isRekor) && kinds.some((kind) => !LOG_KINDS[kind].isRekor);
  return crossChecked === "off" || !hasBoth ? null : new CrossCheck(journal.state.open, graceMs);
}

/** Reads bundle by bundle, always of the log whose time is behind the others'. */
async function readSideBySide(
  { journal, onProgress, isStopped }: PassParts,
  scans: readonly LogScan[],
  crossCheck: CrossCheck | null,
): Promise<void> {
  for (;;) {
    const open = scans.filter(({ isDone }) => !isDone);
    const behind = open.reduce<LogScan | null>((least, scan) => (isBehind(scan, least) ? scan : least), null);
    if (behind === null || isStopped()) break;
    await behind.readNext();
    settle(journal, scans, crossCheck);
    journal.saveOccasionally();
    onProgress(sum(scans.map(({ cursor }) => cursor)), sum(scans.map(({ size }) => size)));
  }
  settle(journal, scans, crossCheck);
}

/** Certificates first: an entry comes after its certificate. */
const isBehind = (scan: LogScan, least: LogScan | null): boolean =>
  least === null || scan.clock < least.clock || (scan.clock === least.clock && !LOG_KINDS[scan.log.kind].isRekor);

function settle(journal: Journal, scans: readonly LogScan[], crossCheck: CrossCheck | null): void {
  if (crossCheck === null) return;
  // A certificate may be used in any log of signatures, whichever protocol it has.
  const clockOf = (isRekor: boolean): number =>
    Math.min(...scans.filter(({ log }) => LOG_KINDS[log.kind].isRekor === isRekor).map(({ clock }) => clock));
  const clocks = { certificate: clockOf(false), signature: clockOf(true) };
  for (const { kind, origin, entry } of crossCheck.settle(clocks)) {
    if (kind === "certificate.unused") journal.raise(kind, origin, { entry, minutes: crossCheck.graceMinutes });
    else journal.raise(kind, origin, { entry });
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
