// SPDX-License-Identifier: Apache-2.0
// intoto 0.0.1: a DSSE envelope as text, of which the log keeps two hashes and the key. The entry has no signature.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/types/intoto/v0.0.1

import { sha256 } from "#sha256";
import { decodeBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { isObject, type JsonObject, member } from "../../json/member.ts";
import { readAttestationHints } from "../../rekor/dsse.ts";
import { err, ok, type Result } from "../../result.ts";
import { describeFailures, type EntryProblem } from "../problem.ts";
import { parseVerifierChain, type Verifier } from "../verifier.ts";
import { type Envelope, NONE_VERIFIES, NOT_BASE64, parseEnvelope, verifyPairs } from "./envelope.ts";
import { attestationOf, findHashFailure } from "./intoto-parts.ts";
import type { ProposedEntry, StoredSpec, V1Kind } from "./kind.ts";
import { sshFingerprint } from "./ssh-fingerprint.ts";
import { readDigest, readVerifier } from "./stored-parts.ts";

/** intoto 0.0.1. */
export const INTOTO_001: V1Kind = { parse, readStored };

const reject = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });

function parse(spec: JsonObject): Result<ProposedEntry, EntryProblem> {
  const [content, key] = [member(spec, "content"), member(spec, "publicKey")];
  const pem = typeof key === "string" && key !== "" ? decodeBase64(key) : null;
  if (pem?.ok === false) return reject("failed parsing base64 data for public key");
  const failures = [
    ...(isObject(content) ? [findHashFailure(content)] : ["content in body is required"]),
    ...(pem === null ? ["publicKey in body is required"] : []),
  ].filter((failure) => failure !== null);
  if (!isObject(content) || pem === null || failures.length > 0) return reject(describeFailures(failures));
  const verifier = parseVerifierChain(pem.value);
  if (!verifier.ok) return verifier;
  const text = member(content, "envelope");
  if (typeof text !== "string" || text === "")
    return reject(isObject(content["hash"]) ? NO_ENVELOPE : "missing hash value for envelope");
  return parseSigned(encodeUtf8(text), verifier.value);
}

const NO_ENVELOPE = "entry not insertable into log: missing envelope content";

function parseSigned(text: Uint8Array, verifier: Verifier): Result<ProposedEntry, EntryProblem> {
  const envelope = parseEnvelope(text);
  if (!envelope.ok) return envelope;
  const { payload, payloadText, payloadType, signatures } = envelope.value;
  if (signatures.length === 0) return reject("no signature found");
  // The signature may cover a payload in the URL-safe alphabet. The reference keeps it in the standard one only.
  if (!decodeBase64(payloadText).ok) return reject(NOT_BASE64);
  if (payload.length === 0 || payloadType === "") return reject("entry not insertable into log: invalid DSSE envelope");
  return ok({
    body: encodeBody(text, payload, verifier),
    verifiers: [verifier],
    hints: readAttestationHints(payloadType, payload),
    attestation: payload,
    verify: () => verifyAny(envelope.value, verifier),
  });
}

/** One of the signatures must be the key's, and name it by its fingerprint or not at all. */
async function verifyAny(envelope: Envelope, verifier: Verifier): Promise<Result<null, EntryProblem>> {
  const fingerprint = sshFingerprint(verifier.key);
  for (const { keyid, signature } of envelope.signatures) {
    const isNamed = keyid === "" || keyid === fingerprint;
    if (isNamed && (await verifyPairs(envelope, [{ signature, verifier }]))) return ok(null);
  }
  return reject(NONE_VERIFIES);
}

const hashJson = (bytes: Uint8Array): string => `{"algorithm":"sha256","value":"${encodeHex(sha256(bytes))}"}`;

const encodeBody = (text: Uint8Array, payload: Uint8Array, { content }: Verifier): Uint8Array =>
  encodeUtf8(
    `{"apiVersion":"0.0.1","kind":"intoto","spec":{"content":{"hash":${hashJson(text)},"payloadHash":${hashJson(payload)}},` +
      `"publicKey":"${content}"}}`,
  );

/** The first versions of the reference kept no hash of the payload. */
function readStored(spec: JsonObject): StoredSpec | null {
  const content = member(spec, "content");
  const verifier = readVerifier(member(spec, "publicKey"));
  const [payload, envelope] = [readDigest(content, "payloadHash"), readDigest(content, "hash")];
  if (verifier === null || envelope === null) return null;
  return {
    signatures: [{ signature: null, verifier }],
    digests: payload === null ? [envelope] : [payload, envelope],
    ...attestationOf(payload),
  };
}
