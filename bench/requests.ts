// SPDX-License-Identifier: Apache-2.0
// Prepares the requests before the clock starts. Requests for certificates share one key and a few tokens (each
// certificate still has its own serial number); entries are signed in advance, each over its own digest.

import { createHash, randomBytes, sign } from "node:crypto";
import type { KeyKind } from "../shared/crypto/public-key.ts";
import { octetString, oid, sequence, smallInteger, TRUE } from "../shared/der/writer.ts";
import { items, member } from "../shared/json/member.ts";
import { type SigningKey, signMessage } from "../test/support/authority/signing-keys.ts";
import { makeHashedRekord } from "../test/support/logs/rekor-v1.ts";
import type { PostRequest } from "./load.ts";
import type { BenchStack, Identity } from "./stack.ts";

const json = (path: string, status: number, value: unknown): PostRequest => ({
  path,
  status,
  contentType: "application/json",
  body: Buffer.from(JSON.stringify(value)),
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Returns a function that creates requests for certificates over the key, for each identity in turn. */
function certificateRequests(key: SigningKey, identities: readonly Identity[]): () => PostRequest {
  const content = key.publicObject.export({ format: "pem", type: "spki" });
  const requests = identities.map(({ email, token }) =>
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
    const request = requests[next++ % requests.length];
    if (request === undefined) throw new RangeError("no identities");
    return request;
  };
}

/** Extracts the leaf certificate from a signingCert response, as DER. */
export function certificateOf(answer: Buffer): Buffer {
  const signed = member(JSON.parse(answer.toString()), "signedCertificateEmbeddedSct");
  const [leaf = ""] = items(member(signed, "chain"), "certificates");
  return Buffer.from(String(leaf).replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
}

/** Creates a time-stamp query in DER, as cosign sends it. */
export function timestampRequest(): PostRequest {
  const sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"));
  const nonce = Buffer.concat([Uint8Array.of(0x02, 0x08, 0x40), randomBytes(7)]);
  const query = sequence(smallInteger(1), sequence(sha256, octetString(randomBytes(32))), nonce, TRUE);
  const contentType = "application/timestamp-query";
  return { path: "/api/v1/timestamp", status: 200, contentType, body: Buffer.from(query) };
}

/** Creates an entry for a new artifact, verified by a certificate over the key or by the bare key. */
export function entryRequest(key: SigningKey, certificate: Uint8Array | null): PostRequest {
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

/** Creates a hashedrekord 0.0.1 entry of Rekor v1 for a new artifact. @param pem the key, or a certificate for it */
export const v1EntryRequest = ({ privateObject }: SigningKey, pem: string): PostRequest =>
  json("/api/v1/log/entries", 201, makeHashedRekord({ privateKey: privateObject, pem }, base64(randomBytes(48))));

const certificatePem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${(base64(der).match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;

/** Creates requests; each call creates a new one. */
export interface RequestFactory {
  readonly certificate: () => PostRequest;
  readonly timestamp: () => PostRequest;
  /** An entry with a certificate of the stack's CA. */
  readonly entry: () => PostRequest;
  /** The same for the log of Rekor v1. */
  readonly v1Entry: () => PostRequest;
  /** An entry with the stack's listed key of this kind. */
  readonly bareEntry: (kind: KeyKind) => PostRequest;
}

/**
 * Creates the request factory of a stack. It requests one certificate.
 * @param key the key that certificates are issued for
 * @param listed the keys that the stack's write policy lists
 */
export async function makeRequests(
  { client, identities }: BenchStack,
  { key, listed }: { readonly key: SigningKey; readonly listed: readonly SigningKey[] },
): Promise<RequestFactory> {
  const certificate = certificateRequests(key, identities);
  const own = certificateOf(await client.post(certificate()));
  return {
    certificate,
    timestamp: timestampRequest,
    entry: () => entryRequest(key, own),
    v1Entry: () => v1EntryRequest(key, certificatePem(own)),
    bareEntry: (kind) => {
      const bare = listed.find((one) => one.kind === kind);
      if (bare === undefined) throw new RangeError(`no key of kind ${kind}`);
      return entryRequest(bare, null);
    },
  };
}

/** Prepares `count` requests. */
export const makeMany = (count: number, make: () => PostRequest): readonly PostRequest[] =>
  Array.from({ length: count }, make);
