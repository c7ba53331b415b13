// SPDX-License-Identifier: Apache-2.0
// Keys of issuers beyond the life of an isolate: in the cache of the location, where the platform has one (not on workers.dev).
// What is there is public and was checked before it was put; it is read as strictly as what an issuer sends, and a cache that fails
// is as good as empty. Spec: https://developers.cloudflare.com/workers/runtime-apis/cache/

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { readBody } from "../../../shared/http/body.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { isAlgorithm, parseJwks, toJwks } from "../../../shared/oidc/jwks.ts";
import type { Result } from "../../../shared/result.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { type LoadedKeys, MAX_JWKS_BYTES, settle } from "./load-keys.ts";

/** Keys with the time at which their issuer was asked. */
export interface StoredKeys extends LoadedKeys {
  readonly loadedAt: UnixMs;
}

export interface KeyStore {
  /** Null if there are none. Never rejects. */
  readonly read: (issuer: string) => Promise<StoredKeys | null>;
  /** Never rejects. */
  readonly write: (issuer: string, keys: StoredKeys) => Promise<void>;
}

/** What is used of the platform's Cache. */
export interface PlatformCache {
  readonly match: (url: string) => Promise<Response | undefined>;
  readonly put: (url: string, response: Response) => Promise<void>;
}

/** While an issuer cannot be reached its old keys go on, but not for longer than this: one of them may have been revoked. */
export const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/** @param base URL that the names in the cache begin with: this deployment's own, so that it shares them with nobody. */
export function cacheStore(base: string, cache: () => PlatformCache): KeyStore {
  // No route answers at this address; another version of what is stored is another name.
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

/** Where there is no cache at all, asking for it throws. */
const attempt = <T>(call: () => Promise<T>): Promise<Result<T, string>> => settle(Promise.resolve().then(call));

function encode({ keySet, freshMs, loadedAt }: StoredKeys): string {
  return JSON.stringify({ jwks: toJwks(keySet.keys), algorithms: keySet.algorithms, freshMs, loadedAt });
}

async function decode(response: Response): Promise<StoredKeys | null> {
  const body = await settle(readBody(response, 2 * MAX_JWKS_BYTES));
  const json = body.ok && body.value.ok ? parseJson(body.value.value) : null;
  if (json?.ok !== true || typeof json.value !== "object" || json.value === null) return null;
  const { jwks, algorithms, freshMs, loadedAt } = json.value as Readonly<Record<string, unknown>>;
  const keys = parseJwks(jwks);
  const known = Array.isArray(algorithms) ? algorithms.filter(isAlgorithm) : [];
  if (!keys.ok || known.length === 0 || !isDuration(freshMs) || !isDuration(loadedAt)) return null;
  return { keySet: { keys: keys.value, algorithms: known }, freshMs, loadedAt: unixMs(loadedAt) };
}

const isDuration = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
