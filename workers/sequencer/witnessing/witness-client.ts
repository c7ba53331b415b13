// SPDX-License-Identifier: Apache-2.0
// The network behind witnesses.ts.

import type { WitnessAnswer } from "../deps.ts";

/** A witness that takes longer loses its cosignature this time. */
const TIMEOUT_MS = 5_000;
/** Enough for sixteen lines of the largest kind of signature. A conflict is one number. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** POSTs to a witness. Rejects if the answer is late or longer than 64 KiB. Follows no redirect. */
export async function postToWitness(url: string, body: string): Promise<WitnessAnswer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method: "POST", body, redirect: "manual", signal });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`the witness answered with more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { status: response.status, body: await new Blob(chunks).text() };
}
