// SPDX-License-Identifier: Apache-2.0
// Stores issuers' keys beyond the life of an isolate, in the cache of the Cloudflare location where there is one (not
// on workers.dev). An entry counts only if this CA made it (entry-key.ts), is parsed as strictly as an issuer's own
// response, and lasts no longer than one. A failing cache counts as empty.
// Spec: https://developers.cloudflare.com/workers/runtime-apis/cache/

import { decodeUtf8, encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { readBody } from "../../../shared/http/body.ts";
import { isObject } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { isAlgorithm, parseJwks, toJwks } from "../../../shared/oidc/jwks.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { EntryKey } from "./entry-key.ts";
import { clampFreshMs, type LoadedKeys, MAX_JWKS_BYTES, settle } from "./load-keys.ts";

/** Keys with the time at which they were fetched. */
export interface StoredKeys extends LoadedKeys {
  readonly loadedAt: UnixMs;
}

/** Keys by issuer. */
export interface KeyStore {
  /** Returns null if there are none. Never rejects. */
  readonly read: (issuer: string) => Promise<StoredKeys | null>;
  /** Never rejects. */
  readonly write: (issuer: string, keys: StoredKeys) => Promise<void>;
}

/** The two methods that are used of the platform's Cache. */
export interface PlatformCache {
  readonly match: (url: string) => Promise<Response | undefined>;
  readonly put: (url: string, response: Response) => Promise<void>;
}

/** Something in the cache under the name of an entry was not made by this CA. */
export interface EntryRejected {
  readonly code: "issuer_keys_entry_rejected";
  readonly issuer: string;
}

/** The parts of a store in the cache. */
export interface CacheStoreParts {
  /** URL prefix of the names: this deployment's own, as the cache demands. */
  readonly base: string;
  readonly entryKey: EntryKey;
  /** Rejects or throws where there is no cache. */
  readonly cache: () => Promise<PlatformCache>;
  readonly report: (rejected: EntryRejected) => void;
}

/** How long old keys remain in use while their issuer is unreachable. One of them may have been revoked. */
export const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/** Creates a store in the cache. */
export function cacheStore({ base, entryKey, cache, report }: CacheStoreParts): KeyStore {
  // No route serves this address.
  const deriveName = async (issuer: string): Promise<string> =>
    `${base}/oidc/issuer-keys/${await entryKey.nameOf(issuer)}`;
  return {
    read: async (issuer) => {
      const found = await settle(async () => (await cache()).match(await deriveName(issuer)));
      const sealed = found.ok && found.value !== undefined ? await readText(found.value) : null;
      if (sealed === null) return null;
      const text = await entryKey.open(issuer, sealed);
      if (text === null) report({ code: "issuer_keys_entry_rejected", issuer });
      return text === null ? null : decode(text);
    },
    write: async (issuer, keys) => {
      const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": `max-age=${MAX_AGE_MS / 1000}` };
      await settle(async () => {
        const response = new Response(await entryKey.seal(issuer, encode(keys)), { headers });
        await (await cache()).put(await deriveName(issuer), response);
      });
    },
  };
}

/** Null if it cannot be read or is longer than any entry; "" for bytes that are no text, which is no entry either. */
async function readText(response: Response): Promise<string | null> {
  const body = await readBody(response, 2 * MAX_JWKS_BYTES);
  const text = body.ok ? decodeUtf8(body.value) : null;
  return text === null ? null : text.ok ? text.value : "";
}

function encode({ keySet, freshMs, loadedAt }: StoredKeys): string {
  return JSON.stringify({ jwks: toJwks(keySet.keys), algorithms: keySet.algorithms, freshMs, loadedAt });
}

function decode(text: string): StoredKeys | null {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !isObject(json.value)) return null;
  const { jwks, algorithms, freshMs, loadedAt } = json.value;
  const keys = parseJwks(jwks);
  const known = Array.isArray(algorithms) ? algorithms.filter(isAlgorithm) : [];
  if (!keys.ok || known.length === 0 || !isDuration(freshMs) || !isDuration(loadedAt)) return null;
  return {
    keySet: { keys: keys.value, algorithms: known },
    freshMs: clampFreshMs(freshMs),
    loadedAt: unixMs(loadedAt),
  };
}

const isDuration = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
