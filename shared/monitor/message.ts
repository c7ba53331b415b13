// SPDX-License-Identifier: Apache-2.0
// An event in words, and as JSON for programs. Names in it were chosen by strangers: a reader shows them as text, and
// none of them may break a header, a line, a link or a code block.

import { formatRfc3339, type UnixMs } from "../time.ts";
import type { EventEntry, EventKind, EventOf, MonitorEvent } from "./event.ts";

/** An event for people. */
export interface EventMessage {
  /** One line without control characters, at most 200 characters. */
  readonly subject: string;
  /** Lines of plain text: what happened, its details, what to do. */
  readonly text: string;
}

/** The words of an event: a title, details as pairs, and advice. */
interface Words {
  readonly subject: string;
  readonly rows: readonly (readonly [string, string | null])[];
  readonly advice: string;
}

/** Describes an event for people. */
export function describeEvent(event: MonitorEvent): EventMessage {
  const { subject, rows, advice } = wordsOf(event);
  const all = [...rows, ["log", event.log], ["seen", formatRfc3339(event.at)], ["key", event.key]] as const;
  const lines = all.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${toLine(value, MAX_VALUE_CHARS)}`]));
  const head = toLine(subject, MAX_SUBJECT_CHARS);
  return { subject: head, text: [head, "", ...lines, "", advice, ""].join("\n") };
}

const MAX_SUBJECT_CHARS = 200;
const MAX_VALUE_CHARS = 1000;

/** Control characters, and those that change the direction of the text around them (UAX #9). */
const UNSHOWN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function toLine(text: string, maxChars: number): string {
  const line = text.replace(UNSHOWN, "\ufffd").toWellFormed();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1).toWellFormed()}…`;
}

const wordsOf = (event: MonitorEvent): Words => (WORDS[event.kind] as (one: MonitorEvent) => Words)(event);

const nameOf = ({ identity, publicKey }: EventEntry): string => identity ?? `the key ${publicKey.slice(0, 16)}…`;

const timeOf = (at: UnixMs | null): string | null => (at === null ? null : formatRfc3339(at));

/** A digest is its submitter's word: a signature over any digest verifies with a key that is made for it. */
const KINDS: Readonly<Record<EventEntry["what"], string>> = {
  signature: "signature of a digest; not matched to a file",
  attestation: "attestation; matched to its statement",
  certificate: "certificate",
};

const rowsOf = (entry: EventEntry): Words["rows"] => [
  ["entry", String(entry.index)],
  ["kind", KINDS[entry.what]],
  ["logged", timeOf(entry.loggedAt)],
  ["identity", entry.identity],
  ["issuer", entry.issuer],
  ["repository", entry.repository],
  ["workflow", entry.workflow],
  ["ref", entry.ref],
  ["run", entry.run],
  ["digest", entry.digests.length === 0 ? null : entry.digests.join(", ")],
  ["certificate", entry.certificate],
  ["key of the signer", entry.publicKey],
];

const CHECK_ENTRY =
  "If you do not know this entry, somebody can sign in this name. Find out how they got the token or the key, " +
  "and tell those who verify the artifact.";

const MISBEHAVED =
  "The log or the witness broke its promise. Do not rely on it, keep the evidence, and tell its operator " +
  "and other monitors.";

const WORDS: { readonly [Kind in EventKind]: (event: EventOf<Kind>) => Words } = {
  "match.unexpected": ({ details: { entry, selector, why, differences } }) => ({
    subject: `Unexpected ${entry.what} by ${nameOf(entry)}`,
    rows: [
      ["selector", selector],
      ["because", why],
      ["not expected", differences.length === 0 ? null : differences.join("; ")],
      ...rowsOf(entry),
    ],
    advice: CHECK_ENTRY,
  }),
  "match.expected": ({ details: { entry, selector, why } }) => ({
    subject: `Expected ${entry.what} by ${nameOf(entry)}`,
    rows: [["selector", selector], ["because", why], ...rowsOf(entry)],
    advice: "It fits a baseline of its selector: nothing to do.",
  }),
  "entry.unparseable": ({ details: { index, problem } }) => ({
    subject: `Entry ${index} cannot be read`,
    rows: [
      ["entry", String(index)],
      ["problem", Object.values(problem).join(": ")],
    ],
    advice: "Nobody can tell whether it is in your name. Look at the entry, and ask the log's operator.",
  }),
  "log.inconsistent": ({ log, details: { former, latter, reason, evidence } }) => ({
    subject: `The log ${log} is inconsistent`,
    rows: [
      ["reason", reason],
      ["former head", former === null ? null : `${former.size} ${former.root}`],
      ["latter head", `${latter.size} ${latter.root}`],
      ["evidence", evidence],
    ],
    advice: MISBEHAVED,
  }),
  "shard.inactive_grew": ({ log, details: { frozenSize, size, evidence } }) => ({
    subject: `The frozen log ${log} grew`,
    rows: [
      ["frozen at", String(frozenSize)],
      ["size", String(size)],
      ["evidence", evidence],
    ],
    advice: MISBEHAVED,
  }),
  "witness.equivocated": ({ log, details: { witness, heads, evidence } }) => ({
    subject: `The witness ${witness} signed two histories of ${log}`,
    rows: [
      ["witness", witness],
      ["one head", `${heads[0].size} ${heads[0].root}`],
      ["other head", `${heads[1].size} ${heads[1].root}`],
      ["evidence", evidence],
    ],
    advice: MISBEHAVED,
  }),
  "key.changed": ({ log, details: { former, latter } }) => ({
    subject: `The key of the log ${log} changed`,
    rows: [
      ["former key", former],
      ["latter key", latter],
    ],
    advice: "Ask the operator, on another way than the log, whether they replaced it.",
  }),
  "certificate.unused": ({ details: { entry, minutes } }) => ({
    subject: `No signature uses the certificate of ${nameOf(entry)}`,
    rows: [["within", `${minutes} minutes`], ...rowsOf(entry)],
    advice: `Whoever asked for it signed something that no log shows: the trace of a stolen token. ${CHECK_ENTRY}`,
  }),
  "certificate.unlogged": ({ details: { entry } }) => ({
    subject: `The certificate of ${nameOf(entry)} is in no certificate log`,
    rows: rowsOf(entry),
    advice: "The authority issued it without logging it, or somebody else issued it. Ask its operator.",
  }),
  "log.unreachable": ({ log, details: { since, reason } }) => ({
    subject: log === null ? "The list of the logs cannot be read" : `The log ${log} cannot be reached`,
    rows: [
      ["since", timeOf(since)],
      ["reason", reason],
    ],
    advice: "Entries are not checked until it answers. The monitor tries again by itself.",
  }),
  "log.stalled": ({ log, details: { since, size, reason } }) => ({
    subject: `The log ${log} does not grow`,
    rows: [
      ["since", timeOf(since)],
      ["reason", reason ?? null],
      ["size", String(size)],
    ],
    advice: "Ask its operator whether it takes entries.",
  }),
  "log.gap": ({ log, details: { from, to, reason } }) => ({
    subject: `Entries ${from} to ${to - 1} of ${log} were not read`,
    rows: [
      ["from", String(from)],
      ["before", String(to)],
      ["reason", reason],
    ],
    advice: "The monitor tries them again. Until then, nobody knows what they hold.",
  }),
  "witness.lost": ({ log, details: { witness, since } }) => ({
    subject: `The witness ${witness} no longer cosigns ${log}`,
    rows: [
      ["witness", witness],
      ["since", timeOf(since)],
    ],
    advice: "Ask the operators of the witness and of the log.",
  }),
  "monitor.lagging": ({ log, details: { since, entries, seconds } }) => ({
    subject: `The monitor is behind the log ${log}`,
    rows: [
      ["since", timeOf(since)],
      ["entries behind", String(entries)],
      ["seconds behind", String(seconds)],
    ],
    advice: "Run it more often, or nearer to the log.",
  }),
  "shard.rotated": ({ log, details: { next } }) => ({
    subject: `A new shard follows the log ${log}`,
    rows: [["next", next]],
    advice: "The monitor follows it: nothing to do.",
  }),
  "expiry.near": ({ details: { what, notAfter } }) => ({
    subject: `${what} expires on ${formatRfc3339(notAfter)}`,
    rows: [["expires", formatRfc3339(notAfter)]],
    advice: "Renew it before.",
  }),
  "trust.problem": ({ details: { since, problem } }) => ({
    subject: `Trust: ${problem}`,
    rows: [
      ["since", timeOf(since)],
      ["problem", problem],
    ],
    advice: "Clients stop trusting the deployment if nobody acts. /healthz says the same until it is mended.",
  }),
  backlog: ({ details: { what, since, count } }) => ({
    subject: `Backlog: ${count} of ${what}`,
    rows: [
      ["since", timeOf(since)],
      ["count", String(count)],
    ],
    advice: "Look at the health page and the logs of the service.",
  }),
  "delivery.failed": ({ details: { channel, since, reason, pending } }) => ({
    subject: `The channel ${channel} takes no events`,
    rows: [
      ["since", timeOf(since)],
      ["reason", reason],
      ["events that wait", String(pending)],
    ],
    advice: "Mend the channel or its configuration. Events that wait are kept, and delivered then.",
  }),
  recovered: ({ details: { key, kind, since } }) => ({
    subject: `Recovered: ${kind}`,
    rows: [
      ["event", key],
      ["since", timeOf(since)],
    ],
    advice: "Nothing to do.",
  }),
};

/** The JSON of an event. The members type, timestamp and data are those that Standard Webhooks recommends. */
export const toEventJson = ({ kind, class: of, key, at, log, details }: MonitorEvent): string =>
  JSON.stringify({ type: kind, timestamp: formatRfc3339(at), key, class: of, log, data: details });

/** Slack counts 40,000 characters of `text`; other receivers of its form take less. */
const MAX_CHAT_CHARS = 3000;

/**
 * The JSON of an event for an incoming webhook of Slack, and of services that take its form (Mattermost, Discord's
 * /slack, Rocket.Chat). Spec: https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function toChatJson(event: MonitorEvent): string {
  const escaped = describeEvent(event).text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  // A grave accent would end the block of code, in which nothing is a link or a mention.
  const block = escaped.replaceAll("`", "'").slice(0, MAX_CHAT_CHARS);
  return JSON.stringify({ text: `\`\`\`\n${block}\n\`\`\``, unfurl_links: false });
}
