// SPDX-License-Identifier: Apache-2.0
// Events of every kind.

import type fc from "fast-check";
import { type EventEntry, type MonitorEvent, makeEvent } from "../../../shared/monitor/event.ts";
import { unixMs } from "../../../shared/time.ts";

const AT = unixMs(1_800_000_000_000);
const LOG = "log.example";

export const ENTRY: EventEntry = {
  index: 12,
  what: "signature",
  loggedAt: null,
  identity: "alice@example.org",
  issuer: null,
  digests: [],
  publicKey: "00",
  certificate: null,
  repository: null,
  workflow: null,
  ref: null,
  run: null,
};

const match = { selector: "me", entry: ENTRY, why: "the identity is alice@example.org", differences: [] };
const one = { size: 4, root: "AAAA" };
const other = { size: 4, root: "BBBB" };
const base = { at: AT, log: LOG };

/** An event of each kind. */
export const eventsOfEveryKind: readonly MonitorEvent[] = [
  makeEvent("match.unexpected", { ...base, details: match }),
  makeEvent("match.expected", { ...base, details: match }),
  makeEvent("entry.unparseable", { ...base, details: { index: 5, problem: { code: "watched_record_invalid" } } }),
  makeEvent("log.inconsistent", {
    ...base,
    details: { former: one, latter: other, reason: "two roots of one size", evidence: "evidence.json" },
  }),
  makeEvent("shard.inactive_grew", { ...base, details: { frozenSize: 4, size: 5, evidence: null } }),
  makeEvent("witness.equivocated", { ...base, details: { witness: "w.example", heads: [one, other], evidence: null } }),
  makeEvent("key.changed", { ...base, details: { former: "a", latter: "b" } }),
  makeEvent("certificate.unused", { ...base, details: { entry: ENTRY, minutes: 30 } }),
  makeEvent("certificate.unlogged", { ...base, details: { entry: ENTRY } }),
  makeEvent("log.unreachable", { ...base, details: { since: AT, reason: "no answer" } }),
  makeEvent("log.stalled", { ...base, details: { since: AT, size: 4, reason: "it is full" } }),
  makeEvent("log.gap", { ...base, details: { from: 4, to: 9, reason: "404" } }),
  makeEvent("witness.lost", { ...base, details: { witness: "w.example", since: AT } }),
  makeEvent("monitor.lagging", { ...base, details: { since: AT, entries: 9, seconds: 60 } }),
  makeEvent("shard.rotated", { ...base, details: { next: "log2.example" } }),
  makeEvent("expiry.near", { ...base, details: { what: "the timestamp authority", notAfter: AT } }),
  makeEvent("trust.problem", { at: AT, log: null, details: { since: AT, problem: "tuf_root cannot be renewed" } }),
  makeEvent("backlog", { at: AT, log: null, details: { what: "entries without a search row", since: AT, count: 3 } }),
  makeEvent("delivery.failed", { at: AT, log: null, details: { channel: "x", since: AT, reason: "503", pending: 2 } }),
  makeEvent("recovered", { ...base, details: { key: "log.stalled/x", kind: "log.stalled", since: AT } }),
];

/** An expected match of an entry by somebody with such a name. */
export const toNamedEvent = (identity: fc.Arbitrary<string>): fc.Arbitrary<MonitorEvent> =>
  identity.map((name) =>
    makeEvent("match.expected", { ...base, details: { ...match, entry: { ...ENTRY, identity: name } } }),
  );

/** The n-th unexpected match. */
export const matchNumber = (index: number): MonitorEvent =>
  makeEvent("match.unexpected", { ...base, details: { ...match, entry: { ...ENTRY, index } } });

/** The n-th outage. */
export const outageNumber = (n: number): MonitorEvent =>
  makeEvent("log.unreachable", { ...base, details: { since: unixMs(AT + n), reason: "no answer" } });
