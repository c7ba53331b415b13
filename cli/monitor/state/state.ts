// SPDX-License-Identifier: Apache-2.0
// Everything that a monitor remembers between two runs, as one JSON value: its logs with cursor and tree, what is open
// between two logs, which conditions hold, and which events nobody has been told yet. state-file.ts stores it.

import { acceptList, acceptNull, checkMembers, type Guard, type Guards, isText } from "../../../shared/json/guard.ts";
import { isCount, isTexts } from "../../../shared/json/member.ts";
import { isLogKind, type LogKind } from "../../../shared/logs/kinds.ts";
import { decodeEvent, type MonitorEvent } from "../../../shared/monitor/event.ts";
import { decodeOutbox, EMPTY_OUTBOX, type Outbox } from "../../../shared/monitor/outbox.ts";
import { type EdgeText, isEdgeText, isSeenTree, type SeenTree } from "../../served-log/seen-tree.ts";
import { isOpenChecks, NO_OPEN_CHECKS, type OpenChecks } from "../cross-check/open-checks.ts";

/** How far the entries of a log were read. */
export interface Position {
  /** Entries below it were read and matched, or are in a gap. */
  readonly cursor: number;
  /** The tree of the whole bundles below the cursor. */
  readonly tree: EdgeText;
}

/**
 * Entries whose hashes are in the tree, and which could not be read; or which the log's service should have described,
 * and has not.
 */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** Base64, SHA-256 of their leaf hashes: only the entries of the tree can fill the gap. */
  readonly leaves: string;
  readonly reason: string;
  readonly lacks: "entries" | "hints";
}

/** One log. */
export interface LogState {
  readonly url: string;
  readonly kind: LogKind;
  /** It names the log. */
  readonly origin: string;
  readonly vkeys: readonly string[];
  /** The first entry that this monitor reads: 0 unless the first run was told otherwise. */
  readonly from: number;
  /** In ms: the certificates before it were not read. 0 if all were. */
  readonly since: number;
  /** The newest head that extends all earlier ones. */
  readonly head: SeenTree | null;
  /** Below the head, with the root of the head where it is as far as the head. */
  readonly position: Position;
  /** How far an interrupted run came. No head has confirmed its tree yet. */
  readonly progress: Position | null;
  readonly gaps: readonly Gap[];
  /** The size at which the log was frozen; null while it grows. */
  readonly frozenSize: number | null;
  /** In ms: when a pass first saw a head of this size; null before the first head. */
  readonly grewAt: number | null;
  /** In ms: the time of the newest head whose entries were all read or tried; null before it. */
  readonly caughtUpAt: number | null;
}

/** A condition that holds since some time: it is told once, and again when it is over. */
export interface Condition {
  /** Kind and subject: `log.unreachable sign.example.com`. */
  readonly name: string;
  readonly since: number;
  readonly event: MonitorEvent;
}

/** The state. */
export interface MonitorState {
  /** The URL that the monitor was started with. */
  readonly url: string;
  /** The TUF root that the first run has pinned; null for other sources of trust. */
  readonly tufRoot: string | null;
  readonly logs: readonly LogState[];
  readonly open: OpenChecks;
  readonly conditions: readonly Condition[];
  /** Events that were not printed yet. */
  readonly unreported: readonly MonitorEvent[];
  /** The exit code that is due for events of a run that did not end. */
  readonly due: number;
  /** Events on their way to the channels. */
  readonly outbox: Outbox;
}

/** The state of a monitor that has seen nothing. */
export const emptyState = (url: string): MonitorState => ({
  url,
  tufRoot: null,
  logs: [],
  open: NO_OPEN_CHECKS,
  conditions: [],
  unreported: [],
  due: 0,
  outbox: EMPTY_OUTBOX,
});

const isEvent: Guard<MonitorEvent> = (json): json is MonitorEvent => decodeEvent(json) !== null;

const isGap = checkMembers<Gap>({
  from: isCount,
  to: isCount,
  leaves: isText,
  reason: isText,
  lacks: (json): json is Gap["lacks"] => json === "entries" || json === "hints",
});

const isPosition = checkMembers<Position>({ cursor: isCount, tree: isEdgeText });

const isLogState = checkMembers<LogState>({
  url: isText,
  kind: isLogKind,
  origin: isText,
  vkeys: isTexts,
  from: isCount,
  since: isCount,
  head: acceptNull(isSeenTree),
  position: isPosition,
  progress: acceptNull(isPosition),
  gaps: acceptList(isGap),
  frozenSize: acceptNull(isCount),
  grewAt: acceptNull(isCount),
  caughtUpAt: acceptNull(isCount),
});

const isOutbox: Guard<Outbox> = (json): json is Outbox => decodeOutbox(json) !== null;

/** A guard for each member. */
export const STATE_MEMBERS: Guards<MonitorState> = {
  url: isText,
  tufRoot: acceptNull(isText),
  logs: acceptList(isLogState),
  open: isOpenChecks,
  conditions: acceptList(checkMembers<Condition>({ name: isText, since: isCount, event: isEvent })),
  unreported: acceptList(isEvent),
  due: isCount,
  outbox: isOutbox,
};
