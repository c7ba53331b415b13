// SPDX-License-Identifier: Apache-2.0
// The network behind witnesses.ts.

import { decodeUtf8 } from "../../../shared/bytes/utf8.ts";
import {
  createFetchOutside,
  describeOutsideError,
  type Neighborhood,
  type PlatformFetch,
} from "../../../shared/http/outside.ts";
import type { Witnessing } from "../deps.ts";

/** A witness that takes longer loses its cosignature this time. */
const TIMEOUT_MS = 5_000;
/** Enough for sixteen lines of the largest kind of signature. A conflict is one number. */
const MAX_ANSWER_BYTES = 64 * 1024;

// oxlint-disable-next-line no-restricted-globals -- reaches nothing but createFetchOutside
const PLATFORM_FETCH: PlatformFetch = (url, init) => fetch(url, init);

/**
 * Creates the port that POSTs to a witness. It rejects an answer that is late, a redirect, longer than 64 KiB or not
 * UTF-8, and never asks this deployment itself.
 */
export function createWitnessClient(
  neighborhood: Neighborhood,
  fetch: PlatformFetch = PLATFORM_FETCH,
): Witnessing["post"] {
  const fetchOutside = createFetchOutside({ ...neighborhood, fetch });
  return async (url, body) => {
    const deadline = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetchOutside(url, { method: "POST", body, deadline, maxBytes: MAX_ANSWER_BYTES });
    if (!answer.ok) throw new Error(`the witness's answer ${describeOutsideError(answer.error)}`);
    const text = decodeUtf8(answer.value.body);
    if (!text.ok) throw new Error("the witness's answer is not UTF-8");
    return { status: answer.value.status, body: text.value };
  };
}
