// SPDX-License-Identifier: Apache-2.0
// The Workers runtime, as far as the CA uses it.

import { waitUntil } from "cloudflare:workers";
import type { PlatformFetch } from "../../shared/http/outside.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import type { PlatformCache } from "./issuer-keys/key-store.ts";

/** The platform, as far as the CA uses it. */
export interface Platform {
  readonly now: () => UnixMs;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly fetch: PlatformFetch;
  /** A cache of our own in the Cloudflare location. Rejects or throws where there is none. */
  readonly cache: () => Promise<PlatformCache>;
  /** Lets the work finish after the current request has ended. */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

/** The Workers runtime. */
export const PLATFORM: Platform = {
  now: () => unixMs(Date.now()),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  // oxlint-disable-next-line no-restricted-globals -- reaches nothing but createFetchOutside
  fetch: (url, init) => fetch(url, init),
  cache: () => caches.open("issuer-keys"),
  keepAlive: waitUntil,
};
