// SPDX-License-Identifier: Apache-2.0
// What the identity provider uses of the Workers runtime.

import type { PlatformFetch } from "../../shared/http/outside.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";

/** What the identity provider uses of the platform that it runs on. */
export interface Platform {
  readonly now: () => UnixMs;
  readonly randomBytes: (length: number) => Uint8Array<ArrayBuffer>;
  readonly fetch: PlatformFetch;
}

/** The Workers runtime. */
export const PLATFORM: Platform = {
  now: () => unixMs(Date.now()),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  // oxlint-disable-next-line no-restricted-globals -- reaches nothing but createFetchOutside
  fetch: (url, init) => fetch(url, init),
};
