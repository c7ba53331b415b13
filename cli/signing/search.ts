// SPDX-License-Identifier: Apache-2.0
// Asks a deployment's search, as a program that has just signed something does.

import { readJson } from "./sigstore-js.ts";

export interface Hit {
  readonly index: number;
  readonly log: string;
  readonly time: string;
  readonly identity: string | null;
  readonly digest: string | null;
}

/** The index is written after the answer; on an idle machine it takes some ten milliseconds. */
const DEADLINE_MS = 10_000;
const PAUSE_MS = 50;

/** Searches until an entry of the signature log is found; rejects after a deadline. @param query as in a URL */
export async function waitForHit(url: string, query: string, logIndex: number): Promise<readonly Hit[]> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const answer = (await readJson(`${url}/api/search?${query}`)) as { hits: readonly Hit[] };
    if (answer.hits.some(({ log, index }) => log === "signature" && index === logIndex)) return answer.hits;
    if (performance.now() > deadline) throw new Error(`the search does not know entry ${logIndex}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
