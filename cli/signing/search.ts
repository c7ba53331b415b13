// SPDX-License-Identifier: Apache-2.0
// Searches a deployment for an entry that was just signed.

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
    const answer = (await readJson(`${url}/api/search?${query}`)) as { hits: readonly Hit[] };
    if (answer.hits.some(({ log, index }) => log === "signature" && index === logIndex)) return answer.hits;
    if (performance.now() > deadline) throw new Error(`the search does not find entry ${logIndex}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
