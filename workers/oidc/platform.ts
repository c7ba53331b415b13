// SPDX-License-Identifier: Apache-2.0
// The Workers runtime, as far as the identity provider uses it.

import type { PlatformFetch } from "../../shared/http/outside.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";

/** The platform, as far as the identity provider uses it. */
export interface Platform {
  readonly now: () => UnixMs;
  readonly randomBytes: (length: number) => Uint8Array<ArrayBuffer>;
  readonly fetch: PlatformFetch;
  /** A signal that aborts after so many milliseconds. */
  readonly startDeadline: (ms: number) => AbortSignal;
  /** Start-up makes no response with a body, and sets no timer. */
  readonly makeResponse: (body: Uint8Array<ArrayBuffer> | null, init: ResponseInit) => Response;
}

/** The Workers runtime. */
export const PLATFORM: Platform = {
  now: () => unixMs(Date.now()),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  // oxlint-disable-next-line no-restricted-globals -- reaches nothing but createFetchOutside
  fetch: (url, init) => fetch(url, init),
  startDeadline: (ms) => AbortSignal.timeout(ms),
  makeResponse: (body, init) => new Response(body, init),
};
