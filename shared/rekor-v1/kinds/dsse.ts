// SPDX-License-Identifier: Apache-2.0
// dsse 0.0.1: a DSSE envelope, of which the log keeps two hashes, the signature and its verifier. The envelope's hash
// covers the very text that the client sent.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/types/dsse/v0.0.1

import { sha256 } from "#sha256";
import { decodeBase64, decodeProtoBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { verifyMessage } from "../../crypto/verify-message.ts";
import { isList, isObject, type JsonObject, member } from "../../json/member.ts";
import { parseJson } from "../../json/parse.ts";
import { preAuthEncoding, readAttestationHints } from "../../rekor/dsse.ts";
import { err, ok, type Result } from "../../result.ts";
import { describeFailures, type EntryProblem } from "../problem.ts";
import { parseVerifier, type Verifier } from "../verifier.ts";
import type { ProposedEntry, StoredSpec, V1Kind } from "./kind.ts";
import { readDigest, readVerifier } from "./stored-parts.ts";

/** dsse 0.0.1. */
export const DSSE_001: V1Kind = { parse, readStored };

const reject = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });

interface Envelope {
  /** The text that was sent. */
  readonly text: Uint8Array;
  readonly payload: Uint8Array;
  readonly payloadType: string;
  /** The signature as the envelope spells it, and its bytes. */
  readonly sig: string;
  readonly signature: Uint8Array;
}

/** Takes one signature: an entry is found by its signer, and a second one would be found by nobody. */
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
  const envelope = parseEnvelope(encodeUtf8(text));
  if (!envelope.ok) return envelope;
  const verifier = parseOnly(verifiers);
  if (!verifier.ok) return verifier;
  const { payload, payloadType } = envelope.value;
  return ok({
    body: encodeBody(envelope.value, verifier.value),
    verifiers: [verifier.value],
    hints: readAttestationHints(payloadType, payload),
    verify: () => verifyEnvelope(envelope.value, verifier.value),
  });
}

const ONE_SIGNATURE = "this log takes an envelope with one signature and its one verifier";
const PROPOSED = "proposedContent.proposedContent";
const COMPUTED = ["envelopeHash", "payloadHash", "signatures"];

function parseEnvelope(text: Uint8Array): Result<Envelope, EntryProblem> {
  const json = parseJson(text);
  if (!json.ok) return reject("the DSSE envelope is not well-formed JSON, or repeats a member");
  const { payload, payloadType, signatures } = isObject(json.value) ? json.value : {};
  const list = isList(signatures) ? signatures : [];
  if (list.length === 0) return reject("DSSE envelope must contain 1 or more signatures");
  const sigs = new Set(list.map((one) => member(one, "sig")));
  const [sig] = sigs;
  if (sigs.size > 1) return reject(ONE_SIGNATURE);
  const bytes = typeof payload === "string" ? decodeProtoBase64(payload) : null;
  const signature = typeof sig === "string" ? decodeProtoBase64(sig) : null;
  if (bytes?.ok !== true || typeof payloadType !== "string")
    return reject("could not verify envelope: unable to base64 decode payload (is payload in the right format?)");
  if (typeof sig !== "string" || signature?.ok !== true) return reject("a signature of the envelope is not base64");
  return ok({ text, payload: bytes.value, payloadType, sig, signature: signature.value });
}

function parseOnly([one, ...more]: readonly unknown[]): Result<Verifier, EntryProblem> {
  if (more.length > 0) return reject(ONE_SIGNATURE);
  const pem = typeof one === "string" ? decodeBase64(one) : null;
  if (pem?.ok !== true) return reject("failed parsing base64 data for verifier");
  const verifier = parseVerifier(pem.value);
  return verifier.ok ? verifier : reject(`could not parse public key as x509: ${verifier.error.reason}`);
}

const hashJson = (bytes: Uint8Array): string => `{"algorithm":"sha256","value":"${encodeHex(sha256(bytes))}"}`;

const encodeBody = ({ text, payload, sig }: Envelope, { content }: Verifier): Uint8Array =>
  encodeUtf8(
    `{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":${hashJson(text)},"payloadHash":${hashJson(payload)},` +
      `"signatures":[{"signature":${JSON.stringify(sig)},"verifier":"${content}"}]}}`,
  );

function readStored(spec: JsonObject): StoredSpec | null {
  const signatures = member(spec, "signatures");
  const [first] = isList(signatures) ? signatures : [];
  const text = member(first, "signature");
  const signature = typeof text === "string" ? decodeProtoBase64(text) : null;
  const verifier = readVerifier(member(first, "verifier"));
  const [payload, envelope] = [readDigest(spec, "payloadHash"), readDigest(spec, "envelopeHash")];
  return signature?.ok !== true || verifier === null || payload === null || envelope === null
    ? null
    : { signatures: [{ signature: signature.value, verifier }], digests: [payload, envelope] };
}

/** Whatever the key, the reference verifies envelopes with SHA-256, and with pure Ed25519. */
async function verifyEnvelope(
  { payload, payloadType, signature }: Envelope,
  { key }: Verifier,
): Promise<Result<null, EntryProblem>> {
  const isSigned = await verifyMessage(key, "SHA-256", preAuthEncoding(payloadType, payload), signature);
  return isSigned
    ? ok(null)
    : reject("could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1");
}
