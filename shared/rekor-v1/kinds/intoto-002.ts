// SPDX-License-Identifier: Apache-2.0
// intoto 0.0.2: the members of a DSSE envelope, payload and signatures in base64 once more, and a key beside each
// signature. The log keeps the signatures and the keys as they were sent, and the hash of the payload. The hash of the
// envelope is what the client says.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/types/intoto/v0.0.2

import { sha256 } from "#sha256";
import { decodeBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { decodeUtf8, encodeUtf8 } from "../../bytes/utf8.ts";
import { isList, isObject, items, type JsonObject, member } from "../../json/member.ts";
import { readAttestationHints } from "../../rekor/dsse.ts";
import { err, ok, type Result } from "../../result.ts";
import { describeFailures, type EntryProblem } from "../problem.ts";
import type { Verifier } from "../verifier.ts";
import {
  ALL_SIGNED,
  decodeSigned,
  MAX_SIGNATURES,
  parseEnvelopeVerifier,
  rejectTooMany,
  sharesKey,
  verifyEnvelope,
} from "./envelope.ts";
import { attestationOf, findHashFailure } from "./intoto-parts.ts";
import type { ProposedEntry, StoredSignature, StoredSpec, V1Kind } from "./kind.ts";
import { isFilled, mapFilled, readDigest, readVerifier } from "./stored-parts.ts";

/** intoto 0.0.2. */
export const INTOTO_002: V1Kind = { parse, readStored };

const reject = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });
const rejectUnfit = (reason: string): Result<never, EntryProblem> => reject(`entry not insertable into log: ${reason}`);

function parse(spec: JsonObject): Result<ProposedEntry, EntryProblem> {
  const content = member(spec, "content");
  const envelope = member(content, "envelope");
  const payloadType = member(envelope, "payloadType");
  if (!isObject(content) || typeof payloadType !== "string")
    return reject(describeFailures([`${ENVELOPE}.payloadType in body is required`]));
  if (!isList(member(envelope, "signatures")))
    return reject(describeFailures([`${ENVELOPE}.signatures in body is required`]));
  const failure = findHashFailure(content);
  if (failure !== null) return reject(describeFailures([failure]));
  const signatures = parseSignatures(items(envelope, "signatures"));
  if (!signatures.ok) return signatures;
  const payload = parsePayload(member(envelope, "payload"));
  if (!payload.ok) return payload;
  if (payloadType === "") return rejectUnfit("missing payloadType content");
  const hash = member(content, "hash");
  if (!isObject(hash)) return reject("missing envelope digest");
  const signed = { payload: payload.value, payloadType };
  const body = encodeBody(signed, signatures.value, String(member(hash, "value")));
  if (body === null) return reject("a text of the entry has half a surrogate pair");
  return ok({
    body,
    verifiers: mapFilled(signatures.value, ({ verifier }) => verifier),
    hints: readAttestationHints(payloadType, payload.value),
    attestation: payload.value,
    verify: () => verifyEnvelope(signed, signatures.value),
  });
}

const ENVELOPE = "content.content.envelope.content.envelope";

/** A signature as it was sent, and what it says. */
interface Sent {
  readonly keyid: string;
  /** Base64 of the base64 of the signature. */
  readonly sig: string;
  /** Base64 of the PEM. */
  readonly publicKey: string;
  readonly signature: Uint8Array;
  readonly verifier: Verifier;
}

function parseSignatures(list: readonly unknown[]): Result<readonly [Sent, ...Sent[]], EntryProblem> {
  if (list.length > MAX_SIGNATURES) return rejectTooMany();
  const all: Sent[] = [];
  // The reference passes over what is not an object.
  for (const one of list.filter(isObject)) {
    const sent = parseSignature(one, all.length);
    if (!sent.ok) return sent;
    all.push(sent.value);
  }
  if (!isFilled(all)) return reject(describeFailures([`${ENVELOPE}.signatures in body should have at least 1 items`]));
  return sharesKey(all.map(({ verifier }) => verifier)) ? reject(ALL_SIGNED) : ok(all);
}

function parseSignature(json: JsonObject, at: number): Result<Sent, EntryProblem> {
  const { keyid = "", sig, publicKey } = json;
  if (typeof sig !== "string" || typeof publicKey !== "string") {
    const missing = typeof publicKey === "string" ? "sig" : "publicKey";
    return reject(describeFailures([`${ENVELOPE}.signatures.${at}.${missing} in body is required`]));
  }
  if (sig === "") return rejectUnfit("missing signature content");
  const inner = decodeOuter(sig);
  if (inner === null) return reject("failed parsing base64 data for signature");
  const signature = decodeSigned(inner);
  if (!signature.ok) return reject(`could not verify envelope: ${signature.error.reason}`);
  const pem = decodeBase64(publicKey);
  if (!pem.ok) return reject("failed parsing base64 data for public key");
  const verifier = parseEnvelopeVerifier(pem.value);
  if (!verifier.ok) return verifier;
  const name = typeof keyid === "string" ? keyid : "";
  return ok({ keyid: name, sig, publicKey, signature: signature.value, verifier: verifier.value });
}

/** The base64 within base64; null if the outer one is none. Bytes that are no text are no base64 either. */
function decodeOuter(outer: string): string | null {
  const bytes = decodeBase64(outer);
  if (!bytes.ok) return null;
  const text = decodeUtf8(bytes.value);
  return text.ok ? text.value : "?";
}

function parsePayload(outer: unknown): Result<Uint8Array, EntryProblem> {
  if (typeof outer !== "string" || outer === "") return rejectUnfit("missing envelope content");
  const inner = decodeOuter(outer);
  if (inner === null) return reject("failed parsing base64 data for payload");
  const signed = decodeSigned(inner);
  if (!signed.ok) return reject(`could not verify envelope: ${signed.error.reason}`);
  // The signature may cover a payload in the URL-safe alphabet. The reference keeps it in the standard one only.
  const payload = decodeBase64(inner);
  return payload.ok ? payload : reject("could not decode envelope payload: it is not base64");
}

/** Null if a text has no form in UTF-8. */
function encodeBody(
  { payload, payloadType }: { readonly payload: Uint8Array; readonly payloadType: string },
  signatures: readonly Sent[],
  envelopeHash: string,
): Uint8Array | null {
  if (![payloadType, envelopeHash, ...signatures.map(({ keyid }) => keyid)].every((text) => text.isWellFormed()))
    return null;
  const list = signatures.map(
    ({ keyid, publicKey, sig }) =>
      `{${keyid === "" ? "" : `"keyid":${JSON.stringify(keyid)},`}"publicKey":"${publicKey}","sig":"${sig}"}`,
  );
  return encodeUtf8(
    `{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"payloadType":${JSON.stringify(payloadType)},` +
      `"signatures":[${list.join(",")}]},"hash":{"algorithm":"sha256","value":${JSON.stringify(envelopeHash)}},` +
      `"payloadHash":{"algorithm":"sha256","value":"${encodeHex(sha256(payload))}"}}}}`,
  );
}

function readStored(spec: JsonObject): StoredSpec | null {
  const content = member(spec, "content");
  const sent = items(member(content, "envelope"), "signatures").map(readSignature);
  const signatures = sent.filter((one) => one !== null);
  const payload = readDigest(content, "payloadHash");
  return signatures.length < sent.length || !isFilled(signatures) || payload === null
    ? null
    : { signatures, digests: [payload], ...attestationOf(payload) };
}

function readSignature(json: unknown): StoredSignature | null {
  const sig = member(json, "sig");
  const inner = typeof sig === "string" ? decodeOuter(sig) : null;
  const signature = inner === null ? null : decodeSigned(inner);
  const verifier = readVerifier(member(json, "publicKey"));
  return signature?.ok === true && verifier !== null ? { signature: signature.value, verifier } : null;
}
