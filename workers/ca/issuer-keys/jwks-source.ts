// SPDX-License-Identifier: Apache-2.0
// Fetches the keys of issuers when a token needs them, and caches them in the isolate and in a store that outlives it,
// so that a new isolate works while an issuer is unreachable. An attacker can post tokens that name any issuer and any
// key id, and hang up at any time, so neither may determine how often an issuer is contacted, nor how long a key that
// the issuer has withdrawn stays in use.

import type { FetchOutside } from "../../../shared/http/outside.ts";
import type { Issuer } from "../../../shared/identity/issuers.ts";
import type { KeySet } from "../../../shared/oidc/jwks.ts";
import type { KeySource } from "../../../shared/oidc/token.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { KeysUnavailable } from "../errors.ts";
import { type KeyStore, MAX_AGE_MS, type StoredKeys } from "./key-store.ts";
import { FETCH_TIMEOUT_MS, type LoadedKeys, loadBuiltIn, loadDiscovered } from "./load-keys.ts";
import { NEWCOMERS_WINDOW_MS, Newcomers } from "./newcomers.ts";

/** The platform, as far as key sources use it. */
export interface KeysPlatform {
  readonly fetchOutside: FetchOutside;
  readonly now: () => UnixMs;
  /** The JWK Set of the built-in issuer; rejects when the oidc service fails. */
  readonly builtInJwks: () => Promise<unknown>;
  readonly store: KeyStore;
  /** Lets the work finish after the request that began it has ended. `work` does not reject. */
  readonly keepAlive: (work: Promise<unknown>) => void;
  /** Logs why an issuer's keys could not be fetched. */
  readonly report: (failure: KeysFailure) => void;
}

/** Why an issuer's keys could not be fetched. */
export interface KeysFailure {
  readonly code: "issuer_keys_failed";
  readonly issuer: string;
  readonly reason: string;
}

const MINUTE_MS = 60_000;
/** A token that names an unknown key makes us contact its issuer at most this often. */
const REFRESH_PAUSE_MS = 30_000;
/** How long to wait after a failure before contacting the issuer again. */
const FAILURE_PAUSE_MS = 5_000;
/** How many requests may fetch one issuer's keys at once while there are none; further requests are asked to retry. */
const MAX_FETCHING = 64;
/** For how long after their freshness keys are used while another request fetches newer ones. */
const FETCHING_GRACE_MS = MINUTE_MS;

/** How many issuers that match patterns are cached. */
const MAX_META_SOURCES = 100;

/** The key source of an issuer, for a request of this client. */
export type KeySources = (issuer: Issuer, client: string) => KeySource<KeysUnavailable>;

/** Returns a function that gives each issuer its key source, created at first use and kept. */
export function createKeySources(platform: KeysPlatform): KeySources {
  const sources = new Map<string, KeySource<KeysUnavailable>>();
  const metaSources = new MetaSources(platform);
  return (issuer, client) => {
    const { pattern, keys, url } = issuer;
    // A caller can invent names that match a pattern, so no source of one is kept without a bound.
    if (pattern !== null && keys.kind === "discovery") return metaSources.sourceFor(issuer, pattern.text, client);
    if (pattern !== null) return createSource(issuer, platform);
    const source = sources.get(url) ?? createSource(issuer, platform);
    sources.set(url, source);
    return source;
  };
}

/** The key sources of issuers that match a pattern. Both their number and the rate of new ones are bounded. */
class MetaSources {
  readonly #platform: KeysPlatform;
  /** Least recently used first. */
  readonly #sources = new Map<string, CachedKeys>();
  readonly #newcomers = new Newcomers();

  constructor(platform: KeysPlatform) {
    this.#platform = platform;
  }

  sourceFor(issuer: Issuer, pattern: string, client: string): KeySource<KeysUnavailable> {
    const known = this.#sources.get(issuer.url);
    if (known === undefined && !this.#newcomers.admits(pattern, client, this.#platform.now())) {
      return createStoredSource(issuer.url, this.#platform);
    }
    const source =
      known ?? new CachedKeys(issuer.url, this.#platform, () => loadDiscovered(issuer, this.#platform.fetchOutside));
    this.#sources.delete(issuer.url);
    this.#sources.set(issuer.url, source);
    if (this.#sources.size > MAX_META_SOURCES) this.#evictOne();
    return source;
  }

  /** Evicts an issuer without keys first: invented names have none. */
  #evictOne(): void {
    const [oldest] = this.#sources.keys();
    const keyless = [...this.#sources].find(([, source]) => !source.hasKeys)?.[0];
    const url = keyless ?? oldest;
    if (url !== undefined) this.#sources.delete(url);
  }
}

/** Serves fresh keys that another isolate stored, without contacting the issuer. */
function createStoredSource(issuer: string, { store, now }: KeysPlatform): KeySource<KeysUnavailable> {
  const retryAfterSeconds = NEWCOMERS_WINDOW_MS / 1000;
  const refusal = err({ code: "issuer_keys_unavailable", issuer, retryAfterSeconds } as const);
  return {
    read: async () => {
      const stored = await store.read(issuer);
      return stored !== null && isFresh(stored, now()) ? ok(stored.keySet) : refusal;
    },
    refresh: async () => refusal,
  };
}

/**
 * Whether stored keys may be used at all. Keys from the future would stay too long, but another machine's clock may be
 * up to a minute ahead.
 */
const isUsable = ({ loadedAt }: StoredKeys, now: UnixMs): boolean =>
  now >= loadedAt - MINUTE_MS && now < loadedAt + MAX_AGE_MS;

/** Whether keys may be used without asking the issuer. */
const isFresh = (stored: StoredKeys, now: UnixMs, graceMs = 0): boolean =>
  isUsable(stored, now) && now < stored.loadedAt + stored.freshMs + graceMs;

function createSource(issuer: Issuer, platform: KeysPlatform): KeySource<KeysUnavailable> {
  const { keys } = issuer;
  switch (keys.kind) {
    case "static":
      return { read: async () => ok(keys.keySet), refresh: async () => ok(null) };
    case "built-in":
      return new CachedKeys(issuer.url, platform, () => loadBuiltIn(platform.builtInJwks), null);
    case "discovery":
      return new CachedKeys(issuer.url, platform, () => loadDiscovered(issuer, platform.fetchOutside));
    default:
      return unreachable(keys);
  }
}

/** Fails with a reason that contains nothing that the issuer sent. */
type Load = () => Promise<Result<LoadedKeys, string>>;

/**
 * The cached keys of one issuer. A request never waits for another request's fetch, because in Workers such a promise
 * may never settle. So while there are no fresh keys, several requests may fetch them at once.
 *
 * Keys beyond their freshness are used in two cases only: a fetch has just failed, or another request has been fetching
 * for less than a minute. Otherwise a client that starts fetches and hangs up would keep a withdrawn key in use.
 */
class CachedKeys implements KeySource<KeysUnavailable> {
  readonly #issuer: string;
  readonly #platform: KeysPlatform;
  readonly #load: Load;
  readonly #store: KeyStore | null;
  #kept: StoredKeys | null = null;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** A fetch that dies does so silently, so the fetching state expires by itself. */
  #fetchingUntil = Number.NEGATIVE_INFINITY;
  #fetching = 0;

  /** @param store null for the built-in issuer, whose keys are one RPC away */
  constructor(issuer: string, platform: KeysPlatform, load: Load, store: KeyStore | null = platform.store) {
    this.#issuer = issuer;
    this.#platform = platform;
    this.#load = load;
    this.#store = store;
  }

  get hasKeys(): boolean {
    return this.#kept !== null;
  }

  async read(): Promise<Result<KeySet, KeysUnavailable>> {
    const now = this.#platform.now();
    if (this.#selectKept(now) === null && !this.#hasFailed(now)) await this.#takeFromStore(now);
    const kept = this.#selectKept(now);
    const isFetching = now < this.#fetchingUntil;
    if (kept !== null && isFresh(kept, now, isFetching ? FETCHING_GRACE_MS : 0)) return ok(kept.keySet);
    if (this.#hasFailed(now)) return this.#keysOrError(kept);
    if (isFetching && this.#fetching >= MAX_FETCHING) return this.#failUnavailable(1000);
    const loaded = await this.#fetchKeys(now);
    return loaded === null ? this.#keysOrError(this.#selectKept(now)) : ok(loaded);
  }

  async refresh(): Promise<Result<KeySet | null, KeysUnavailable>> {
    const now = this.#platform.now();
    if (now < this.#fetchingUntil) return this.#failUnavailable(1000);
    return ok(now < this.#fetchedAt + REFRESH_PAUSE_MS ? null : await this.#fetchKeys(now));
  }

  /** Whether a fetch has failed so recently that the next one must wait. */
  #hasFailed(now: UnixMs): boolean {
    return now < this.#failedAt + FAILURE_PAUSE_MS;
  }

  #selectKept(now: UnixMs): StoredKeys | null {
    return this.#kept !== null && isUsable(this.#kept, now) ? this.#kept : null;
  }

  /** Another isolate contacted the issuer when it loaded these keys, so the pause counts from then. */
  async #takeFromStore(now: UnixMs): Promise<void> {
    const stored = (await this.#store?.read(this.#issuer)) ?? null;
    // Another request may have fetched keys in the meantime.
    const isNewer = stored !== null && stored.loadedAt > (this.#kept?.loadedAt ?? Number.NEGATIVE_INFINITY);
    if (!isNewer || !isUsable(stored, now)) return;
    this.#kept = stored;
    this.#fetchedAt = Math.max(this.#fetchedAt, stored.loadedAt);
  }

  /**
   * Fetches and stores the keys. Returns null after a failure, which it reports. The fetch belongs to the isolate: it
   * goes on when the client of the request that began it hangs up.
   */
  #fetchKeys(now: UnixMs): Promise<KeySet | null> {
    this.#fetching = now < this.#fetchingUntil ? this.#fetching + 1 : 1;
    this.#fetchedAt = now;
    this.#fetchingUntil = now + 2 * FETCH_TIMEOUT_MS;
    const fetched = this.#loadAndStore(now);
    this.#platform.keepAlive(fetched);
    return fetched;
  }

  async #loadAndStore(now: UnixMs): Promise<KeySet | null> {
    const loaded = await this.#load();
    this.#fetchingUntil = Number.NEGATIVE_INFINITY;
    if (!loaded.ok) {
      this.#failedAt = this.#platform.now();
      this.#platform.report({ code: "issuer_keys_failed", issuer: this.#issuer, reason: loaded.error });
      return null;
    }
    const isNewest = now >= (this.#kept?.loadedAt ?? Number.NEGATIVE_INFINITY);
    if (isNewest) this.#kept = { ...loaded.value, loadedAt: now };
    if (isNewest) await this.#store?.write(this.#issuer, { ...loaded.value, loadedAt: now });
    return loaded.value.keySet;
  }

  #keysOrError(kept: StoredKeys | null): Result<KeySet, KeysUnavailable> {
    return kept === null ? this.#failUnavailable(FAILURE_PAUSE_MS) : ok(kept.keySet);
  }

  #failUnavailable(retryAfterMs: number): Result<never, KeysUnavailable> {
    return err({ code: "issuer_keys_unavailable", issuer: this.#issuer, retryAfterSeconds: retryAfterMs / 1000 });
  }
}
