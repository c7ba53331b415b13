// SPDX-License-Identifier: Apache-2.0
// Parses and verifies identity tokens: JWTs in the compact form of JWS. Cheap checks come first; keys are requested
// only after every check that needs none. Knows no issuer table and fetches nothing.
// Spec: RFC 7515 §5.2, §7.1; RFC 7519 §4.1, §7.2; RFC 8725.

import { compactVerify } from "jose/jws/compact/verify";
import type { Brand } from "../brand.ts";
import { decodeProtoBase64 } from "../bytes/base64.ts";
import { isObject } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { err, ok, type Result } from "../result.ts";
import type { UnixMs } from "../time.ts";
import { type ClaimError, type Claims, claimOf, readTextClaim } from "./claims.ts";
import { ALGORITHMS, type Algorithm, canVerify, isAlgorithm, type KeySet, type VerificationKey } from "./jwks.ts";

/** The token is malformed, or not valid for this service now. */
export type TokenError =
  | { readonly code: "token_too_large"; readonly maxBytes: number }
  /** Not three parts of base64url, or a part that is not a JSON object. */
  | { readonly code: "token_malformed"; readonly part: "form" | "header" | "payload" }
  | { readonly code: "token_algorithm"; readonly allowed: readonly Algorithm[] }
  | { readonly code: "token_critical_header" }
  | { readonly code: "token_audience"; readonly expected: readonly string[] }
  | { readonly code: "token_expired"; readonly exp: number; readonly now: UnixMs }
  | { readonly code: "token_not_yet_valid"; readonly nbf: number; readonly now: UnixMs }
  | { readonly code: "token_key_unknown" }
  | { readonly code: "token_signature_invalid" }
  | ClaimError;

/** A parsed token whose claims have not been verified. */
export interface UnverifiedToken {
  readonly text: string;
  readonly algorithm: Algorithm;
  readonly keyId: string | null;
  /** `iss`; compare it as a whole string with the trusted issuers. */
  readonly issuer: string;
  readonly claims: Claims;
}

/** The claims of a token whose signature, audience and times have been verified. Only verifyToken returns them. */
export type VerifiedClaims = Brand<Claims, "VerifiedClaims">;

/** Provides the keys of one issuer. */
export interface KeySource<E> {
  read(): Promise<Result<KeySet, E>>;
  /**
   * Returns newer keys than `current`, for a token that none of those verifies; null if it is too soon to fetch again.
   */
  refresh(): Promise<Result<KeySet | null, E>>;
}

/** CI providers issue tokens of up to 2 KiB. The limit applies before anything is parsed. */
const MAX_TOKEN_BYTES = 16 * 1024;
/** Exactly two dots and no padding (RFC 7515 §2). */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** How far an issuer's clock may be ahead of ours; `exp` gets no such leeway. */
const NOT_BEFORE_LEEWAY_MS = 5 * 60 * 1000;
/** The last second that a Date represents (ECMA-262 §21.4.1.1). */
const MAX_UNIX_SECONDS = 8_640_000_000_000;
/** How many keys are tried for a token without a kid. */
const MAX_CANDIDATES = 8;

/**
 * Parses a compact JWS with a JSON payload that has `iss`. Rejects repeated member names in payload and header.
 * Fails with token_too_large, token_malformed, token_algorithm, token_critical_header, claim_missing or claim_invalid.
 */
export function parseToken(sent: string): Result<UnverifiedToken, TokenError> {
  // A file or a command that holds a token ends in a line break.
  const text = sent.trimEnd();
  if (text.length > MAX_TOKEN_BYTES) return err({ code: "token_too_large", maxBytes: MAX_TOKEN_BYTES });
  if (!COMPACT.test(text)) return err({ code: "token_malformed", part: "form" });
  const [protectedPart = "", payloadPart = ""] = text.split(".");
  const header = parsePart(protectedPart);
  if (header === null) return err({ code: "token_malformed", part: "header" });
  const { alg, crit } = header;
  const kid = header["kid"] ?? undefined;
  if (!isAlgorithm(alg)) return err({ code: "token_algorithm", allowed: ALGORITHMS });
  // We support no JWS extension and must reject a token that requires one (RFC 7515 §4.1.11). jwk, jku, x5c and x5u are
  // ignored: a key that comes with the token proves nothing.
  if (crit !== undefined) return err({ code: "token_critical_header" });
  if (kid !== undefined && typeof kid !== "string") return err({ code: "token_malformed", part: "header" });
  const claims = parsePart(payloadPart);
  if (claims === null) return err({ code: "token_malformed", part: "payload" });
  const issuer = readTextClaim(claims, "iss");
  return issuer.ok ? ok({ text, algorithm: alg, keyId: kid ?? null, issuer: issuer.value, claims }) : issuer;
}

function parsePart(part: string): Claims | null {
  const bytes = decodeProtoBase64(part);
  const json = bytes.ok ? parseJson(bytes.value) : bytes;
  return json.ok && isObject(json.value) ? json.value : null;
}

/**
 * Verifies audience, subject, times and signature. The caller guarantees that `source` has the keys of the token's
 * issuer. Fails with a TokenError, or as `source` fails.
 */
export async function verifyToken<E>(
  token: UnverifiedToken,
  expected: { readonly audiences: readonly string[]; readonly now: UnixMs },
  source: KeySource<E>,
): Promise<Result<VerifiedClaims, TokenError | E>> {
  const checked = checkClaims(token.claims, expected.audiences, expected.now);
  if (!checked.ok) return checked;
  const keys = await source.read();
  if (!keys.ok) return keys;
  const signature = await verifySignature(token, keys.value);
  if (signature.ok || !canRefreshHelp(token, signature.error)) return releaseClaims(signature, token);
  const refreshed = await source.refresh();
  if (!refreshed.ok) return refreshed;
  return releaseClaims(refreshed.value === null ? signature : await verifySignature(token, refreshed.value), token);
}

function releaseClaims<E>(signature: Result<null, E>, { claims }: UnverifiedToken): Result<VerifiedClaims, E> {
  return signature.ok ? ok(claims as VerifiedClaims) : signature;
}

/** An unknown key id may be new, and so may the key of a token without an id. */
function canRefreshHelp(token: UnverifiedToken, error: TokenError): boolean {
  return error.code === "token_key_unknown" || (error.code === "token_signature_invalid" && token.keyId === null);
}

function checkClaims(claims: Claims, audiences: readonly string[], now: UnixMs): Result<null, TokenError> {
  const aud = claimOf(claims, "aud");
  if (!audiences.some((audience) => isAudience(aud, audience)))
    return err({ code: "token_audience", expected: audiences });
  const times = checkTimes(claims, now);
  if (!times.ok) return times;
  const subject = readTextClaim(claims, "sub");
  return subject.ok ? ok(null) : subject;
}

function isAudience(value: unknown, audience: string): boolean {
  return Array.isArray(value) ? value.includes(audience) : value === audience;
}

function checkTimes(claims: Claims, now: UnixMs): Result<null, TokenError> {
  const exp = readSeconds(claims, "exp");
  if (!exp.ok) return exp;
  // "on or after which the JWT MUST NOT be accepted" (RFC 7519 §4.1.4)
  if (exp.value * 1000 <= now) return err({ code: "token_expired", exp: exp.value, now });
  if ((claimOf(claims, "nbf") ?? null) === null) return ok(null);
  const nbf = readSeconds(claims, "nbf");
  if (!nbf.ok) return nbf;
  return nbf.value * 1000 > now + NOT_BEFORE_LEEWAY_MS
    ? err({ code: "token_not_yet_valid", nbf: nbf.value, now })
    : ok(null);
}

/** Reads a NumericDate, which may have a fraction (RFC 7519 §2). */
function readSeconds(claims: Claims, claim: string): Result<number, ClaimError> {
  const value = claimOf(claims, claim);
  if (value === undefined || value === null) return err({ code: "claim_missing", claim });
  return typeof value === "number" && value >= 0 && value <= MAX_UNIX_SECONDS
    ? ok(value)
    : err({ code: "claim_invalid", claim, expected: "a number of seconds since 1970" });
}

async function verifySignature(
  token: UnverifiedToken,
  { keys, algorithms }: KeySet,
): Promise<Result<null, TokenError>> {
  if (!algorithms.includes(token.algorithm)) return err({ code: "token_algorithm", allowed: algorithms });
  const candidates = keys.filter(
    (key) => canVerify(key, token.algorithm) && (token.keyId === null || token.keyId === key.keyId),
  );
  for (const candidate of candidates.slice(0, MAX_CANDIDATES)) {
    if (await isSignedBy(token, candidate)) return ok(null);
  }
  return err({ code: candidates.length === 0 ? "token_key_unknown" : "token_signature_invalid" });
}

async function isSignedBy({ text, algorithm }: UnverifiedToken, { jwk }: VerificationKey): Promise<boolean> {
  try {
    // jose imports a key once per object and algorithm, so a cached key set is imported once.
    await compactVerify(text, jwk, { algorithms: [algorithm] });
    return true;
  } catch {
    // A key whose numbers cannot be imported ends here too: it has signed nothing.
    return false;
  }
}
