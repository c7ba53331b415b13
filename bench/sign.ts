// SPDX-License-Identifier: Apache-2.0
// A whole signature, as a client makes it.

import type { Bench } from "./bench.ts";
import { certificateOf, entryRequest, makeMany, timestampRequest } from "./requests.ts";

/** Signs whole signatures in sequence: certificate, timestamp, and an entry with that certificate. */
export async function signMany({ stack: { client }, requests, key }: Bench, count: number): Promise<void> {
  for (const request of makeMany(count, requests.certificate)) {
    const certificate = certificateOf(await client.post(request));
    await client.post(timestampRequest());
    await client.post(entryRequest(key, certificate));
  }
}
