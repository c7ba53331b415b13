// SPDX-License-Identifier: Apache-2.0
// The events of a monitor. Those of security say that somebody signed in a name, or that a log or a witness misbehaved;
// those of infrastructure say that something must be mended. Neither kind ever waits for the other.

import { member } from "../json/member.ts";
import { parseUnixMs, type UnixMs } from "../time.ts";
import type { EntryProblem } from "./entry.ts";

/** The entry that an event is about, in the fields that a person asks for first. */
export interface EventEntry {
  readonly index: number;
  readonly what: "signature" | "attestation" | "certificate";
  /** When it was logged; null if the log does not say. */
  readonly loggedAt: UnixMs | null;
  /** The first subjectAltName; null for a bare key. */
  readonly identity: string | null;
  readonly issuer: string | null;
  /** `<algorithm>:<hex>`; the first few. */
  readonly digests: readonly string[];
  /** Hex SHA-256 of the SubjectPublicKeyInfo. */
  readonly publicKey: string;
  /** Hex SHA-256 of the certificate; null for a bare key. */
  readonly certificate: string | null;
  readonly repository: string | null;
  readonly workflow: string | null;
  readonly ref: string | null;
  readonly run: string | null;
}

/** An entry that a selector chose. */
interface MatchDetails {
  /** SelectorConfig.id. */
  readonly selector: string;
  readonly entry: EventEntry;
  /** In words: `the name is alice@example.org`. */
  readonly why: string;
  /** In words, where it differs from what the selector expects; none if it does not, or if nothing is expected. */
  readonly differences: readonly string[];
}

/** A signed head of a log: its size, and its root in base64. */
interface EventHead {
  readonly size: number;
  readonly root: string;
}

/** Kind → details, of the events about security. */
interface SecurityDetails {
  readonly "match.unexpected": MatchDetails;
  readonly "match.expected": MatchDetails;
  readonly "entry.unparseable": { readonly index: number; readonly problem: EntryProblem };
  /** Two heads that no append-only log signs, or an entry that its head does not cover. */
  readonly "log.inconsistent": {
    readonly former: EventHead | null;
    readonly latter: EventHead;
    /** In words. */
    readonly reason: string;
    /** Path of the file that a third party can verify; null if none could be written. */
    readonly evidence: string | null;
  };
  readonly "shard.inactive_grew": {
    readonly frozenSize: number;
    readonly size: number;
    readonly evidence: string | null;
  };
  readonly "witness.equivocated": {
    readonly witness: string;
    readonly heads: readonly [EventHead, EventHead];
    readonly evidence: string | null;
  };
  readonly "key.changed": { readonly former: string; readonly latter: string };
  /** A certificate that no entry used within so many minutes. */
  readonly "certificate.unused": { readonly entry: EventEntry; readonly minutes: number };
  /** An entry whose certificate is in no certificate log. */
  readonly "certificate.unlogged": { readonly entry: EventEntry };
}

/** Kind → details, of the events about infrastructure. `since` tells one outage from the next. */
interface InfrastructureDetails {
  readonly "log.unreachable": { readonly since: UnixMs; readonly reason: string };
  readonly "log.stalled": { readonly since: UnixMs; readonly size: number; readonly reason?: string };
  /** Entries that could not be read. */
  readonly "log.gap": { readonly from: number; readonly to: number; readonly reason: string };
  readonly "witness.lost": { readonly witness: string; readonly since: UnixMs };
  readonly "monitor.lagging": { readonly since: UnixMs; readonly entries: number; readonly seconds: number };
  readonly "shard.rotated": { readonly next: string };
  readonly "expiry.near": { readonly what: string; readonly notAfter: UnixMs };
  /** Something that cannot be renewed, is retired and still in use, or differs from what is signed. */
  readonly "trust.problem": { readonly since: UnixMs; readonly problem: string };
  readonly backlog: { readonly what: string; readonly since: UnixMs; readonly count: number };
  readonly "delivery.failed": {
    readonly channel: string;
    readonly since: UnixMs;
    readonly reason: string;
    readonly pending: number;
  };
  /** The cause of an earlier event is gone. */
  readonly recovered: { readonly key: string; readonly kind: InfrastructureKind; readonly since: UnixMs };
}

type SecurityKind = keyof SecurityDetails;
type InfrastructureKind = keyof InfrastructureDetails;
export type EventKind = SecurityKind | InfrastructureKind;
type EventDetails = SecurityDetails & InfrastructureDetails;

/** One event of one kind. */
export interface EventOf<Kind extends EventKind> {
  readonly kind: Kind;
  /** Which channels it goes to. */
  readonly class: Kind extends SecurityKind ? "security" : "infrastructure";
  /** The same cause gives the same key, so that receivers drop what they have. */
  readonly key: string;
  readonly at: UnixMs;
  /** The origin of the log's checkpoints; null if it is about no log. */
  readonly log: string | null;
  readonly details: EventDetails[Kind];
}

type SecurityEvent = { [Kind in SecurityKind]: EventOf<Kind> }[SecurityKind];
type InfrastructureEvent = { [Kind in InfrastructureKind]: EventOf<Kind> }[InfrastructureKind];
export type MonitorEvent = SecurityEvent | InfrastructureEvent;

/** Kind → class, of every kind. */
const CLASSES: { readonly [Kind in EventKind]: EventOf<Kind>["class"] } = {
  "match.unexpected": "security",
  "match.expected": "security",
  "entry.unparseable": "security",
  "log.inconsistent": "security",
  "shard.inactive_grew": "security",
  "witness.equivocated": "security",
  "key.changed": "security",
  "certificate.unused": "security",
  "certificate.unlogged": "security",
  "log.unreachable": "infrastructure",
  "log.stalled": "infrastructure",
  "log.gap": "infrastructure",
  "witness.lost": "infrastructure",
  "monitor.lagging": "infrastructure",
  "shard.rotated": "infrastructure",
  "expiry.near": "infrastructure",
  "trust.problem": "infrastructure",
  backlog: "infrastructure",
  "delivery.failed": "infrastructure",
  recovered: "infrastructure",
};

/** Every kind. */
export const EVENT_KINDS = Object.keys(CLASSES) as readonly EventKind[];

const isEventKind = (word: unknown): word is EventKind => typeof word === "string" && Object.hasOwn(CLASSES, word);

/** Makes an event with its class and key. */
export function makeEvent<Kind extends EventKind>(
  kind: Kind,
  { at, log, details }: Pick<EventOf<Kind>, "at" | "log" | "details">,
): EventOf<Kind> {
  const key = [kind, ...CAUSES[kind](details, log ?? "")].map(encodePart).join("/");
  return { kind, class: CLASSES[kind], key, at, log, details };
}

/** Selectors, origins and channels may hold a slash; two causes must not share a key. */
const encodePart = (part: string | number): string => encodeURIComponent(part);

type Cause<Kind extends EventKind> = (details: EventDetails[Kind], log: string) => readonly (string | number)[];

/** Kind → what makes two events the same. */
const CAUSES: { readonly [Kind in EventKind]: Cause<Kind> } = {
  "match.unexpected": ({ selector, entry }, log) => [selector, log, entry.index],
  "match.expected": ({ selector, entry }, log) => [selector, log, entry.index],
  "entry.unparseable": ({ index }, log) => [log, index],
  "log.inconsistent": ({ latter }, log) => [log, latter.size, latter.root],
  "shard.inactive_grew": ({ size }, log) => [log, size],
  "witness.equivocated": ({ witness, heads }, log) => [log, witness, heads[0].size],
  "key.changed": ({ former, latter }, log) => [log, former, latter],
  "certificate.unused": ({ entry }, log) => [log, entry.index],
  "certificate.unlogged": ({ entry }, log) => [log, entry.index],
  "log.unreachable": ({ since }, log) => [log, since],
  "log.stalled": ({ since }, log) => [log, since],
  // A gap that grows is the same gap.
  "log.gap": ({ from }, log) => [log, from],
  "witness.lost": ({ witness, since }, log) => [log, witness, since],
  "monitor.lagging": ({ since }, log) => [log, since],
  "shard.rotated": ({ next }, log) => [log, next],
  "expiry.near": ({ what, notAfter }) => [what, notAfter],
  "trust.problem": ({ problem, since }) => [problem, since],
  backlog: ({ what, since }) => [what, since],
  "delivery.failed": ({ channel, since }) => [channel, since],
  recovered: ({ key }) => [key],
};

/**
 * Decodes a stored event; null if it is not of this form. Checks what delivery needs, not the details: they come from
 * a file that only the monitor writes.
 */
export function decodeEvent(json: unknown): MonitorEvent | null {
  const kind = member(json, "kind");
  const key = member(json, "key");
  const at = parseUnixMs(member(json, "at"));
  const log = member(json, "log");
  const details = member(json, "details");
  if (!isEventKind(kind) || typeof key !== "string" || at === null) return null;
  if ((log !== null && typeof log !== "string") || typeof details !== "object" || details === null) return null;
  return { kind, class: CLASSES[kind], key, at, log, details } as MonitorEvent;
}
