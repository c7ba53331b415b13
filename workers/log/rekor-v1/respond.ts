// SPDX-License-Identifier: Apache-2.0
// JSON answers of the Rekor v1 API.

/** A compressing proxy would weaken the ETag, by which Go clients find the entry in the answer. */
const NEVER_CHANGED = "no-store, no-transform";

interface Init {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with JSON that nobody keeps or changes. */
export const respondJson = (value: unknown, { status = 200, headers = {} }: Init = {}): Response =>
  Response.json(value, { status, headers: { "cache-control": NEVER_CHANGED, ...headers } });
