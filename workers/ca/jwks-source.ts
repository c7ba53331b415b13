// SPDX-License-Identifier: Apache-2.0
// The keys of issuers: asked for when a token needs them, kept for a while in the isolate. Whoever can post a token can name
// any key id of any issuer, so how often an issuer is asked does not depend on what tokens say.

import { readBody } from "../../shared/http/body.ts";
import type { Issuer } from "../../shared/identity/issuers.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { discoveryUrl, parseDiscovery } from "../../shared/oidc/discovery.ts";
import { ALGORITHMS, type KeySet, parseJwks } from "../../shared/oidc/jwks.ts";
import type { KeySource } from "../../shared/oidc/token.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { UnixMs } from "../../shared/time.ts";
import { unreachable } from "../../shared/unreachable.ts";

export interface KeysUnavailable {
  readonly code: "issuer_keys_unavailable";
  readonly issuer: string;
  readonly retryAfterSeconds: number;
}

/** What the keys are fetched with. */
export interface KeysPlatform {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly now: () => UnixMs;
  /** The JWK Set of the built-in issuer; rejects when the oidc room fails. */
  readonly builtInJwks: () => Promise<unknown>;
  /** Told why an issuer's keys could not be had, for the log line. */
  readonly report: (failure: {
    readonly code: "issuer_keys_failed";
    readonly issuer: string;
    readonly reason: string;
  }) => void;
}

/** Of discovery and key set together. */
const FETCH_TIMEOUT_MS = 10_000;
const MAX_DISCOVERY_BYTES = 64 * 1024;
const MAX_JWKS_BYTES = 256 * 1024;

const MINUTE_MS = 60_000;
/** How long keys count as fresh if the issuer does not say, and the bounds of what it may say. */
const DEFAULT_FRESH_MS = 10 * MINUTE_MS;
const MIN_FRESH_MS = MINUTE_MS;
const MAX_FRESH_MS = 60 * MINUTE_MS;
/** While an issuer cannot be reached its old keys go on, but not for longer than this: one of them may have been revoked. */
const MAX_AGE_MS = 24 * 60 * MINUTE_MS;
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
    if (known === undefined && !this.#admits(pattern)) return unavailableSource(issuer.url);
    const source = known ?? new CachedKeys(issuer.url, this.#platform, () => loadDiscovered(issuer, this.#platform));
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

function unavailableSource(issuer: string): KeySource<KeysUnavailable> {
  const retryAfterSeconds = NEWCOMERS_WINDOW_MS / 1000;
  const refusal = err({ code: "issuer_keys_unavailable", issuer, retryAfterSeconds } as const);
  return { current: async () => refusal, refreshed: async () => refusal };
}

function createSource(issuer: Issuer, platform: KeysPlatform): KeySource<KeysUnavailable> {
  const { keys } = issuer;
  switch (keys.kind) {
    case "static":
      return { current: async () => ok(keys.keySet), refreshed: async () => ok(null) };
    case "built-in":
      return new CachedKeys(issuer.url, platform, () => loadBuiltIn(platform));
    case "discovery":
      return new CachedKeys(issuer.url, platform, () => loadDiscovered(issuer, platform));
    default:
      return unreachable(keys);
  }
}

interface LoadedKeys {
  readonly keySet: KeySet;
  readonly freshMs: number;
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
  #kept: (LoadedKeys & { readonly loadedAt: UnixMs }) | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** A request that is cancelled takes its fetch along without a word, so that being asked ends by itself. */
  #askingUntil = Number.NEGATIVE_INFINITY;
  #asking = 0;

  constructor(issuer: string, platform: KeysPlatform, load: Load) {
    this.#issuer = issuer;
    this.#platform = platform;
    this.#load = load;
  }

  get hasKeys(): boolean {
    return this.#kept !== null;
  }

  async current(): Promise<Result<KeySet, KeysUnavailable>> {
    const now = this.#platform.now();
    const kept = this.#keptAt(now);
    const isAsking = now < this.#askingUntil;
    const isPausing = now < this.#askedAt + FAILURE_PAUSE_MS;
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

  #keptAt(now: UnixMs): (LoadedKeys & { readonly loadedAt: UnixMs }) | null {
    return this.#kept !== null && now < this.#kept.loadedAt + MAX_AGE_MS ? this.#kept : null;
  }

  async #ask(now: UnixMs): Promise<KeySet | null> {
    this.#asking = now < this.#askingUntil ? this.#asking + 1 : 1;
    this.#askedAt = now;
    this.#askingUntil = now + 2 * FETCH_TIMEOUT_MS;
    const loaded = await this.#load();
    this.#askingUntil = Number.NEGATIVE_INFINITY;
    if (loaded.ok) this.#kept = { ...loaded.value, loadedAt: now };
    else this.#platform.report({ code: "issuer_keys_failed", issuer: this.#issuer, reason: loaded.error });
    return loaded.ok ? loaded.value.keySet : null;
  }

  #unavailable(retryAfterMs: number): Result<never, KeysUnavailable> {
    return err({ code: "issuer_keys_unavailable", issuer: this.#issuer, retryAfterSeconds: retryAfterMs / 1000 });
  }
}

async function loadBuiltIn({ builtInJwks }: KeysPlatform): Promise<Result<LoadedKeys, string>> {
  const answer = await settle(builtInJwks());
  if (!answer.ok) return err(`the oidc room failed: ${answer.error}`);
  const keys = parseJwks(answer.value);
  if (!keys.ok) return err(`the key set ${keys.error.reason}`);
  return ok({ keySet: { keys: keys.value, algorithms: ALGORITHMS }, freshMs: DEFAULT_FRESH_MS });
}

async function loadDiscovered(issuer: Issuer, platform: KeysPlatform): Promise<Result<LoadedKeys, string>> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const document = await fetchJson(discoveryUrl(issuer.url), MAX_DISCOVERY_BYTES, { platform, signal });
  if (!document.ok) return err(`the discovery document ${document.error}`);
  const discovery = parseDiscovery(document.value.json, issuer);
  if (!discovery.ok) return err(`the discovery document ${discovery.error.reason}`);
  const set = await fetchJson(discovery.value.jwksUri, MAX_JWKS_BYTES, { platform, signal });
  if (!set.ok) return err(`the key set ${set.error}`);
  const keys = parseJwks(set.value.json);
  if (!keys.ok) return err(`the key set ${keys.error.reason}`);
  return ok({
    keySet: { keys: keys.value, algorithms: discovery.value.algorithms },
    freshMs: freshMsOf(set.value.cacheControl),
  });
}

interface FetchedJson {
  readonly json: unknown;
  readonly cacheControl: string;
}

interface Fetching {
  readonly platform: KeysPlatform;
  readonly signal: AbortSignal;
}

/** A redirect is a failure: what is configured is where the keys are, and a redirect could lead anywhere. */
async function fetchJson(
  url: string,
  maxBytes: number,
  { platform, signal }: Fetching,
): Promise<Result<FetchedJson, string>> {
  const init = { redirect: "manual", signal, headers: { accept: "application/json" } } as const;
  const response = await settle(platform.fetch(url, init));
  if (!response.ok) return err(`could not be fetched: ${response.error}`);
  if (response.value.status !== 200) return err(`was answered with status ${response.value.status}`);
  const body = await settle(readBody(response.value, maxBytes));
  if (!body.ok) return err(`could not be read: ${body.error}`);
  if (!body.value.ok) return err(`is larger than ${maxBytes} bytes`);
  const json = parseJson(body.value.value);
  if (!json.ok) return err("is not JSON");
  return ok({ json: json.value, cacheControl: response.value.headers.get("cache-control") ?? "" });
}

/** What a call of the platform rejects with, by name: its text could hold what the other side sent. */
async function settle<T>(call: Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await call);
  } catch (error) {
    return err(error instanceof Error ? error.name : "unknown");
  }
}

function freshMsOf(cacheControl: string): number {
  const seconds = /(?:^|[\s,])max-age=(\d+)/i.exec(cacheControl)?.[1];
  if (seconds === undefined) return /no-(?:store|cache)/i.test(cacheControl) ? MIN_FRESH_MS : DEFAULT_FRESH_MS;
  return Math.min(Math.max(Number(seconds) * 1000, MIN_FRESH_MS), MAX_FRESH_MS);
}
