// SPDX-License-Identifier: Apache-2.0
// A client of the Rekor v1 log that shares no code with it: proposed entries made with node:crypto, and the checks that
// clients make of an answer.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml, pkg/verify

import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { expect } from "vitest";
import { rootFromProof } from "./naive-tree.ts";
import { plainLeafHash } from "./tree-hashes.ts";

/** A key with the PEM text of it or of its certificate. */
export interface V1Signer {
  readonly privateKey: KeyObject;
  readonly pem: string;
}

/** A key as it signs without a certificate. */
export const v1SignerOf = (privateKey: KeyObject): V1Signer => ({
  privateKey,
  pem: String(createPublicKey(privateKey).export({ format: "pem", type: "spki" })),
});

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString("base64");

/** A hashedrekord 0.0.1 entry for an artifact, with a new signature. */
export const makeHashedRekord = ({ privateKey, pem }: V1Signer, artifact: string): object => ({
  apiVersion: "0.0.1",
  kind: "hashedrekord",
  spec: {
    data: { hash: { algorithm: "sha256", value: createHash("sha256").update(artifact).digest("hex") } },
    signature: {
      content: base64(sign("sha256", Buffer.from(artifact), privateKey)),
      publicKey: { content: base64(pem) },
    },
  },
});

/** The payload of an in-toto statement about an artifact. */
export const makeStatement = (subject: string): string =>
  JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "subject", digest: { sha256: createHash("sha256").update(subject).digest("hex") } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {},
  });

const IN_TOTO = "application/vnd.in-toto+json";

function signPayload({ privateKey }: V1Signer, payload: string): string {
  const pae = Buffer.from(`DSSEv1 ${IN_TOTO.length} ${IN_TOTO} ${Buffer.byteLength(payload)} ${payload}`);
  return base64(sign("sha256", pae, privateKey));
}

/** The text of an envelope, with white space that only the text itself has: the log hashes what it was sent. */
const envelopeText = (payload: string, ...sigs: readonly string[]): string =>
  `{ "payload":"${base64(payload)}", "payloadType":"${IN_TOTO}", "signatures":[${sigs.map((sig) => `{"keyid":"","sig":"${sig}"}`).join(",")}]}`;

/** A dsse 0.0.1 entry for an in-toto statement about an artifact. */
export const makeDsseEntry = (signer: V1Signer, subject: string): object => makeCosigned([signer], subject);

/** A dsse 0.0.1 entry with several signatures. */
export function makeCosigned(signers: readonly V1Signer[], subject: string, payload = makeStatement(subject)): object {
  const envelope = envelopeText(payload, ...signers.map((signer) => signPayload(signer, payload)));
  return {
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: { proposedContent: { envelope, verifiers: signers.map(({ pem }) => base64(pem)) } },
  };
}

/** An intoto 0.0.1 entry, as cosign 2 and Tekton Chains send it. */
export function makeIntoto1(signer: V1Signer, subject: string, payload = makeStatement(subject)): object {
  const envelope = envelopeText(payload, signPayload(signer, payload));
  return { apiVersion: "0.0.1", kind: "intoto", spec: { content: { envelope }, publicKey: base64(signer.pem) } };
}

/** An intoto 0.0.2 entry, as the first versions of sigstore-js send it. */
export function makeIntoto2(signer: V1Signer, subject: string, payload = makeStatement(subject)): object {
  const signature = { sig: base64(signPayload(signer, payload)), publicKey: base64(signer.pem) };
  const envelope = { payload: base64(base64(payload)), payloadType: IN_TOTO, signatures: [signature] };
  const hash = { algorithm: "sha256", value: createHash("sha256").update(JSON.stringify(envelope)).digest("hex") };
  return { apiVersion: "0.0.2", kind: "intoto", spec: { content: { envelope, hash } } };
}

/** The only member of a LogEntry. */
export interface V1Entry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly attestation?: { readonly data: string };
  readonly verification: {
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
    readonly signedEntryTimestamp: string;
  };
}

/** The JSON of an entry. */
export type V1LogEntry = Readonly<Record<string, V1Entry>>;

/** The ID and the value of a LogEntry, which must have one member. */
export function takeEntry(json: V1LogEntry): readonly [string, V1Entry] {
  const [first, ...more] = Object.entries(json);
  if (first === undefined || more.length > 0) throw new Error(`a log entry with ${more.length + 1} members`);
  return first;
}

/** Checks an entry as clients do: its ID, promise, proof and checkpoint. @param pem the log's public key */
export function expectV1Entry(json: V1LogEntry, pem: string, treeId: string): V1Entry {
  const [id, entry] = takeEntry(json);
  const { body, integratedTime, logID, logIndex, verification } = entry;
  const { checkpoint, hashes, rootHash, treeSize, logIndex: leafIndex } = verification.inclusionProof;
  const key = createPublicKey(pem);
  const leaf = plainLeafHash(Buffer.from(body, "base64"));
  expect(id).toBe(`${BigInt(treeId).toString(16).padStart(16, "0")}${leaf.toString("hex")}`);
  expect(logID).toBe(
    createHash("sha256")
      .update(key.export({ format: "der", type: "spki" }))
      .digest("hex"),
  );
  const promised = JSON.stringify({ body, integratedTime, logID, logIndex });
  expect(verify("sha256", Buffer.from(promised), key, Buffer.from(verification.signedEntryTimestamp, "base64"))).toBe(
    true,
  );
  const proof = hashes.map((hash) => Buffer.from(hash, "hex"));
  expect(rootFromProof(leaf, { leafIndex, treeSize }, proof)?.toString("hex")).toBe(rootHash);
  expectV1Checkpoint(checkpoint, key, `${treeId}\n${treeSize}\n${Buffer.from(rootHash, "hex").toString("base64")}\n`);
  return entry;
}

/** Checks a checkpoint with exactly one line, by the log's key. @param rest what follows `<host> - ` in the text */
export function expectV1Checkpoint(checkpoint: string, key: KeyObject, rest: string): void {
  const [text = "", block = ""] = checkpoint.split("\n\n");
  expect(`${text}\n`.replace(/^\S+ - /, "")).toBe(rest);
  const [, host, line = ""] = /^\u2014 (\S+) (\S+)\n$/.exec(block) ?? [];
  expect(text.startsWith(`${host} - `)).toBe(true);
  const bytes = Buffer.from(line, "base64");
  const keyId = createHash("sha256")
    .update(key.export({ format: "der", type: "spki" }))
    .digest()
    .subarray(0, 4);
  expect(bytes.subarray(0, 4)).toEqual(keyId);
  expect(verify("sha256", Buffer.from(`${text}\n`), key, bytes.subarray(4))).toBe(true);
}
