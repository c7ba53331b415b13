// SPDX-License-Identifier: Apache-2.0
// Requests to the signature log like a client's, and checks of its answers without our code.

import { createPublicKey, verify } from "node:crypto";
import { expect } from "vitest";
import { requestCertificateFor } from "../authority/request-certificate.ts";
import { type SigningKey, signMessage } from "../authority/signing-keys.ts";
import { hashOf } from "../digests/digest-cases.ts";
import type { TestStack } from "../process/stack.ts";
import type { LogEntryJson } from "./log-entry.ts";
import { rootFromProof } from "./naive-tree.ts";
import { plainLeafHash } from "./tree-hashes.ts";

/** The verifier of a request. */
export interface VerifierJson {
  readonly publicKey?: { readonly rawBytes: string };
  readonly x509Certificate?: { readonly rawBytes: string };
  readonly keyDetails: string;
}

/** A hashedrekord request. */
export interface HashedRequest {
  readonly hashedRekordRequestV002: {
    readonly digest: string;
    readonly signature: { readonly content: string; readonly verifier: VerifierJson };
  };
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** The verifier of a bare key. */
export const bareVerifier = ({ spki, keyDetails }: SigningKey): VerifierJson => ({
  publicKey: { rawBytes: base64(spki) },
  keyDetails,
});

/** Makes an entry of `message` with a new signature: ECDSA signatures differ each time. */
export const makeHashedRequest = (
  key: SigningKey,
  message: Uint8Array,
  verifier = bareVerifier(key),
): HashedRequest => ({
  hashedRekordRequestV002: {
    digest: base64(hashOf(key, message)),
    signature: { content: base64(signMessage(key, message)), verifier },
  },
});

/** Makes an envelope with one signature over DSSE's pre-authentication encoding, as its protocol defines it. */
export function dsseRequest(key: SigningKey, payloadType: string, payload: Uint8Array): object {
  const pae = preAuthEncoding(payloadType, payload);
  return {
    dsseRequestV002: {
      envelope: {
        payload: base64(payload),
        payloadType,
        signatures: [{ sig: base64(signMessage(key, pae)), keyid: "" }],
      },
      verifiers: [bareVerifier(key)],
    },
  };
}

/** DSSE's pre-authentication encoding (PAE). */
export const preAuthEncoding = (payloadType: string, payload: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `), payload]);

/** Posts an entry. */
export const postEntry = (stack: Pick<TestStack, "url">, body: object | string): Promise<Response> =>
  fetch(`${stack.url}/api/v2/log/entries`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

/** Posts an entry. Throws unless the log accepts it. */
export async function addEntry(stack: Pick<TestStack, "url">, body: object): Promise<LogEntryJson> {
  const response = await postEntry(stack, body);
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as LogEntryJson;
}

/** The tree size in the served checkpoint. */
export async function readTreeSize(stack: TestStack): Promise<number> {
  const checkpoint = await (await fetch(`${stack.url}/checkpoint`)).text();
  return Number(checkpoint.split("\n")[1]);
}

/** Requests a certificate for `email` and this P-256 key from the stack's CA; DER. */
export const requestOwnCertificate = (stack: TestStack, email: string, key: SigningKey): Promise<Uint8Array> =>
  requestCertificateFor(stack, {
    email,
    key: { privateKey: key.privateObject, spki: key.publicObject.export({ format: "der", type: "spki" }) },
  });

/** The SPKI of the signature log's key, from the trusted root. */
export async function readLogKey(stack: TestStack): Promise<Uint8Array> {
  const root = (await (await fetch(`${stack.url}/trusted_root.json`)).json()) as {
    readonly tlogs: readonly { readonly publicKey: { readonly rawBytes: string } }[];
  };
  return Buffer.from(root.tlogs[0]?.publicKey.rawBytes ?? "", "base64");
}

/** Expects the leaf, the proof, the checkpoint and its first signature in an answer to be consistent. */
export function expectProven(entry: LogEntryJson, spki: Uint8Array): void {
  const { inclusionProof: proof } = entry;
  const place = { leafIndex: Number(entry.logIndex), treeSize: Number(proof.treeSize) };
  const leaf = plainLeafHash(Buffer.from(entry.canonicalizedBody, "base64"));
  const root = rootFromProof(
    leaf,
    place,
    proof.hashes.map((hash) => Buffer.from(hash, "base64")),
  );
  expect(root?.toString("base64")).toBe(proof.rootHash);
  expect(proof.logIndex).toBe(entry.logIndex);
  const [text = "", signatures = ""] = proof.checkpoint.envelope.split("\n\n");
  expect(text).toBe(`localhost\n${proof.treeSize}\n${proof.rootHash}`);
  const signature = Buffer.from(signatures.split("\n")[0]?.split(" ")[2] ?? "", "base64");
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  expect(verify("sha256", Buffer.from(`${text}\n`), key, signature.subarray(4))).toBe(true);
  expect(Buffer.from(entry.logId.keyId, "base64").subarray(0, 4)).toEqual(signature.subarray(0, 4));
}
