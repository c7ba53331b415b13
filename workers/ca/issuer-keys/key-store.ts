// SPDX-License-Identifier: Apache-2.0
// Stores issuers' keys beyond the life of an isolate, in the cache of the Cloudflare location where there is one (not
// on workers.dev). The keys are public and are checked before they are stored. They are parsed as strictly as an
// issuer's own response, and a failing cache counts as empty. Spec:
// https://developers.cloudflare.com/workers/runtime-apis/cache/

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { readBody } from "../../../shared/http/body.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { isAlgorithm, parseJwks, toJwks } from "../../../shared/oidc/jwks.ts";
import type { Result } from "../../../shared/result.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { type LoadedKeys, MAX_JWKS_BYTES, settle } from "./load-keys.ts";

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

/** How long old keys remain in use while their issuer is unreachable. One of them may have been revoked. */
export const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Creates a store in the cache.
 * @param base URL prefix of the cache keys: this deployment's own, so that no other deployment shares them
 */
export function cacheStore(base: string, cache: () => PlatformCache): KeyStore {
  // No route serves this address. A new version of the stored format gets a new number.
  const nameOf = (issuer: string): string => `${base}/oidc/issuer-keys/1/${encodeHex(sha256(encodeUtf8(issuer)))}`;
  return {
    read: async (issuer) => {
      const found = await attempt(() => cache().match(nameOf(issuer)));
      return found.ok && found.value !== undefined ? decode(found.value) : null;
    },
    write: async (issuer, keys) => {
      const headers = { "content-type": "application/json", "cache-control": `max-age=${MAX_AGE_MS / 1000}` };
      await attempt(() => cache().put(nameOf(issuer), new Response(encode(keys), { headers })));
    },
  };
}

/** Also catches the exception that `cache` throws where there is no cache at all. */
const attempt = <T>(call: () => Promise<T>): Promise<Result<T, string>> => settle(Promise.resolve().then(call));

function encode({ keySet, freshMs, loadedAt }: StoredKeys): string {
  return JSON.stringify({ jwks: toJwks(keySet.keys), algorithms: keySet.algorithms, freshMs, loadedAt });
}

async function decode(response: Response): Promise<StoredKeys | null> {
  const body = await readBody(response, 2 * MAX_JWKS_BYTES);
  const json = body.ok ? parseJson(body.value) : null;
  if (json?.ok !== true || typeof json.value !== "object" || json.value === null) return null;
  const { jwks, algorithms, freshMs, loadedAt } = json.value as Readonly<Record<string, unknown>>;
  const keys = parseJwks(jwks);
  const known = Array.isArray(algorithms) ? algorithms.filter(isAlgorithm) : [];
  if (!keys.ok || known.length === 0 || !isDuration(freshMs) || !isDuration(loadedAt)) return null;
  return { keySet: { keys: keys.value, algorithms: known }, freshMs, loadedAt: unixMs(loadedAt) };
}

const isDuration = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
