// SPDX-License-Identifier: Apache-2.0
// A fixture with which the services warm up: each runs its write path once while its isolate starts. Code is compiled
// on its first run, which then costs several times its later price, and the first request has only 10 ms of CPU on the
// Free plan; start-up has a hundred times that. The key here is public, and nothing trusts it.

import { decodeHex } from "../bytes/hex.ts";
import { encodePem } from "../bytes/pem.ts";
import { bitString, octetString, oid, sequence, smallInteger } from "../der/writer.ts";
import { unixMs } from "../time.ts";
import { encodeCertificate, encodeTbs } from "../x509/certificate.ts";
import { encodeName } from "../x509/name.ts";

/** PUBLIC_URL of a warm-up deployment. No request is ever sent to it. */
export const WARM_UP_URL = "https://warm-up.invalid";

/** AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758 §3.2), DER. */
export const ECDSA_SHA256: Uint8Array = sequence(oid("1.2.840.10045.4.3.2"));

const P256 = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"));
const ED25519 = sequence(oid("1.3.101.112"));
const SECRET = octetString(new Uint8Array(32).fill(1, 31));

/** The base point of P-256, uncompressed (SP 800-186 §3.2.1.3): the public key of the secret 1. */
const BASE_POINT =
  "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

const encodePkcs8 = (algorithm: Uint8Array, key: Uint8Array): string =>
  encodePem("PRIVATE KEY", sequence(smallInteger(0), algorithm, octetString(key)));

/** The P-256 key whose secret is 1. */
export interface WarmUpKey {
  /** PKCS#8 PEM. */
  readonly pem: string;
  /** SubjectPublicKeyInfo, DER; its last 64 bytes are x ‖ y. */
  readonly spki: Uint8Array;
}

/** The P-256 key, encoded anew on each call. */
export function warmUpKey(): WarmUpKey {
  const point = decodeHex(BASE_POINT);
  if (!point.ok) throw new TypeError("the base point is not hexadecimal");
  return { pem: encodePkcs8(P256, sequence(smallInteger(1), SECRET)), spki: sequence(P256, bitString(point.value)) };
}

/** PKCS#8 PEM of the Ed25519 key whose seed is 1. */
export const warmUpEd25519Key = (): string => encodePkcs8(ED25519, SECRET);

/** Signs a TBSCertificate; the result goes into the certificate unchecked. */
export type SignTbs = (tbs: Uint8Array) => Uint8Array;

/** A self-issued certificate over the P-256 key, valid from 1970 to 2084, as DER. By default its signature is zeros. */
export function warmUpCertificate(
  extensions: readonly Uint8Array[],
  sign: SignTbs = () => new Uint8Array(64),
): Uint8Array {
  const name = encodeName({ organization: "warm-up", commonName: "warm-up" });
  const tbs = encodeTbs({
    serial: Uint8Array.of(1),
    signatureAlgorithm: ECDSA_SHA256,
    issuer: name,
    notBefore: unixMs(0),
    notAfter: unixMs(3_600_000_000_000),
    subject: name,
    spki: warmUpKey().spki,
    extensions,
  });
  return encodeCertificate(tbs, ECDSA_SHA256, sign(tbs));
}

/** The address of the warm-up's client, from a block for documentation (RFC 5737). */
const CLIENT = "192.0.2.1";

/** A POST as a client sends it. Start-up can read a body only if it is a stream that was made there. */
export function warmUpRequest(path: string, contentType: string, body: Uint8Array): Request {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(body);
      controller.close();
    },
  });
  const headers = { "content-type": contentType, "cf-connecting-ip": CLIENT, "x-request-id": "warm-up" };
  // Node demands `duplex` for a stream; workerd does not know it.
  const init = { method: "POST", headers, body: stream, duplex: "half" };
  return new Request(`${WARM_UP_URL}${path}`, init);
}

/** Counts requests and admits each. */
export const NO_LIMIT: RateLimit = { limit: () => Promise.resolve({ success: true }) };

/**
 * Runs a service's route on a request. Start-up makes no response with a body and no random bytes, so what follows
 * either stays cold. Never rejects.
 */
export async function serveWarmUp(serve: () => Promise<Response>): Promise<void> {
  try {
    await serve();
  } catch {
    // As far as start-up allows.
  }
}

/** Returns what the warm-up returns, or 0 if it throws: only the speed of the first request depends on it. */
export async function runWarmUp(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch {
    return 0;
  }
}
