// SPDX-License-Identifier: Apache-2.0
// Reads the files of a served log over HTTP. Transient failures are retried four times over about twelve seconds; a
// missing file is not an error.

import { setTimeout as sleep } from "node:timers/promises";
import { concat } from "../../shared/bytes/bytes.ts";

export type Fetched =
  | { readonly kind: "found"; readonly bytes: Uint8Array }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** A served log, or a whole server. */
export interface LogSource {
  /** Reads a path below the URL. Never rejects. */
  readonly read: (path: string, maxBytes: number) => Promise<Fetched>;
}

/** Waits before each retry. Retry-After can lengthen a wait, up to MAX_WAIT_MS. */
const WAITS_MS: readonly number[] = [200, 800, 2500, 8000];
const MAX_WAIT_MS = 10_000;
/** For one attempt, including the body. */
const TIMEOUT_MS = 60_000;

interface Attempt {
  readonly fetched: Fetched;
  /** The shortest wait before the next attempt; null if a retry is pointless. */
  readonly leastWaitMs: number | null;
}

const stopWith = (fetched: Fetched): Attempt => ({ fetched, leastWaitMs: null });
const retryFor = (reason: string, leastWaitMs = 0): Attempt => ({
  fetched: { kind: "unreadable", reason },
  leastWaitMs,
});

/** Reads over HTTP. @param base URL without a trailing slash @param waitsMs the wait before each retry */
export function httpSource(base: string, waitsMs: readonly number[] = WAITS_MS): LogSource {
  return {
    read: async (path, maxBytes) => {
      for (const waitMs of waitsMs) {
        const { fetched, leastWaitMs } = await attempt(`${base}/${path}`, maxBytes);
        if (leastWaitMs === null) return fetched;
        await sleep(Math.min(MAX_WAIT_MS, Math.max(waitMs, leastWaitMs)));
      }
      return (await attempt(`${base}/${path}`, maxBytes)).fetched;
    },
  };
}

async function attempt(url: string, maxBytes: number): Promise<Attempt> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return stopWith(await readBounded(response, maxBytes));
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410) return stopWith({ kind: "missing" });
    const reason = `status ${response.status}`;
    const isTransient = response.status === 429 || response.status >= 500;
    return isTransient ? retryFor(reason, retryAfterMs(response)) : stopWith({ kind: "unreadable", reason });
  } catch (error) {
    return retryFor(reasonOf(error));
  }
}

/** Counts decoded bytes, not bytes on the wire: a few kilobytes of gzip can decode to gigabytes. */
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

/** Parses Retry-After in seconds; ignores the date form (RFC 9110 §10.2.3). */
function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get("retry-after") ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/** The code of the cause (ECONNREFUSED, ENOTFOUND, UND_ERR_…), which says more than "fetch failed". */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
