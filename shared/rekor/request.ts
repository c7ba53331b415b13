// SPDX-License-Identifier: Apache-2.0
// Decodes CreateEntryRequest of Rekor v2 from protobuf JSON. Rejects unknown fields, resolves the oneofs, verifies
// nothing.
// Spec: https://github.com/sigstore/rekor-tiles/tree/main/api/proto/rekor/v2

import { KEY_DETAILS_NUMBERS } from "../crypto/key-details.ts";
import { bytes, type Decoder, enumeration, type FieldError, message, repeated, string } from "../json/proto.ts";
import { err, ok, type Result } from "../result.ts";

/** Rekor's limits for an envelope. Only one signature is accepted, but the error names how many were sent. */
const MAX_SIGNATURES = 10;
const MAX_VERIFIERS = 10;

export interface RequestedVerifier {
  readonly kind: "publicKey" | "x509Certificate";
  /** Unparsed DER; empty if it was not sent. */
  readonly rawBytes: Uint8Array;
  readonly keyDetails: keyof typeof KEY_DETAILS_NUMBERS;
}

/** Bytes that were not sent are empty: protobuf does not distinguish the two. */
export interface HashedRekordRequest {
  readonly kind: "hashedrekord";
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: RequestedVerifier | null;
}

interface DsseEnvelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  /** The `sig` of each signature. The keyid is ignored because it cannot be verified. */
  readonly signatures: readonly Uint8Array[];
}

export interface DsseRequest {
  readonly kind: "dsse";
  readonly envelope: DsseEnvelope;
  readonly verifiers: readonly (RequestedVerifier | null)[];
}

export type EntryRequest = HashedRekordRequest | DsseRequest;

export interface EntryKindMissing {
  readonly code: "entry_kind_missing";
}

const EMPTY = new Uint8Array(0);

/** Applies `toDomain` to what `decoder` decodes. */
function map<T, U>(decoder: Decoder<T>, toDomain: (value: T) => U): Decoder<U> {
  return (value, path) => {
    const decoded = decoder(value, path);
    return decoded.ok ? ok(toDomain(decoded.value)) : decoded;
  };
}

const der = message({ rawBytes: bytes }, "reject");

const verifierMessage = message(
  { publicKey: der, x509Certificate: der, keyDetails: enumeration(KEY_DETAILS_NUMBERS) },
  "reject",
);

/** Decodes to null if neither key nor certificate was sent. */
const verifier: Decoder<RequestedVerifier | null> = (value, path) => {
  const decoded = verifierMessage(value, path);
  if (!decoded.ok) return decoded;
  const { publicKey, x509Certificate, keyDetails = "PUBLIC_KEY_DETAILS_UNSPECIFIED" } = decoded.value;
  if (publicKey !== undefined && x509Certificate !== undefined) {
    return err({ code: "field_repeated", path: `${path}.x509Certificate` });
  }
  if (publicKey !== undefined) return ok({ kind: "publicKey", rawBytes: publicKey.rawBytes ?? EMPTY, keyDetails });
  if (x509Certificate === undefined) return ok(null);
  return ok({ kind: "x509Certificate", rawBytes: x509Certificate.rawBytes ?? EMPTY, keyDetails });
};

const hashedRekord: Decoder<HashedRekordRequest> = map(
  message({ digest: bytes, signature: message({ content: bytes, verifier }, "reject") }, "reject"),
  ({ digest = EMPTY, signature }) => ({
    kind: "hashedrekord",
    digest,
    signature: signature?.content ?? EMPTY,
    verifier: signature?.verifier ?? null,
  }),
);

const envelope: Decoder<DsseEnvelope> = map(
  message(
    {
      payload: bytes,
      payloadType: string,
      signatures: repeated(message({ sig: bytes, keyid: string }, "reject"), MAX_SIGNATURES),
    },
    "reject",
  ),
  ({ payload = EMPTY, payloadType = "", signatures = [] }) => ({
    payload,
    payloadType,
    signatures: signatures.map(({ sig = EMPTY }) => sig),
  }),
);

const dsse: Decoder<DsseRequest> = map(
  message({ envelope, verifiers: repeated(verifier, MAX_VERIFIERS) }, "reject"),
  ({ envelope: sent = { payload: EMPTY, payloadType: "", signatures: [] }, verifiers = [] }) => ({
    kind: "dsse",
    envelope: sent,
    verifiers,
  }),
);

const createEntryRequest = message({ hashedRekordRequestV002: hashedRekord, dsseRequestV002: dsse }, "reject");

/** Decodes the JSON value of a request. Fails with a FieldError, or with entry_kind_missing if no entry was sent. */
export function decodeEntryRequest(json: unknown): Result<EntryRequest, FieldError | EntryKindMissing> {
  const request = createEntryRequest(json, "");
  if (!request.ok) return request;
  const { hashedRekordRequestV002, dsseRequestV002 } = request.value;
  if (hashedRekordRequestV002 !== undefined && dsseRequestV002 !== undefined) {
    return err({ code: "field_repeated", path: "dsseRequestV002" });
  }
  const sent = hashedRekordRequestV002 ?? dsseRequestV002;
  return sent === undefined ? err({ code: "entry_kind_missing" }) : ok(sent);
}
