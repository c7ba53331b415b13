// SPDX-License-Identifier: Apache-2.0
// Fetches an issuer's keys: the discovery document, then the JWK Set, within limits of time and size, and only from the
// addresses in the issuer's configuration and its discovery document. Spec: OpenID Connect Discovery 1.0 §4; RFC 7517
// §5.

import { readBody } from "../../../shared/http/body.ts";
import type { Issuer } from "../../../shared/identity/issuers.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { discoveryUrl, parseDiscovery } from "../../../shared/oidc/discovery.ts";
import { ALGORITHMS, type KeySet, parseJwks } from "../../../shared/oidc/jwks.ts";
import { err, ok, type Result } from "../../../shared/result.ts";

/** The platform's fetch. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Keys as fetched. */
export interface LoadedKeys {
  readonly keySet: KeySet;
  /** How long they need not be fetched again. */
  readonly freshMs: number;
}

/** For the discovery document and the key set together. */
export const FETCH_TIMEOUT_MS = 10_000;
const MAX_DISCOVERY_BYTES = 64 * 1024;
/** The largest key set that is read. */
export const MAX_JWKS_BYTES = 256 * 1024;

const MINUTE_MS = 60_000;
/** How long keys are fresh by default, and the bounds on what the issuer may set. */
const DEFAULT_FRESH_MS = 10 * MINUTE_MS;
const MIN_FRESH_MS = MINUTE_MS;
const MAX_FRESH_MS = 60 * MINUTE_MS;

/** Gets the keys of the built-in oidc service. Fails with the reason. */
export async function loadBuiltIn(builtInJwks: () => Promise<unknown>): Promise<Result<LoadedKeys, string>> {
  const answer = await settle(builtInJwks());
  if (!answer.ok) return err(`the oidc service failed: ${answer.error}`);
  const keys = parseJwks(answer.value);
  if (!keys.ok) return err(`the key set ${keys.error.reason}`);
  return ok({ keySet: { keys: keys.value, algorithms: ALGORITHMS }, freshMs: DEFAULT_FRESH_MS });
}

/**
 * Fetches an issuer's keys through its discovery document. Fails with a reason that contains nothing the issuer sent.
 */
export async function loadDiscovered(issuer: Issuer, fetch: Fetch): Promise<Result<LoadedKeys, string>> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const document = await fetchJson(discoveryUrl(issuer.url), MAX_DISCOVERY_BYTES, { fetch, signal });
  if (!document.ok) return err(`the discovery document ${document.error}`);
  const discovery = parseDiscovery(document.value.json, issuer);
  if (!discovery.ok) return err(`the discovery document ${discovery.error.reason}`);
  const set = await fetchJson(discovery.value.jwksUri, MAX_JWKS_BYTES, { fetch, signal });
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
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
}

/** Fetches JSON. Redirects are failures: the keys are at the configured address, and a redirect could lead anywhere. */
async function fetchJson(
  url: string,
  maxBytes: number,
  { fetch, signal }: Fetching,
): Promise<Result<FetchedJson, string>> {
  const init = { redirect: "manual", signal, headers: { accept: "application/json" } } as const;
  const response = await settle(fetch(url, init));
  if (!response.ok) return err(`could not be fetched: ${response.error}`);
  if (response.value.status !== 200) return err(`could not be fetched: status ${response.value.status}`);
  const body = await readBody(response.value, maxBytes);
  if (!body.ok)
    return err(body.error.code === "body_too_large" ? `is larger than ${maxBytes} bytes` : "could not be read");
  const json = parseJson(body.value);
  if (!json.ok) return err("is not JSON");
  return ok({ json: json.value, cacheControl: response.value.headers.get("cache-control") ?? "" });
}

/**
 * Turns a rejection into the exception's name. Its message is dropped, as it could contain what the other side sent.
 */
export async function settle<T>(call: Promise<T>): Promise<Result<T, string>> {
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
