// SPDX-License-Identifier: Apache-2.0
// DER that costs a parser most, in every place where a route takes DER. The compiler rejects the table if a route that
// reads a body is missing.

import {
  bitString,
  context,
  integer,
  NULL,
  octetString,
  oid,
  sequence,
  smallInteger,
} from "../../../shared/der/writer.ts";
import type { HandlerName, RouteRow } from "../../../shared/http/route.ts";
import { encodeCertificate, encodeTbs, parseCertificate } from "../../../shared/x509/certificate.ts";
import type { ROUTES as CA } from "../../../workers/ca/declaration.ts";
import type { ROUTES as LOG } from "../../../workers/log/declaration.ts";
import type { ROUTES as TSA } from "../../../workers/tsa/declaration.ts";
import type { ROUTES as WITNESS } from "../../../workers/witness/declaration.ts";
import type { Content, Material } from "./requests.ts";

type WithBody<Rows extends readonly RouteRow[]> = HandlerName<
  readonly Extract<Rows[number], { readonly method: "POST" }>[]
>;
type BodyHandler = WithBody<typeof CA> | WithBody<typeof LOG> | WithBody<typeof TSA> | WithBody<typeof WITNESS>;

/** `count` times the same bytes. */
const repeated = (count: number, ...bytes: readonly number[]): Uint8Array =>
  Buffer.alloc(Math.max(1, Math.floor(count)) * bytes.length, Uint8Array.from(bytes));

const tlv = (tag: number, contents: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from([tag]), lengthOf(contents.length), contents]);

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets = Buffer.from(length.toString(16).padStart(length > 0xff_ff ? 6 : length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

/** As many constructed values inside each other as fit. */
function nested(tag: number, bytes: number): Uint8Array {
  const headers: Uint8Array[] = [];
  for (let length = 2, header; length < bytes - 5; length += header.length) {
    header = Buffer.concat([Buffer.from([tag]), lengthOf(length)]);
    headers.push(header);
  }
  return Buffer.concat([...headers.toReversed(), NULL]);
}

/** Values of about `bytes` bytes. */
const SHAPES: readonly ((bytes: number) => Uint8Array)[] = [
  (bytes) => nested(0x30, bytes),
  (bytes) => nested(0xa0, bytes),
  (bytes) => repeated(bytes / 2, 0x30, 0x80),
  (bytes) => tlv(0x30, repeated(bytes / 2, 0x05, 0x00)),
  (bytes) => tlv(0x31, repeated(bytes / 2, 0x30, 0x00)),
  (bytes) => tlv(0x30, repeated(bytes / 6, 0x30, 0x04, 0x06, 0x02, 0x2a, 0x03)),
  (bytes) => Buffer.concat([Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(bytes)]),
  (bytes) =>
    Buffer.concat([Buffer.from([0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(bytes)]),
  (bytes) => tlv(0x06, repeated(bytes, 0x81)),
  (bytes) => tlv(0x02, repeated(bytes, 0x7f)),
  (bytes) => tlv(0x04, repeated(bytes, 0x30)),
  (bytes) => tlv(0x03, repeated(bytes, 0x00)),
  (bytes) => tlv(0x0c, repeated(bytes / 2, 0xc3, 0xa9)),
  (bytes) => repeated(bytes, 0xff),
];

const SHA256_DIGEST = octetString(new Uint8Array(32));
const SHA256 = "2.16.840.1.101.3.4.2.1";
const EC_KEY = "1.2.840.10045.2.1";

/** The value by itself, and in each place of a certificate, a request, a key and a query that a reader reaches. */
function placed(value: Uint8Array, leaf: Uint8Array): readonly Uint8Array[] {
  const certificate = parseCertificate(leaf);
  if (!certificate.ok) throw new Error("no certificate");
  const { serial, signatureAlgorithm, issuer, notBefore, notAfter, subject, spki, signature } = certificate.value;
  const fields = { serial, signatureAlgorithm, issuer, notBefore, notAfter, subject, spki, extensions: [] };
  const certificates = [{ subject: value }, { issuer: value }, { spki: value }, { extensions: [value] }].map(
    (changed) => encodeCertificate(encodeTbs({ ...fields, ...changed }), signatureAlgorithm, signature),
  );
  const key = sequence(sequence(oid(EC_KEY), value), bitString(value));
  return [
    value,
    sequence(value, value),
    ...certificates,
    sequence(sequence(smallInteger(0), value, spki, context(0, value)), signatureAlgorithm, bitString(signature)),
    sequence(sequence(smallInteger(0), sequence(), key, context(0)), signatureAlgorithm, bitString(signature)),
    key,
    sequence(smallInteger(1), sequence(sequence(oid(SHA256), value), SHA256_DIGEST)),
    sequence(
      smallInteger(1),
      sequence(sequence(oid(SHA256)), SHA256_DIGEST),
      integer(Uint8Array.of(1)),
      context(0, value),
    ),
  ];
}

const pem = (label: string, base64: string): string => `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
const json = (value: object, more: Partial<Content> = {}): Content => ({
  contentType: "application/json",
  body: JSON.stringify(value),
  ...more,
});

type Bodies = (base64: string, material: Material) => readonly Content[];

const signing: Bodies = (base64, { token, pem: key }) => {
  const credentials = { oidcIdentityToken: token };
  const certificateSigningRequest = Buffer.from(pem("CERTIFICATE REQUEST", base64)).toString("base64");
  return [
    json({ credentials, certificateSigningRequest }),
    json({
      credentials,
      publicKeyRequest: { publicKey: { content: pem("PUBLIC KEY", base64) }, proofOfPossession: "AA==" },
    }),
    json({
      credentials,
      publicKeyRequest: { publicKey: { content: pem("RSA PUBLIC KEY", base64) }, proofOfPossession: "AA==" },
    }),
    json({ credentials, publicKeyRequest: { publicKey: { content: key }, proofOfPossession: base64 } }),
  ];
};

const entry: Bodies = (base64, { key }) => {
  const digest = Buffer.alloc(32).toString("base64");
  const spki = key.spki.toString("base64");
  const keyDetails = "PKIX_ECDSA_P256_SHA_256";
  const hashed = (content: string, verifier: object): object => ({
    hashedRekordRequestV002: { digest, signature: { content, verifier: { ...verifier, keyDetails } } },
  });
  const envelope = { payloadType: "x", payload: "", signatures: [{ sig: base64 }] };
  return [
    json(hashed("AA==", { publicKey: { rawBytes: base64 } })),
    json(hashed("AA==", { x509Certificate: { rawBytes: base64 } })),
    json(hashed(base64, { publicKey: { rawBytes: spki } })),
    json({ dsseRequestV002: { envelope, verifiers: [{ publicKey: { rawBytes: spki }, keyDetails }] } }),
    json({ dsseRequestV002: { envelope, verifiers: [{ x509Certificate: { rawBytes: base64 }, keyDetails }] } }),
  ];
};

const submission: Bodies = (base64, { chain }) => [
  json({ chain: [base64, ...chain.slice(1)] }),
  json({ chain: [...chain, base64] }),
];

const v1Entries: Bodies = (base64, { pem: key }) => {
  const inBase64 = (text: string): string => Buffer.from(text).toString("base64");
  const hashed = (content: string, verifier: string): object => ({
    apiVersion: "0.0.1",
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm: "sha256", value: "0".repeat(64) } },
      signature: { content, publicKey: { content: inBase64(verifier) } },
    },
  });
  const envelope = JSON.stringify({ payloadType: "x", payload: "", signatures: [{ sig: base64 }] });
  return [
    json(hashed("AAAA", pem("PUBLIC KEY", base64))),
    json(hashed("AAAA", pem("CERTIFICATE", base64))),
    json(hashed(base64, key)),
    json({
      apiVersion: "0.0.1",
      kind: "dsse",
      spec: { proposedContent: { envelope, verifiers: [inBase64(key)] } },
    }),
  ];
};

const PLACES: Readonly<Record<BodyHandler, Bodies | null>> = {
  signingCertificate: signing,
  explain: signing,
  legacySigningCertificate: (base64, { token, pem: key }) =>
    [
      { publicKey: { content: base64 }, signedEmailAddress: "AA==" },
      { publicKey: { content: Buffer.from(key).toString("base64") }, signedEmailAddress: base64 },
      { certificateSigningRequest: Buffer.from(pem("CERTIFICATE REQUEST", base64)).toString("base64") },
    ].map((body) => json(body, { authorization: `Bearer ${token}` })),
  timestamp: (base64) => [{ contentType: "application/timestamp-query", body: Buffer.from(base64, "base64") }],
  addEntry: entry,
  addChain: submission,
  addPreChain: submission,
  v1AddEntry: v1Entries,
  v1Retrieve: (base64, material) =>
    v1Entries(base64, material).map(({ body = "" }) => ({
      contentType: "application/json",
      body: `{"entries":[${Buffer.from(body).toString()}]}`,
    })),
  v1SearchIndex: (base64) =>
    ["CERTIFICATE", "PUBLIC KEY"].map((label) =>
      json({ publicKey: { format: "x509", content: Buffer.from(pem(label, base64)).toString("base64") } }),
    ),
  indexAttestation: (base64) => [json({ payloadType: "x", payload: "", signatures: [{ sig: base64 }] })],
  // Text alone: a checkpoint and its proof.
  addCheckpoint: null,
};

/** The JSON and the PEM around the DER need at most this much. */
const FRAME_BYTES = 4096;

/** The handlers that take DER. */
export const DER_HANDLERS: ReadonlySet<string> = new Set(
  Object.entries(PLACES).flatMap(([handler, bodies]) => (bodies === null ? [] : [handler])),
);

/** In a certificate, so much costs a parser as much as all that a route reads. */
const PLACED_BYTES = 64 * 1024;

/** Bodies of a handler with hostile DER: bare and as large as the handler reads, or in places of a certificate. */
export function* hostileBodies(handler: string, maxBodyBytes: number, material: Material): Generator<Content> {
  const bodies = new Map(Object.entries(PLACES)).get(handler) ?? null;
  if (bodies === null) return;
  const leaf = Buffer.from(material.chain[0] ?? "", "base64");
  // In base64, and some of it twice.
  const limit = Math.max(256, (maxBodyBytes - FRAME_BYTES) * 0.5);
  for (const shape of SHAPES) {
    for (const der of [shape(limit), ...placed(shape(Math.min(limit / 2, PLACED_BYTES)), leaf)]) {
      for (const body of bodies(Buffer.from(der).toString("base64"), material)) {
        if ((body.body?.length ?? 0) <= maxBodyBytes) yield body;
      }
    }
  }
}
