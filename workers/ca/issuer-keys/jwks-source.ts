// SPDX-License-Identifier: Apache-2.0
// The keys of issuers: asked for when a token needs them, kept for a while in the isolate, and beyond it in the store, so that an
// isolate that has just started does without an issuer that is away. Whoever can post a token can name any key id of any
// issuer, so how often an issuer is asked does not depend on what tokens say.

import type { Issuer } from "../../../shared/identity/issuers.ts";
import type { KeySet } from "../../../shared/oidc/jwks.ts";
import type { KeySource } from "../../../shared/oidc/token.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { KeysUnavailable } from "../errors.ts";
import { type KeyStore, MAX_AGE_MS, type StoredKeys } from "./key-store.ts";
import { FETCH_TIMEOUT_MS, type Fetch, type LoadedKeys, loadBuiltIn, loadDiscovered } from "./load-keys.ts";

/** What the keys are had from. */
export interface KeysPlatform {
  readonly fetch: Fetch;
  readonly now: () => UnixMs;
  /** The JWK Set of the built-in issuer; rejects when the oidc service fails. */
  readonly builtInJwks: () => Promise<unknown>;
  readonly store: KeyStore;
  /** Told why an issuer's keys could not be had, for the log line. */
  readonly report: (failure: {
    readonly code: "issuer_keys_failed";
    readonly issuer: string;
    readonly reason: string;
  }) => void;
}

const MINUTE_MS = 60_000;
/** An issuer is asked again at most this often because a token names a key that we do not have. */
const REFRESH_PAUSE_MS = 30_000;
/** An issuer that just failed is left alone for this long. */
const FAILURE_PAUSE_MS = 5_000;
/** So many requests may ask an issuer at once while there are no keys yet; what comes beyond them shall come again. */
const MAX_ASKING = 64;

/** So many issuers of patterns are remembered. */
const MAX_META_SOURCES = 100;
/** So many that have not been seen yet are asked in a window, for each pattern: whoever posts a token makes their names up. */
const MAX_NEWCOMERS = 20;
const NEWCOMERS_WINDOW_MS = 30_000;

/** The key source of each issuer, made at its first use and kept. */
export function createKeySources(platform: KeysPlatform): (issuer: Issuer) => KeySource<KeysUnavailable> {
  const sources = new Map<string, KeySource<KeysUnavailable>>();
  const metaSources = new MetaSources(platform);
  return (issuer) => {
    if (issuer.pattern !== null && issuer.keys.kind === "discovery") return metaSources.of(issuer, issuer.pattern.text);
    const source = sources.get(issuer.url) ?? createSource(issuer, platform);
    sources.set(issuer.url, source);
    return source;
  };
}

/** The sources of issuers that tokens have named; how many there can be is bounded, and how fast new ones come. */
class MetaSources {
  readonly #platform: KeysPlatform;
  /** In the order of their last use. */
  readonly #sources = new Map<string, CachedKeys>();
  readonly #windows = new Map<string, { readonly until: number; newcomers: number }>();

  constructor(platform: KeysPlatform) {
    this.#platform = platform;
  }

  of(issuer: Issuer, pattern: string): KeySource<KeysUnavailable> {
    const known = this.#sources.get(issuer.url);
    if (known === undefined && !this.#admits(pattern)) return storedSource(issuer.url, this.#platform);
    const source =
      known ?? new CachedKeys(issuer.url, this.#platform, () => loadDiscovered(issuer, this.#platform.fetch));
    this.#sources.delete(issuer.url);
    this.#sources.set(issuer.url, source);
    if (this.#sources.size > MAX_META_SOURCES) this.#forgetOne();
    return source;
  }

  #admits(pattern: string): boolean {
    const now = this.#platform.now();
    const running = this.#windows.get(pattern);
    const window =
      running !== undefined && now < running.until ? running : { until: now + NEWCOMERS_WINDOW_MS, newcomers: 0 };
    this.#windows.set(pattern, window);
    return ++window.newcomers <= MAX_NEWCOMERS;
  }

  /** Made-up names have no keys, so they go before those that have been of use. */
  #forgetOne(): void {
    const [oldest] = this.#sources.keys();
    const useless = [...this.#sources].find(([, source]) => !source.hasKeys)?.[0];
    const url = useless ?? oldest;
    if (url !== undefined) this.#sources.delete(url);
  }
}

/** What another isolate has learnt of an issuer that must not be asked now. */
function storedSource(issuer: string, { store, now }: KeysPlatform): KeySource<KeysUnavailable> {
  const retryAfterSeconds = NEWCOMERS_WINDOW_MS / 1000;
  const refusal = err({ code: "issuer_keys_unavailable", issuer, retryAfterSeconds } as const);
  return {
    current: async () => {
      const stored = await store.read(issuer);
      return stored !== null && isUsable(stored, now()) ? ok(stored.keySet) : refusal;
    },
    refreshed: async () => refusal,
  };
}

/** What is of the future would stay for too long; another machine's clock may be a little ahead. */
const isUsable = ({ loadedAt }: StoredKeys, now: UnixMs): boolean =>
  now >= loadedAt - MINUTE_MS && now < loadedAt + MAX_AGE_MS;

function createSource(issuer: Issuer, platform: KeysPlatform): KeySource<KeysUnavailable> {
  const { keys } = issuer;
  switch (keys.kind) {
    case "static":
      return { current: async () => ok(keys.keySet), refreshed: async () => ok(null) };
    case "built-in":
      return new CachedKeys(issuer.url, platform, () => loadBuiltIn(platform.builtInJwks), null);
    case "discovery":
      return new CachedKeys(issuer.url, platform, () => loadDiscovered(issuer, platform.fetch));
    default:
      return unreachable(keys);
  }
}

/** Fails with the reason, which holds nothing that the issuer sent. */
type Load = () => Promise<Result<LoadedKeys, string>>;

/**
 * Requests never wait for one another's fetch: in Workers a promise of another request may never settle. So at the start of
 * an isolate several requests may ask for the same keys; as soon as there are some, one at a time asks.
 */
class CachedKeys implements KeySource<KeysUnavailable> {
  readonly #issuer: string;
  readonly #platform: KeysPlatform;
  readonly #load: Load;
  readonly #store: KeyStore | null;
  #kept: StoredKeys | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** A request that is cancelled takes its fetch along without a word, so that being asked ends by itself. */
  #askingUntil = Number.NEGATIVE_INFINITY;
  #asking = 0;

  /** @param store null for keys that need none, as they are next door */
  constructor(issuer: string, platform: KeysPlatform, load: Load, store: KeyStore | null = platform.store) {
    this.#issuer = issuer;
    this.#platform = platform;
    this.#load = load;
    this.#store = store;
  }

  get hasKeys(): boolean {
    return this.#kept !== null;
  }

  async current(): Promise<Result<KeySet, KeysUnavailable>> {
    const now = this.#platform.now();
    if (this.#keptAt(now) === null && !this.#isPausing(now)) await this.#takeFromStore(now);
    const kept = this.#keptAt(now);
    const isAsking = now < this.#askingUntil;
    const isPausing = this.#isPausing(now);
    if (kept !== null && (now < kept.loadedAt + kept.freshMs || isAsking || isPausing)) return ok(kept.keySet);
    if (isPausing && !isAsking) return this.#unavailable(FAILURE_PAUSE_MS);
    if (isAsking && this.#asking >= MAX_ASKING) return this.#unavailable(1000);
    const loaded = await this.#ask(now);
    const keySet = loaded ?? kept?.keySet;
    return keySet === undefined ? this.#unavailable(FAILURE_PAUSE_MS) : ok(keySet);
  }

  async refreshed(): Promise<Result<KeySet | null, KeysUnavailable>> {
    const now = this.#platform.now();
    if (now < this.#askingUntil) return this.#unavailable(1000);
    return ok(now < this.#askedAt + REFRESH_PAUSE_MS ? null : await this.#ask(now));
  }

  #isPausing(now: UnixMs): boolean {
    return now < this.#askedAt + FAILURE_PAUSE_MS;
  }

  #keptAt(now: UnixMs): StoredKeys | null {
    return this.#kept !== null && isUsable(this.#kept, now) ? this.#kept : null;
  }

  /** Another isolate has asked when these were loaded: the pause between two questions counts from there. */
  async #takeFromStore(now: UnixMs): Promise<void> {
    const stored = (await this.#store?.read(this.#issuer)) ?? null;
    // Meanwhile somebody may have asked the issuer.
    const isNewer = stored !== null && stored.loadedAt > (this.#kept?.loadedAt ?? Number.NEGATIVE_INFINITY);
    if (!isNewer || !isUsable(stored, now)) return;
    this.#kept = stored;
    this.#askedAt = Math.max(this.#askedAt, stored.loadedAt);
  }

  async #ask(now: UnixMs): Promise<KeySet | null> {
    this.#asking = now < this.#askingUntil ? this.#asking + 1 : 1;
    this.#askedAt = now;
    this.#askingUntil = now + 2 * FETCH_TIMEOUT_MS;
    const loaded = await this.#load();
    this.#askingUntil = Number.NEGATIVE_INFINITY;
    if (!loaded.ok) {
      this.#platform.report({ code: "issuer_keys_failed", issuer: this.#issuer, reason: loaded.error });
      return null;
    }
    this.#kept = { ...loaded.value, loadedAt: now };
    await this.#store?.write(this.#issuer, this.#kept);
    return loaded.value.keySet;
  }

  #unavailable(retryAfterMs: number): Result<never, KeysUnavailable> {
    return err({ code: "issuer_keys_unavailable", issuer: this.#issuer, retryAfterSeconds: retryAfterMs / 1000 });
  }
}
