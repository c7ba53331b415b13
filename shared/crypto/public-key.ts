// SPDX-License-Identifier: Apache-2.0
// Parses public keys of the kinds this service accepts: SubjectPublicKeyInfo in DER, as clients and certificates carry
// it.
// Spec: RFC 5280 §4.1.2.7; RFC 5480 §2 (named curves, uncompressed points); RFC 8017 §A.1; RFC 8410 §4.

import { type DerReader, decodeDer } from "../der/reader.ts";
import { err, ok, type Result } from "../result.ts";
import { CURVES, type EcdsaKind, isOnCurve, toBigInt } from "./curves.ts";

type RsaKind = "rsa-2048" | "rsa-3072" | "rsa-4096";
/** The algorithm of a key, with its curve or size. */
export type KeyKind = EcdsaKind | "ed25519" | RsaKind;

/** A key on a NIST curve. */
export interface EcdsaPublicKey {
  readonly kind: EcdsaKind;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** 04 ‖ x ‖ y, on the curve. */
  readonly point: Uint8Array;
}

interface Ed25519PublicKey {
  readonly kind: "ed25519";
  readonly spki: Uint8Array;
  /** The encoded point, 32 bytes; not decoded here. */
  readonly point: Uint8Array;
}

/** An RSA key; its exponent is always 65537. */
export interface RsaPublicKey {
  readonly kind: RsaKind;
  readonly spki: Uint8Array;
  /** Big-endian, 256, 384 or 512 bytes with the top bit set. */
  readonly modulus: Uint8Array;
}

/** A key that parsePublicKey accepts. */
export type PublicKey = EcdsaPublicKey | Ed25519PublicKey | RsaPublicKey;

/** The key is malformed, weak, or of an unsupported kind. */
export interface PublicKeyError {
  /**
   * public_key_invalid: not DER, or numbers that are not a key (a point off its curve).
   * public_key_weak: P-224, or RSA with a modulus of a size other than 2048, 3072 or 4096 bits, an even modulus or one
   * with a small factor, or an exponent other than 65537: the keys that Fulcio's key policy calls insecure.
   * public_key_unsupported: a key of an algorithm or curve that this service does not accept.
   */
  readonly code: "public_key_invalid" | "public_key_weak" | "public_key_unsupported";
}

const OID_EC_PUBLIC_KEY = "1.2.840.10045.2.1";
const OID_ED25519 = "1.3.101.112";
const OID_RSA_ENCRYPTION = "1.2.840.113549.1.1.1";

const NAMED_CURVES: ReadonlyMap<string, EcdsaKind> = new Map([
  ["1.2.840.10045.3.1.7", "ecdsa-p256"],
  ["1.3.132.0.34", "ecdsa-p384"],
  ["1.3.132.0.35", "ecdsa-p521"],
]);

/** 112 bits of security, which is too few. */
const OID_P224 = "1.3.132.0.33";

const RSA_EXPONENT = 65537n;
const RSA_KINDS: ReadonlyMap<number, RsaKind> = new Map([
  [2048, "rsa-2048"],
  [3072, "rsa-3072"],
  [4096, "rsa-4096"],
]);
/** Trial division finds factors below this bound, which is the one of the WebPKI's key checks. */
const SMALL_PRIME_LIMIT = 752;

/** The parts of an AlgorithmIdentifier that matter here, and the key bits that it describes. */
interface KeyInfo {
  readonly algorithm: string;
  /** The curve for id-ecPublicKey, otherwise null. */
  readonly curve: string | null;
  readonly bits: Uint8Array;
}

/**
 * Parses one SubjectPublicKeyInfo: strict DER without trailing bytes. Accepts P-256, P-384 and P-521 with an
 * uncompressed point, Ed25519, and RSA with 2048, 3072 or 4096 bits and exponent 65537. PKCS#1 keys and PEM text are
 * not SPKI. Fails with public_key_invalid, public_key_weak or public_key_unsupported.
 */
export function parsePublicKey(spki: Uint8Array): Result<PublicKey, PublicKeyError> {
  const info = decodeDer(spki, (reader) => reader.sequence(readKeyInfo));
  if (!info.ok) return err({ code: "public_key_invalid" });
  const { algorithm, curve, bits } = info.value;
  if (algorithm === OID_ED25519) return toEd25519(spki, bits);
  if (algorithm === OID_RSA_ENCRYPTION) return toRsa(spki, bits);
  return algorithm === OID_EC_PUBLIC_KEY && curve !== null
    ? toEcdsa(spki, curve, bits)
    : err({ code: "public_key_unsupported" });
}

function readKeyInfo(reader: DerReader): KeyInfo {
  const { algorithm, curve } = reader.sequence((identifier) => {
    const oid = identifier.oid();
    return { algorithm: oid, curve: readParameters(identifier, oid) };
  });
  return { algorithm, curve, bits: reader.bitString() };
}

/** ECParameters: namedCurve only (RFC 5480 §2.1.1). rsaEncryption has NULL, Ed25519 has none (RFC 8410 §3). */
function readParameters(identifier: DerReader, algorithm: string): string | null {
  if (algorithm === OID_EC_PUBLIC_KEY) return identifier.oid();
  if (algorithm === OID_RSA_ENCRYPTION) identifier.null();
  else if (algorithm !== OID_ED25519 && !identifier.done) identifier.raw();
  return null;
}

function toEcdsa(spki: Uint8Array, curve: string, point: Uint8Array): Result<PublicKey, PublicKeyError> {
  const kind = NAMED_CURVES.get(curve);
  if (kind === undefined) return err({ code: curve === OID_P224 ? "public_key_weak" : "public_key_unsupported" });
  return isOnCurve(CURVES[kind], point) ? ok({ kind, spki, point }) : err({ code: "public_key_invalid" });
}

function toEd25519(spki: Uint8Array, point: Uint8Array): Result<PublicKey, PublicKeyError> {
  return point.length === 32 ? ok({ kind: "ed25519", spki, point }) : err({ code: "public_key_invalid" });
}

function toRsa(spki: Uint8Array, bits: Uint8Array): Result<PublicKey, PublicKeyError> {
  // RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
  const numbers = decodeDer(bits, (reader) =>
    reader.sequence((key) => ({ modulus: key.unsignedInteger(), exponent: toBigInt(key.unsignedInteger()) })),
  );
  if (!numbers.ok) return err({ code: "public_key_invalid" });
  const { modulus, exponent } = numbers.value;
  const length = 8 * modulus.length - Math.clz32(modulus[0] ?? 0) + 24;
  const kind = RSA_KINDS.get(length);
  return kind === undefined || exponent !== RSA_EXPONENT || hasSmallFactor(toBigInt(modulus))
    ? err({ code: "public_key_weak" })
    : ok({ kind, spki, modulus });
}

const SMALL_PRIMES = primesBelow(SMALL_PRIME_LIMIT);

function primesBelow(limit: number): readonly bigint[] {
  const primes: number[] = [];
  for (let n = 2; n < limit; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes.map(BigInt);
}

function hasSmallFactor(modulus: bigint): boolean {
  return SMALL_PRIMES.some((prime) => modulus % prime === 0n);
}
