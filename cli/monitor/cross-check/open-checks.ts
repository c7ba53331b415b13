// SPDX-License-Identifier: Apache-2.0
// The stored form of what is open between certificate logs and signature logs: a line of text for each certificate of
// the last hours, so that a busy log's state stays small and quick to read.

import { acceptList, acceptNull, checkMembers, isText } from "../../../shared/json/guard.ts";
import { isCount, isObject } from "../../../shared/json/member.ts";
import type { EventEntry } from "../../../shared/monitor/event.ts";

/** A certificate or an entry that waits for its counterpart. */
export interface OpenCheck {
  /** Half of WatchedCertificate.tbs: 128 bits, which nobody can make collide with a given other one. */
  readonly tbs: string;
  readonly origin: string;
  readonly index: number;
  /** In ms: when the certificate was logged; for an entry, when its certificate began. */
  readonly at: number;
  /** Whether the counterpart was seen, or its absence was reported. */
  readonly isSettled: boolean;
  /** The text of a report; null if nobody watches it. */
  readonly entry: EventEntry | null;
}

/** All of them. */
export interface OpenChecks {
  /** `<tbs> <origin> <index> <at> <0 or 1>` */
  readonly certificates: readonly string[];
  readonly entries: readonly string[];
  /** The subjects of the lines that somebody watches, by `<origin> <index>`. */
  readonly watched: readonly { readonly name: string; readonly entry: EventEntry }[];
  /** In ms: nothing is known of certificates that were logged before it. */
  readonly floor: number | null;
}

export const NO_OPEN_CHECKS: OpenChecks = { certificates: [], entries: [], watched: [], floor: null };

const isEventEntry = (json: unknown): json is EventEntry => isObject(json) && isCount(json["index"]);

/** Whether a stored value has the form of OpenChecks. */
export const isOpenChecks = checkMembers<OpenChecks>({
  certificates: acceptList(isText),
  entries: acceptList(isText),
  watched: acceptList(checkMembers<OpenChecks["watched"][number]>({ name: isText, entry: isEventEntry })),
  floor: acceptNull(isCount),
});

/** The name of the entry that a check is about. */
const nameOf = ({ origin, index }: Pick<OpenCheck, "origin" | "index">): string => `${origin} ${index}`;

/** Encodes checks for the state. */
export function encodeChecks(
  certificates: Iterable<OpenCheck>,
  entries: Iterable<OpenCheck>,
  floor: number | null,
): OpenChecks {
  const watched = new Map<string, EventEntry>();
  const encode = (check: OpenCheck): string => {
    if (check.entry !== null) watched.set(nameOf(check), check.entry);
    return `${check.tbs} ${check.origin} ${check.index} ${check.at} ${check.isSettled ? 1 : 0}`;
  };
  return {
    certificates: Array.from(certificates, encode),
    entries: Array.from(entries, encode),
    watched: Array.from(watched, ([name, entry]) => ({ name, entry })),
    floor,
  };
}

/** Decodes the lines of one list. */
export function decodeChecks(lines: readonly string[], watched: OpenChecks["watched"]): readonly OpenCheck[] {
  const entries = new Map(watched.map(({ name, entry }) => [name, entry]));
  return lines.flatMap((line) => {
    const [tbs = "", origin = "", index = "", at = "", settled] = line.split(" ");
    const check = { tbs, origin, index: Number(index), at: Number(at), isSettled: settled === "1" };
    return [{ ...check, entry: entries.get(nameOf(check)) ?? null }];
  });
}
