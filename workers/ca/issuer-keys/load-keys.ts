// SPDX-License-Identifier: Apache-2.0
// Fetches an issuer's keys: the discovery document, then the JWK Set, within limits of time and size, and only from the
// addresses in the issuer's configuration and its discovery document. Spec: OpenID Connect Discovery 1.0 §4; RFC 7517
// §5.

import { describeOutsideError, type FetchOutside } from "../../../shared/http/outside.ts";
import type { Issuer } from "../../../shared/identity/issuers.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { discoveryUrl, parseDiscovery } from "../../../shared/oidc/discovery.ts";
import { ALGORITHMS, type KeySet, parseJwks } from "../../../shared/oidc/jwks.ts";
import { err, ok, type Result } from "../../../shared/result.ts";

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
  const answer = await settle(builtInJwks);
  if (!answer.ok) return err(`the oidc service failed: ${answer.error}`);
  const keys = parseJwks(answer.value);
  if (!keys.ok) return err(`the key set ${keys.error.reason}`);
  return ok({ keySet: { keys: keys.value, algorithms: ALGORITHMS }, freshMs: DEFAULT_FRESH_MS });
}

/**
 * Fetches an issuer's keys through its discovery document. Fails with a reason that contains nothing the issuer sent.
 */
export async function loadDiscovered(issuer: Issuer, fetchOutside: FetchOutside): Promise<Result<LoadedKeys, string>> {
  const deadline = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const document = await fetchJson(discoveryUrl(issuer.url), MAX_DISCOVERY_BYTES, { fetchOutside, deadline });
  if (!document.ok) return err(`the discovery document ${document.error}`);
  const discovery = parseDiscovery(document.value.json, issuer);
  if (!discovery.ok) return err(`the discovery document ${discovery.error.reason}`);
  const set = await fetchJson(discovery.value.jwksUri, MAX_JWKS_BYTES, { fetchOutside, deadline });
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
  readonly fetchOutside: FetchOutside;
  readonly deadline: AbortSignal;
}

async function fetchJson(
  url: string,
  maxBytes: number,
  { fetchOutside, deadline }: Fetching,
): Promise<Result<FetchedJson, string>> {
  const answer = await fetchOutside(url, { deadline, maxBytes, headers: { accept: "application/json" } });
  if (!answer.ok) return err(describeOutsideError(answer.error));
  const { status, headers, body } = answer.value;
  if (status !== 200) return err(`could not be fetched: status ${status}`);
  const json = parseJson(body);
  return json.ok ? ok({ json: json.value, cacheControl: headers.get("cache-control") ?? "" }) : err("is not JSON");
}

/**
 * Turns an exception into the exception's name. Its message is dropped, as it could contain what the other side sent.
 */
export async function settle<T>(call: () => Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await call());
  } catch (error) {
    return err(error instanceof Error ? error.name : "unknown");
  }
}

function freshMsOf(cacheControl: string): number {
  const seconds = /(?:^|[\s,])max-age=(\d+)/i.exec(cacheControl)?.[1];
  if (seconds === undefined) return /no-(?:store|cache)/i.test(cacheControl) ? MIN_FRESH_MS : DEFAULT_FRESH_MS;
  return clampFreshMs(Number(seconds) * 1000);
}

/** The time within the bounds on how long keys may be fresh. */
export const clampFreshMs = (freshMs: number): number => Math.min(Math.max(freshMs, MIN_FRESH_MS), MAX_FRESH_MS);
