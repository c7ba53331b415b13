// SPDX-License-Identifier: Apache-2.0
// What clients send, made before the clock runs: certificates are asked for with one key and a few tokens (each is another one
// by its serial number all the same), entries are signed in advance, each over a digest of its own.

import { createHash, randomBytes, sign } from "node:crypto";
import type { KeyKind } from "../shared/crypto/public-key.ts";
import { octetString, oid, sequence, smallInteger } from "../shared/der/writer.ts";
import { type SigningKey, signMessage } from "../test/support/authority/signing-keys.ts";
import type { Shot } from "./load.ts";
import type { Bench } from "./plan.ts";
import type { BenchStack } from "./stack.ts";

/** Who asks for certificates. */
export interface Identity {
  readonly email: string;
  /** Speaks for the address. */
  readonly token: string;
}

const json = (path: string, status: number, value: unknown): Shot => ({
  path,
  status,
  contentType: "application/json",
  body: Buffer.from(JSON.stringify(value)),
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Requests for certificates for the key, for one identity after the other. */
function certificateShots(key: SigningKey, identities: readonly Identity[]): () => Shot {
  const content = key.publicObject.export({ format: "pem", type: "spki" });
  const shots = identities.map(({ email, token }) =>
    json("/api/v2/signingCert", 200, {
      credentials: { oidcIdentityToken: token },
      publicKeyRequest: {
        publicKey: { algorithm: "ECDSA", content },
        proofOfPossession: base64(sign("sha256", Buffer.from(email), key.privateObject)),
      },
    }),
  );
  let next = 0;
  return () => {
    const shot = shots[next++ % shots.length];
    if (shot === undefined) throw new RangeError("no identities");
    return shot;
  };
}

/** The leaf of the answer to a request for a certificate, DER. */
function certificateOf(answer: Buffer): Buffer {
  const { signedCertificateEmbeddedSct: signed } = JSON.parse(answer.toString()) as {
    readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly string[] } };
  };
  const [leaf = ""] = signed.chain.certificates;
  return Buffer.from(leaf.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
}

/** A time-stamp query for a digest, in DER as cosign sends it. */
function timestampShot(): Shot {
  const sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"));
  const nonce = Buffer.concat([Uint8Array.of(0x02, 0x08, 0x40), randomBytes(7)]);
  const certReq = Uint8Array.of(0x01, 0x01, 0xff);
  const query = sequence(smallInteger(1), sequence(sha256, octetString(randomBytes(32))), nonce, certReq);
  const contentType = "application/timestamp-query";
  return { path: "/api/v1/timestamp", status: 200, contentType, body: Buffer.from(query) };
}

/** An entry for an artifact that nobody has signed before; with a certificate for the key, or with the bare key. */
export function entryShot(key: SigningKey, certificate: Uint8Array | null): Shot {
  const artifact = randomBytes(48);
  const verifier =
    certificate === null
      ? { publicKey: { rawBytes: base64(key.spki) } }
      : { x509Certificate: { rawBytes: base64(certificate) } };
  return json("/api/v2/log/entries", 201, {
    hashedRekordRequestV002: {
      digest: base64(createHash(key.hash.replace("-", "")).update(artifact).digest()),
      signature: { content: base64(signMessage(key, artifact)), verifier: { ...verifier, keyDetails: key.keyDetails } },
    },
  });
}

/** One of each request, by name; each call makes another. */
export interface Requests {
  readonly certificate: () => Shot;
  readonly timestamp: () => Shot;
  /** With a certificate of the stack's CA. */
  readonly entry: () => Shot;
  /** With a bare key of this kind that the stack lists. */
  readonly bareEntry: (kind: KeyKind) => Shot;
}

/** `key` gets a certificate, those in `listed` are listed. */
export async function makeRequests(
  { client, identities }: BenchStack,
  { key, listed }: { readonly key: SigningKey; readonly listed: readonly SigningKey[] },
): Promise<Requests> {
  const certificate = certificateShots(key, identities);
  const own = certificateOf(await client.post(certificate()));
  return {
    certificate,
    timestamp: timestampShot,
    entry: () => entryShot(key, own),
    bareEntry: (kind) => {
      const bare = listed.find((one) => one.kind === kind);
      if (bare === undefined) throw new RangeError(`no key of kind ${kind}`);
      return entryShot(bare, null);
    },
  };
}

/** Whole signatures, one after another: certificate, timestamp, entry with that certificate. */
export async function signMany({ stack: { client }, requests, key }: Bench, count: number): Promise<void> {
  for (const request of many(count, requests.certificate)) {
    const certificate = certificateOf(await client.post(request));
    await client.post(timestampShot());
    await client.post(entryShot(key, certificate));
  }
}

export const many = (count: number, make: () => Shot): readonly Shot[] => Array.from({ length: count }, make);
