// SPDX-License-Identifier: Apache-2.0
// OpenID Connect discovery: where an issuer's keys are, and its algorithms. Spec: OpenID Connect Discovery 1.0 §3, §4.

import { isObject } from "../json/member.ts";
import { err, ok, type Result } from "../result.ts";
import { parseFetchableUrl } from "./issuer-url.ts";
import { type Algorithm, isAlgorithm } from "./jwks.ts";

/** The parts of a discovery document that verification needs. */
export interface Discovery {
  readonly jwksUri: string;
  /** The issuer's signing algorithms that we accept; not empty. */
  readonly algorithms: readonly Algorithm[];
}

/** The document is unusable. */
export interface DiscoveryError {
  readonly code: "discovery_invalid";
  /** Completes "the discovery document …". */
  readonly reason: string;
}

/** Returns the document's URL: "any terminating / MUST be removed" (Discovery 1.0 §4.1), that is, one. */
export const discoveryUrl = (issuer: string): string => `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;

/** The issuer whose document is read. */
export interface DiscoveredIssuer {
  readonly url: string;
  readonly isLoopback: boolean;
  /** Not null if a token named the issuer and it matched a pattern; its keys must then be on its own host. */
  readonly pattern: object | null;
}

/**
 * Reads the discovery document of `issuer`: its `issuer` must be the same string and its `jwks_uri` an https URL, on a
 * loopback address only for a loopback issuer. Fails with discovery_invalid.
 */
export function parseDiscovery(document: unknown, issuer: DiscoveredIssuer): Result<Discovery, DiscoveryError> {
  if (!isObject(document)) return fail("is not a JSON object");
  const { issuer: stated, jwks_uri: jwksUri, ...rest } = document;
  // The MUST of Discovery 1.0 §4.3. Otherwise an issuer could present another's keys as its own.
  if (stated !== issuer.url) return fail("names another issuer");
  const url = typeof jwksUri === "string" ? parseFetchableUrl(jwksUri) : null;
  if (url === null || !url.ok) return fail("has no usable jwks_uri");
  if (url.value.isLoopback && !issuer.isLoopback) return fail("has a jwks_uri on a loopback address");
  const isOwnHost = new URL(url.value.href).host === new URL(issuer.url).host;
  if (issuer.pattern !== null && !isOwnHost) return fail("has a jwks_uri on another host than its issuer");
  const algorithms = readAlgorithms(rest["id_token_signing_alg_values_supported"]);
  return algorithms.length === 0
    ? fail("lists no accepted signing algorithm")
    : ok({ jwksUri: url.value.href, algorithms });
}

/** Every provider must support RS256 (Discovery 1.0 §3), so it stands for a missing list. */
function readAlgorithms(listed: unknown): readonly Algorithm[] {
  return Array.isArray(listed) ? listed.filter(isAlgorithm) : ["RS256"];
}

const fail = (reason: string): Result<never, DiscoveryError> => err({ code: "discovery_invalid", reason });
