// SPDX-License-Identifier: Apache-2.0
// Reads the files of a served log over HTTP, patiently: what fails in passing is asked again, what is not there is not an error.

import { setTimeout as sleep } from "node:timers/promises";
import { concat } from "../../shared/bytes/bytes.ts";

export type Fetched =
  | { readonly kind: "found"; readonly bytes: Uint8Array }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** One served log, or one server: reads a path below its URL. Never rejects. */
export interface LogSource {
  readonly read: (path: string, maxBytes: number) => Promise<Fetched>;
}

/** Waits between the tries; a server that asks for longer by Retry-After gets it, up to MAX_WAIT_MS. */
const WAITS_MS: readonly number[] = [200, 800, 2500, 8000];
const MAX_WAIT_MS = 10_000;
/** Of one try, answer and body. */
const TIMEOUT_MS = 60_000;

interface Try {
  readonly fetched: Fetched;
  /** What to wait at least before the next one; null if there is nothing to try again. */
  readonly leastWaitMs: number | null;
}

const final = (fetched: Fetched): Try => ({ fetched, leastWaitMs: null });
const again = (reason: string, leastWaitMs = 0): Try => ({ fetched: { kind: "unreadable", reason }, leastWaitMs });

/** @param base URL without a trailing slash @param waitsMs one wait before each further try */
export function httpSource(base: string, waitsMs: readonly number[] = WAITS_MS): LogSource {
  return {
    read: async (path, maxBytes) => {
      for (const waitMs of waitsMs) {
        const { fetched, leastWaitMs } = await tryRead(`${base}/${path}`, maxBytes);
        if (leastWaitMs === null) return fetched;
        await sleep(Math.min(MAX_WAIT_MS, Math.max(waitMs, leastWaitMs)));
      }
      return (await tryRead(`${base}/${path}`, maxBytes)).fetched;
    },
  };
}

async function tryRead(url: string, maxBytes: number): Promise<Try> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return final(await readBounded(response, maxBytes));
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410) return final({ kind: "missing" });
    const reason = `status ${response.status}`;
    const isPassing = response.status === 429 || response.status >= 500;
    return isPassing ? again(reason, retryAfterMs(response)) : final({ kind: "unreadable", reason });
  } catch (error) {
    return again(reasonOf(error));
  }
}

/** Counts what has been decoded, not what came over the wire: a few kilobytes of gzip can stand for gigabytes. */
async function readBounded(response: Response, maxBytes: number): Promise<Fetched> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return { kind: "found", bytes: new Uint8Array(0) };
  for await (const part of response.body) {
    length += part.length;
    if (length > maxBytes) return { kind: "unreadable", reason: `more than ${maxBytes} bytes` };
    parts.push(part);
  }
  return { kind: "found", bytes: concat(...parts) };
}

/** Retry-After in seconds; a date is not read (RFC 9110 §10.2.3). */
function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get("retry-after") ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/** The cause says more than "fetch failed": ECONNREFUSED, ENOTFOUND, UND_ERR_… */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
