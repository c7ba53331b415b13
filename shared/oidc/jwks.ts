// SPDX-License-Identifier: Apache-2.0
// JSON Web Key Sets: the public keys of an issuer. Spec: RFC 7517 §4, §5; RFC 7518 §6; RFC 8037 §2.

import { isObject, type JsonObject, member } from "../json/member.ts";
import { err, ok, type Result } from "../result.ts";
import { unreachable } from "../unreachable.ts";

/**
 * The algorithms accepted for tokens: asymmetric ones only. `none` and the HMACs are missing, so a token's header
 * cannot choose them either.
 */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;
/** An accepted algorithm. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** Whether `alg` is an accepted algorithm. */
export const isAlgorithm = (value: unknown): value is Algorithm => ALGORITHMS.some((algorithm) => algorithm === value);

/** A public key of a set, reduced to the members that define the key. */
export interface VerificationKey {
  readonly keyId: string | null;
  /** The only algorithm that the key is for; null if it is for every algorithm of its type. */
  readonly algorithm: Algorithm | null;
  readonly jwk: PublicJwk;
}

type PublicJwk =
  | { readonly kty: "RSA"; readonly n: string; readonly e: string }
  | { readonly kty: "EC"; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: "OKP"; readonly crv: string; readonly x: string };

/** The keys of an issuer, and the algorithms that it claims to sign with. */
export interface KeySet {
  readonly keys: readonly VerificationKey[];
  readonly algorithms: readonly Algorithm[];
}

/** The key cannot verify tokens. */
export interface JwkError {
  readonly code: "jwk_unusable";
  /** Completes "the key …". */
  readonly reason: string;
}

/** The set is malformed or has no usable key. */
export interface JwksError {
  readonly code: "jwks_invalid";
  /** Completes "the key set …". */
  readonly reason: string;
}

/** More than any provider publishes at once. */
const MAX_KEYS = 100;
const EC_CURVES: ReadonlyMap<string, Algorithm> = new Map([
  ["P-256", "ES256"],
  ["P-384", "ES384"],
  ["P-521", "ES512"],
]);

/**
 * Returns the usable keys of a set. Keys for other purposes are ignored, as RFC 7517 §5 says.
 * Fails with jwks_invalid: not a set, too many keys, or none usable.
 */
export function parseJwks(value: unknown): Result<readonly VerificationKey[], JwksError> {
  const members = keysOf(value);
  if (members === null) return err({ code: "jwks_invalid", reason: "has no array `keys`" });
  if (members.length > MAX_KEYS) return err({ code: "jwks_invalid", reason: `has more than ${MAX_KEYS} keys` });
  const keys = members.flatMap((item) => {
    const key = parseJwk(item);
    return key.ok ? [key.value] : [];
  });
  return keys.length > 0 ? ok(keys) : err({ code: "jwks_invalid", reason: "has no key that can verify a token" });
}

/** Makes a set of these keys, which parseJwks reads back. */
export const toJwks = (keys: readonly VerificationKey[]): { readonly keys: readonly object[] } => ({
  keys: keys.map(({ keyId, algorithm, jwk }) => ({
    ...jwk,
    ...(keyId === null ? {} : { kid: keyId }),
    ...(algorithm === null ? {} : { alg: algorithm }),
  })),
});

/** Returns the members of `keys`, unparsed; null if the value is not a key set. */
export function keysOf(value: unknown): readonly unknown[] | null {
  const keys = member(value, "keys");
  return Array.isArray(keys) ? keys : null;
}

/** Parses one public key for signatures. Its numbers are checked when it is imported. Fails with jwk_unusable. */
export function parseJwk(value: unknown): Result<VerificationKey, JwkError> {
  if (!isObject(value)) return rejectJwk("is not a JSON object");
  const problem = purposeProblem(value);
  if (problem !== null) return rejectJwk(problem);
  const { alg, kid } = value;
  if (alg !== undefined && !isAlgorithm(alg)) return rejectJwk(`has an alg other than ${ALGORITHMS.join(", ")}`);
  if (kid !== undefined && typeof kid !== "string") return rejectJwk("has a kid that is not a string");
  const jwk = readNumbers(value);
  if (jwk === null) return rejectJwk("is not a complete RSA, EC (P-256, P-384, P-521) or OKP (Ed25519) key");
  return ok({ keyId: kid ?? null, algorithm: alg ?? null, jwk });
}

function purposeProblem({ use, key_ops: operations, d, k }: JsonObject): string | null {
  if (d !== undefined || k !== undefined) return "is a secret: publish public keys only";
  if (use !== undefined && use !== "sig") return "is not for signatures";
  return Array.isArray(operations) && !operations.includes("verify") ? "is not for verification" : null;
}

function readNumbers({ kty, n, e, crv, x, y }: JsonObject): PublicJwk | null {
  if (kty === "RSA" && isText(n) && isText(e)) return { kty, n, e };
  if (kty === "EC" && isText(crv) && EC_CURVES.has(crv) && isText(x) && isText(y)) return { kty, crv, x, y };
  if (kty === "OKP" && crv === "Ed25519" && isText(x)) return { kty, crv, x };
  return null;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const rejectJwk = (reason: string): Result<never, JwkError> => err({ code: "jwk_unusable", reason });

/** Whether the key can make signatures of this algorithm. */
export function canVerify({ jwk, algorithm }: VerificationKey, wanted: Algorithm): boolean {
  if (algorithm !== null && algorithm !== wanted) return false;
  switch (jwk.kty) {
    case "RSA":
      return wanted.startsWith("RS") || wanted.startsWith("PS");
    case "EC":
      return EC_CURVES.get(jwk.crv) === wanted;
    case "OKP":
      return wanted === "EdDSA";
    default:
      return unreachable(jwk);
  }
}
