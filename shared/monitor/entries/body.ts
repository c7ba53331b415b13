// SPDX-License-Identifier: Apache-2.0
// The body of a signature log's entry as a monitor reads it: of any scheme and of both kinds that Rekor v2 has had. It
// need not be canonical; the auditor judges that. A member that nobody knows makes it unreadable, since another reader
// might take it for the signer. Spec: https://github.com/sigstore/architecture-docs/blob/main/rekor-v2-spec.md

import { encodeHex } from "../../bytes/hex.ts";
import { member } from "../../json/member.ts";
import { parseJson } from "../../json/parse.ts";
import { bytes, type Decoder, enumeration, message, repeated, string } from "../../json/proto.ts";
import { err, ok, type Result } from "../../result.ts";

/** The key or certificate of a signature, DER. */
export interface SignerBytes {
  readonly kind: "publicKey" | "x509Certificate";
  readonly rawBytes: Uint8Array;
}

/** The contents of a body. */
export interface SignedBody {
  /** `<algorithm>:<hex>` of the signed data; for an envelope, of its payload. */
  readonly digest: string;
  readonly isEnvelope: boolean;
  /** At least one. */
  readonly signers: readonly SignerBytes[];
}

/** Why a body cannot be read. */
export type BodyProblem =
  /** It is not JSON, not a tile leaf, or lacks a member of its kind. */
  | { readonly code: "watched_record_invalid" }
  /** An entry of a kind that nothing here reads. */
  | { readonly code: "watched_kind_unknown"; readonly kind: string };

/** dev.sigstore.common.v1.HashAlgorithm. */
const ALGORITHMS = { SHA2_256: 1, SHA2_384: 2, SHA2_512: 3, SHA3_256: 4, SHA3_384: 5 } as const;
const ALGORITHM_TEXTS: Readonly<Record<keyof typeof ALGORITHMS, string>> = {
  SHA2_256: "sha256",
  SHA2_384: "sha384",
  SHA2_512: "sha512",
  SHA3_256: "sha3-256",
  SHA3_384: "sha3-384",
};
/** Far more than any envelope in use has. */
const MAX_SIGNATURES = 64;

const RAW = message({ rawBytes: bytes }, "reject");
const SIGNATURE = message(
  {
    content: bytes,
    verifier: message({ keyDetails: string, publicKey: RAW, x509Certificate: RAW }, "reject"),
  },
  "reject",
);
const HASH = message({ algorithm: enumeration(ALGORITHMS), digest: bytes }, "reject");
const HASHED_REKORD = message({ data: HASH, signature: SIGNATURE }, "reject");
const DSSE = message({ payloadHash: HASH, signatures: repeated(SIGNATURE, MAX_SIGNATURES) }, "reject");

/** A decoded message of one kind. */
type Decoded<D> = D extends Decoder<infer T> ? T : never;

/** Reads a body. Fails with watched_record_invalid or watched_kind_unknown. */
export function readSignedBody(body: Uint8Array): Result<SignedBody, BodyProblem> {
  const json = parseJson(body);
  if (!json.ok) return INVALID;
  const kind = `${textOf(json.value, "kind")} ${textOf(json.value, "apiVersion")}`;
  const spec = member(json.value, "spec");
  if (kind === "hashedrekord 0.0.2") return readHashedRekord(member(spec, "hashedRekordV002"));
  if (kind === "dsse 0.0.2") return readDsse(member(spec, "dsseV002"));
  return err({ code: "watched_kind_unknown", kind: kind.slice(0, MAX_KIND_CHARS) });
}

const INVALID = err({ code: "watched_record_invalid" } as const);
const MAX_KIND_CHARS = 64;

function textOf(json: unknown, name: string): string {
  const value = member(json, name);
  return typeof value === "string" ? value : "";
}

function readHashedRekord(json: unknown): Result<SignedBody, BodyProblem> {
  const decoded = HASHED_REKORD(json, "");
  if (!decoded.ok) return INVALID;
  return toBody(false, decoded.value.data, [decoded.value.signature ?? {}]);
}

function readDsse(json: unknown): Result<SignedBody, BodyProblem> {
  const decoded = DSSE(json, "");
  return decoded.ok ? toBody(true, decoded.value.payloadHash, decoded.value.signatures ?? []) : INVALID;
}

function toBody(
  isEnvelope: boolean,
  hash: Decoded<typeof HASH> | undefined,
  signatures: readonly Decoded<typeof SIGNATURE>[],
): Result<SignedBody, BodyProblem> {
  const signers = signatures.map(toSignerBytes).filter((signer) => signer !== null);
  if (hash?.algorithm === undefined || hash.digest === undefined) return INVALID;
  if (signers.length === 0 || signers.length < signatures.length) return INVALID;
  return ok({ isEnvelope, digest: `${ALGORITHM_TEXTS[hash.algorithm]}:${encodeHex(hash.digest)}`, signers });
}

/** Null unless it names exactly one of key and certificate. */
function toSignerBytes({ verifier = {} }: Decoded<typeof SIGNATURE>): SignerBytes | null {
  const key = verifier.publicKey?.rawBytes;
  const certificate = verifier.x509Certificate?.rawBytes;
  if (key !== undefined && certificate === undefined) return { kind: "publicKey", rawBytes: key };
  return certificate !== undefined && key === undefined ? { kind: "x509Certificate", rawBytes: certificate } : null;
}
