// SPDX-License-Identifier: Apache-2.0
// Converts gitsign's signature of a commit into a Sigstore bundle, so that sigstore-go can verify its certificate,
// timestamp and log entry. gitsign itself cannot verify them (gitsign#866).
//   node commit-bundle.ts SIGNATURE.pem BUNDLE.json SIGNED-ATTRIBUTES.der
// Spec: RFC 5652 §5; gitsign's unsigned attributes (internal/sigstore/compat); the protobuf wire format of the log
// entry.

import { createHash, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type DerReader, decodeDer } from "../../../shared/der/reader.ts";
import { sequence, smallInteger } from "../../../shared/der/writer.ts";

const LOG_ENTRY = "1.3.6.1.4.1.57264.3.1";
const TIMESTAMP_TOKEN = "1.2.840.113549.1.9.16.2.14";
const MAX_ATTRIBUTES = 10;

interface Signature {
  readonly certificate: Uint8Array;
  /** Encoded as a SET: the signature covers that encoding. */
  readonly signedAttributes: Uint8Array;
  readonly signature: Uint8Array;
  readonly timestampToken: Uint8Array;
  /** A protobuf TransparencyLogEntry without its body. */
  readonly logEntry: Uint8Array;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

function readSignature(cms: Uint8Array): Signature {
  const read = decodeDer(cms, (reader) =>
    reader.sequence((contentInfo) => {
      contentInfo.oid();
      return contentInfo.within(0xa0, (explicit) => explicit.sequence(readSignedData));
    }),
  );
  if (!read.ok) throw new Error(`not a gitsign signature: ${read.error.reason}`);
  return read.value;
}

// SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo, certificates [0], signerInfos }
function readSignedData(signedData: DerReader): Signature {
  signedData.integer();
  signedData.raw();
  signedData.raw();
  const [certificate = new Uint8Array()] = signedData.listOf(0xa0, MAX_ATTRIBUTES, (certificates) =>
    certificates.raw(),
  );
  return { certificate, ...signedData.set((signers) => signers.sequence(readSigner)) };
}

// SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0], signatureAlgorithm, signature,
// unsignedAttrs [1] }
function readSigner(signer: DerReader): Omit<Signature, "certificate"> {
  signer.integer();
  signer.raw();
  signer.raw();
  const signedAttributes = Uint8Array.from(signer.raw());
  signedAttributes[0] = 0x31;
  signer.raw();
  const signature = signer.octetString();
  const unsigned = signer.listOf(0xa1, MAX_ATTRIBUTES, (list) =>
    list.sequence((attribute) => [attribute.oid(), attribute.set((values) => values.raw())] as const),
  );
  const valueOf = (oid: string): Uint8Array => unsigned.find(([found]) => found === oid)?.[1] ?? signer.fail(oid);
  const logEntry = decodeDer(valueOf(LOG_ENTRY), (value) => value.octetString());
  return {
    signedAttributes,
    signature,
    timestampToken: valueOf(TIMESTAMP_TOKEN),
    logEntry: logEntry.ok ? logEntry.value : signer.fail(LOG_ENTRY),
  };
}

type Field = bigint | Uint8Array;

/** The fields of a protobuf message by number: varints and length-delimited values only. */
function readFields(message: Uint8Array): ReadonlyMap<number, readonly Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const octet = message[at++] ?? 0;
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = Number(varint());
    const first = varint();
    // Wire type 2 is length-delimited: the varint was the length.
    const field = key % 8 === 2 ? message.subarray(at, (at += Number(first))) : first;
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), field]);
  }
  return fields;
}

const bytesOf = (fields: ReadonlyMap<number, readonly Field[]>, number: number): readonly Uint8Array[] =>
  (fields.get(number) ?? []).filter((field) => typeof field !== "bigint");

const textOf = (fields: ReadonlyMap<number, readonly Field[]>, number: number): string =>
  Buffer.from(bytesOf(fields, number)[0] ?? []).toString("utf8");

const numberOf = (fields: ReadonlyMap<number, readonly Field[]>, number: number): string =>
  String(fields.get(number)?.[0] ?? 0n);

function toLogEntry({ logEntry, signedAttributes, signature, certificate }: Signature): unknown {
  const inner = (fields: ReadonlyMap<number, readonly Field[]>, number: number): ReturnType<typeof readFields> =>
    readFields(bytesOf(fields, number)[0] ?? new Uint8Array());
  const entry = readFields(logEntry);
  const proof = inner(entry, 6);
  const digest = createHash("sha256").update(signedAttributes).digest();
  const verifier = { keyDetails: "PKIX_ECDSA_P256_SHA_256", x509Certificate: { rawBytes: base64(certificate) } };
  const hashedRekordV002 = {
    data: { algorithm: "SHA2_256", digest: base64(digest) },
    signature: { content: base64(signature), verifier },
  };
  const body = { apiVersion: "0.0.2", kind: "hashedrekord", spec: { hashedRekordV002 } };
  return {
    logIndex: numberOf(entry, 1),
    logId: { keyId: base64(bytesOf(inner(entry, 2), 1)[0] ?? new Uint8Array()) },
    kindVersion: { kind: textOf(inner(entry, 3), 1), version: textOf(inner(entry, 3), 2) },
    inclusionProof: {
      logIndex: numberOf(proof, 1),
      rootHash: base64(bytesOf(proof, 2)[0] ?? new Uint8Array()),
      treeSize: numberOf(proof, 3),
      hashes: bytesOf(proof, 4).map(base64),
      checkpoint: { envelope: textOf(inner(proof, 5), 1) },
    },
    canonicalizedBody: base64(Buffer.from(JSON.stringify(body))),
  };
}

function toBundle(parts: Signature): unknown {
  const { certificate, signedAttributes, signature, timestampToken } = parts;
  // TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken }
  const response = sequence(sequence(smallInteger(0)), timestampToken);
  const digest = createHash("sha256").update(signedAttributes).digest("base64");
  return {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: {
      certificate: { rawBytes: base64(new X509Certificate(certificate).raw) },
      tlogEntries: [toLogEntry(parts)],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: base64(response) }] },
    },
    messageSignature: { messageDigest: { algorithm: "SHA2_256", digest }, signature: base64(signature) },
  };
}

const [signaturePath = "", bundlePath = "", attributesPath = ""] = process.argv.slice(2);
const pem = readFileSync(signaturePath, "utf8");
const parts = readSignature(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64"));
writeFileSync(bundlePath, JSON.stringify(toBundle(parts)));
writeFileSync(attributesPath, parts.signedAttributes);
