// SPDX-License-Identifier: Apache-2.0
// The Workers runtime, as far as the identity provider uses it.

import type { PlatformFetch } from "../../shared/http/outside.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";

/** The platform, as far as the identity provider uses it. */
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
