// SPDX-License-Identifier: Apache-2.0
// The event that tells the owner of a watch about an entry, and how the entry differs from what they expect.

import type { WatchedCertificate } from "../../../shared/monitor/entries/certificate.ts";
import type { WatchedEntry } from "../../../shared/monitor/entry.ts";
import { type EventOf, makeEvent } from "../../../shared/monitor/event.ts";
import { toEventEntry } from "../../../shared/monitor/event-entry.ts";
import type { UnixMs } from "../../../shared/time.ts";
import type { Term } from "./terms.ts";
import { EXPECTED_NAMES, type Expected, type Watch } from "./watch.ts";

/** The event of an entry that a watch is about. */
export function makeAlert(
  watch: Watch,
  { entry, terms }: { readonly entry: WatchedEntry; readonly terms: ReadonlySet<Term> },
  at: UnixMs,
): EventOf<"match.expected"> | EventOf<"match.unexpected"> {
  const differences = listDifferences(watch.expected, entry.certificate);
  const isExpected = watch.expected !== null && differences.length === 0;
  const details = { selector: watch.id, entry: toEventEntry(entry), why: describeWhy(watch, terms), differences };
  return makeEvent(isExpected ? "match.expected" : "match.unexpected", { at, log: entry.log, details });
}

/** The terms that the entry has in common with the watch, in words. */
function describeWhy({ conditions }: Watch, terms: ReadonlySet<Term>): string {
  const shared = conditions.flatMap((condition) => condition.find((term) => terms.has(term)) ?? []);
  return shared.map((term) => `the ${term.replace(/^name [a-z]+:/, "name ").replace(" ", " is ")}`).join(", and ");
}

type Fact = (certificate: WatchedCertificate) => string | undefined;

const FACTS: Readonly<Record<keyof Expected, Fact>> = {
  workflow: ({ extensions }) => extensions.buildConfigUri,
  ref: ({ extensions }) => extensions.sourceRepositoryRef ?? extensions.githubWorkflowRef,
  event: ({ extensions }) => extensions.buildTrigger ?? extensions.githubWorkflowTrigger,
  runner: ({ extensions }) => extensions.runnerEnvironment,
};

/** In words; none if nothing is expected. */
function listDifferences(expected: Expected | null, certificate: WatchedCertificate | null): readonly string[] {
  return EXPECTED_NAMES.flatMap((name) => {
    const values = expected?.[name];
    if (values === undefined) return [];
    const fact = (certificate === null ? undefined : FACTS[name](certificate)) ?? "";
    if (values.some((value) => isLike(value, fact))) return [];
    return [`the ${name} is ${fact === "" ? "missing" : fact}, not ${values.join(" or ")}`];
  });
}

/** Compares with a pattern in which `*` stands for any text: in linear time, part by part from the left. */
function isLike(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
