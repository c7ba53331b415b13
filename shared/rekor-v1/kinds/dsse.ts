// SPDX-License-Identifier: Apache-2.0
// dsse 0.0.1: a DSSE envelope, of which the log keeps two hashes, the signatures and their verifiers. The envelope's
// hash covers the very text that the client sent.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/types/dsse/v0.0.1

import { sha256 } from "#sha256";
import { decodeBase64, decodeProtoBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { isList, isObject, items, type JsonObject, member } from "../../json/member.ts";
import { readAttestationHints } from "../../rekor/dsse.ts";
import { err, ok, type Result } from "../../result.ts";
import { describeFailures, type EntryProblem } from "../problem.ts";
import type { Verifier } from "../verifier.ts";
import {
  ALL_SIGNED,
  type EnvelopeSignature,
  IN_ORDER,
  MAX_SIGNATURES,
  parseEnvelope,
  parseEnvelopeVerifier,
  rejectTooMany,
  sharesKey,
  verifyEnvelope,
} from "./envelope.ts";
import type { ProposedEntry, StoredSignature, StoredSpec, V1Kind } from "./kind.ts";
import { isFilled, mapFilled, readDigest, readVerifier } from "./stored-parts.ts";

/** dsse 0.0.1. */
export const DSSE_001: V1Kind = { parse, readStored };

const reject = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });

const PROPOSED = "proposedContent.proposedContent";
const COMPUTED = ["envelopeHash", "payloadHash", "signatures"];

function parse(spec: JsonObject): Result<ProposedEntry, EntryProblem> {
  const proposed = member(spec, "proposedContent");
  if (!isObject(proposed))
    return reject("either proposedContent or envelopeHash, payloadHash, and signatures must be present");
  const { envelope: text, verifiers } = proposed;
  if (typeof text !== "string") return reject(describeFailures([`${PROPOSED}.envelope in body is required`]));
  if (COMPUTED.some((name) => member(spec, name) !== undefined && member(spec, name) !== null))
    return reject("either proposedContent or envelopeHash, payloadHash, and signatures must be present but not both");
  if (!isList(verifiers) || verifiers.length === 0)
    return reject(describeFailures([`${PROPOSED}.verifiers in body should have at least 1 items`]));
  const sent = encodeUtf8(text);
  const envelope = parseEnvelope(sent, "could not verify envelope: ");
  if (!envelope.ok) return envelope;
  const { payload, payloadType } = envelope.value;
  // The reference takes equal signatures as one.
  const signatures = [...new Map(envelope.value.signatures.map((one) => [one.sig, one])).values()];
  const paired = pair(signatures, verifiers);
  if (!paired.ok) return paired;
  return ok({
    body: encodeBody(sent, payload, paired.value),
    verifiers: mapFilled(paired.value, ({ verifier }) => verifier),
    hints: readAttestationHints(payloadType, payload),
    verify: () => verifyEnvelope(envelope.value, paired.value),
  });
}

interface Paired extends EnvelopeSignature {
  readonly verifier: Verifier;
}

/** Gives each signature the verifier in its place. */
function pair(
  signatures: readonly EnvelopeSignature[],
  verifiers: readonly unknown[],
): Result<readonly [Paired, ...Paired[]], EntryProblem> {
  if (signatures.length === 0) return reject("DSSE envelope must contain 1 or more signatures");
  if (verifiers.length > MAX_SIGNATURES) return rejectTooMany();
  const parsed: Verifier[] = [];
  for (const one of verifiers) {
    const pem = typeof one === "string" ? decodeBase64(one) : null;
    if (pem?.ok !== true) return reject("failed parsing base64 data for verifier");
    const verifier = parseEnvelopeVerifier(pem.value);
    if (!verifier.ok) return verifier;
    parsed.push(verifier.value);
  }
  const pairs = signatures.flatMap((one, i) => {
    const verifier = parsed[i];
    return verifier === undefined ? [] : [{ ...one, verifier }];
  });
  if (parsed.length > signatures.length) return reject(IN_ORDER);
  return !isFilled(pairs) || pairs.length < signatures.length || sharesKey(parsed) ? reject(ALL_SIGNED) : ok(pairs);
}

const hashJson = (bytes: Uint8Array): string => `{"algorithm":"sha256","value":"${encodeHex(sha256(bytes))}"}`;

/** The signatures are in the order of their texts. */
function encodeBody(envelope: Uint8Array, payload: Uint8Array, signatures: readonly Paired[]): Uint8Array {
  const list = signatures
    .toSorted((a, b) => (a.sig < b.sig ? -1 : 1))
    .map(({ sig, verifier }) => `{"signature":${JSON.stringify(sig)},"verifier":"${verifier.content}"}`);
  return encodeUtf8(
    `{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":${hashJson(envelope)},` +
      `"payloadHash":${hashJson(payload)},"signatures":[${list.join(",")}]}}`,
  );
}

function readStored(spec: JsonObject): StoredSpec | null {
  const signatures = items(spec, "signatures").map(readSignature);
  const read = signatures.filter((one) => one !== null);
  const [payload, envelope] = [readDigest(spec, "payloadHash"), readDigest(spec, "envelopeHash")];
  return read.length < signatures.length || !isFilled(read) || payload === null || envelope === null
    ? null
    : { signatures: read, digests: [payload, envelope] };
}

function readSignature(json: unknown): StoredSignature | null {
  const text = member(json, "signature");
  const signature = typeof text === "string" ? decodeProtoBase64(text) : null;
  const verifier = readVerifier(member(json, "verifier"));
  return signature?.ok === true && verifier !== null ? { signature: signature.value, verifier } : null;
}
