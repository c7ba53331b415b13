// SPDX-License-Identifier: Apache-2.0
// Searches a deployment for an entry that was just signed.

import { member } from "../../shared/json/member.ts";
import { isLogKind, LOG_KINDS } from "../../shared/logs/kinds.ts";
import { PATHS } from "../status/paths.ts";
import { readJson } from "./sigstore-js.ts";

/** A result of the search. */
export interface Hit {
  readonly index: number;
  readonly log: string;
  readonly time: string;
  readonly identity: string | null;
  readonly digest: string | null;
}

/** The index is written after the answer of the log; on an idle machine that takes about ten milliseconds. */
const DEADLINE_MS = 10_000;
const PAUSE_MS = 50;

/** Searches until an entry of the signature log is found. Rejects after a deadline. @param query as in a URL */
export async function waitForHit(url: string, query: string, logIndex: number): Promise<readonly Hit[]> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const hits = decodeHits(await readJson(`${url}${PATHS.search}?${query}`));
    if (hits.some(({ log, index }) => isForClients(log) && index === logIndex)) return hits;
    if (performance.now() > deadline) throw new Error(`the search does not find entry ${logIndex}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Whether the first log of this name, which is called after its kind, is the one that our own clients write to. */
const isForClients = (log: string): boolean => isLogKind(log) && LOG_KINDS[log].rekorApi === 2;

function decodeHits(json: unknown): readonly Hit[] {
  const hits = member(json, "hits");
  if (!Array.isArray(hits)) throw new Error("the answer of the search has no hits");
  return hits.map((hit) => ({
    index: Number(member(hit, "index")),
    log: String(member(hit, "log")),
    time: String(member(hit, "time")),
    identity: textOrNull(member(hit, "identity")),
    digest: textOrNull(member(hit, "digest")),
  }));
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
