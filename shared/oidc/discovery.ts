// SPDX-License-Identifier: Apache-2.0
// OpenID Connect discovery: where an issuer's keys are and what it signs with. Spec: OpenID Connect Discovery 1.0 §3, §4.

import { err, ok, type Result } from "../result.ts";
import { parseFetchableUrl } from "./issuer-url.ts";
import { type Algorithm, isAlgorithm } from "./jwks.ts";

export interface Discovery {
  readonly jwksUri: string;
  /** What the issuer signs with, as far as we accept it; not empty. */
  readonly algorithms: readonly Algorithm[];
}

export interface DiscoveryError {
  readonly code: "discovery_invalid";
  /** Completes "the discovery document …". */
  readonly reason: string;
}

/** "any terminating / MUST be removed" (Discovery 1.0 §4.1): one of them. */
export const discoveryUrl = (issuer: string): string => `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;

export interface DiscoveredIssuer {
  readonly url: string;
  readonly isLoopback: boolean;
  /** Not null: it is one of many that a token has named, so its keys must be on its own host. */
  readonly pattern: object | null;
}

/**
 * Reads the discovery document of `issuer`: its `issuer` must be the same string, its `jwks_uri` an https URL (a loopback
 * one only for a loopback issuer). Fails with discovery_invalid.
 */
export function parseDiscovery(document: unknown, issuer: DiscoveredIssuer): Result<Discovery, DiscoveryError> {
  if (typeof document !== "object" || document === null) return fail("is not a JSON object");
  const { issuer: stated, jwks_uri: jwksUri, ...rest } = document as Readonly<Record<string, unknown>>;
  // The MUST of Discovery 1.0 §4.3: otherwise one issuer could pass off another's keys as its own.
  if (stated !== issuer.url) return fail("names another issuer");
  const url = typeof jwksUri === "string" ? parseFetchableUrl(jwksUri) : null;
  if (url === null || !url.ok) return fail("has no usable jwks_uri");
  if (url.value.isLoopback && !issuer.isLoopback) return fail("has a jwks_uri on a loopback address");
  const isOwnHost = new URL(url.value.href).host === new URL(issuer.url).host;
  if (issuer.pattern !== null && !isOwnHost) return fail("has a jwks_uri on another host than its issuer");
  const algorithms = readAlgorithms(rest["id_token_signing_alg_values_supported"]);
  return algorithms.length === 0
    ? fail("lists no signing algorithm that is accepted")
    : ok({ jwksUri: url.value.href, algorithms });
}

/** RS256 is what every provider must be able to do (Discovery 1.0 §3), so it stands for a list that is missing. */
function readAlgorithms(listed: unknown): readonly Algorithm[] {
  return Array.isArray(listed) ? listed.filter(isAlgorithm) : ["RS256"];
}

const fail = (reason: string): Result<never, DiscoveryError> => err({ code: "discovery_invalid", reason });
