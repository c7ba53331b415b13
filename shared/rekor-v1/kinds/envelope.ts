// SPDX-License-Identifier: Apache-2.0
// DSSE envelopes of proposed entries, and whose their signatures are. The reference accepts any number of signatures;
// this log bounds them, and wants the verifiers in the order of the signatures: each is verified once.
// Spec: https://github.com/secure-systems-lab/dsse/blob/master/envelope.md

import { decodeProtoBase64 } from "../../bytes/base64.ts";
import { equal } from "../../bytes/bytes.ts";
import { verifyMessage } from "../../crypto/verify-message.ts";
import { isList, isObject, member } from "../../json/member.ts";
import { parseJson } from "../../json/parse.ts";
import { preAuthEncoding } from "../../rekor/dsse.ts";
import { err, ok, type Result } from "../../result.ts";
import type { EntryProblem } from "../problem.ts";
import { parseVerifierChain, type Verifier } from "../verifier.ts";

/** The reference has no bound. The leaf of an entry with chains of certificates would grow too large. */
export const MAX_SIGNATURES = 4;

/** The contents of an envelope, which a signature covers. */
interface SignedPayload {
  readonly payload: Uint8Array;
  readonly payloadType: string;
}

/** One signature of an envelope. */
export interface EnvelopeSignature {
  /** Empty if it names no key. */
  readonly keyid: string;
  /** Base64, as the envelope spells it. */
  readonly sig: string;
  readonly signature: Uint8Array;
}

/** An envelope that may have no signature. */
export interface Envelope extends SignedPayload {
  /** Base64, as the envelope spells it. */
  readonly payloadText: string;
  readonly signatures: readonly EnvelopeSignature[];
}

/** A signature and whose it is said to be. */
interface SignedBy {
  readonly signature: Uint8Array;
  readonly verifier: Verifier;
}

const reject = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });

/** The problem of an entry with more than MAX_SIGNATURES. */
export const rejectTooMany = (): Result<never, EntryProblem> =>
  reject(`this log takes at most ${MAX_SIGNATURES} signatures of one envelope`);

/** The reference's words for a text that is not base64. */
export const NOT_BASE64 = "unable to base64 decode payload (is payload in the right format?)";

/** Decodes base64 with padding, in the standard or the URL-safe alphabet. Fails with v1_entry_invalid. */
export function decodeSigned(text: string): Result<Uint8Array, EntryProblem> {
  const bytes = text.length % 4 === 0 ? decodeProtoBase64(text) : null;
  return bytes?.ok === true ? bytes : reject(NOT_BASE64);
}

/** Parses the text of an envelope. Fails with v1_entry_invalid. @param lead the words before those of a wrong base64 */
export function parseEnvelope(text: Uint8Array, lead = ""): Result<Envelope, EntryProblem> {
  const json = parseJson(text);
  if (!json.ok) return reject("the DSSE envelope is not well-formed JSON, or repeats a member");
  const { payload: payloadText, payloadType, signatures } = isObject(json.value) ? json.value : {};
  const list = isList(signatures) ? signatures : [];
  if (list.length > MAX_SIGNATURES) return rejectTooMany();
  if (typeof payloadText !== "string" || typeof payloadType !== "string") return reject(`${lead}${NOT_BASE64}`);
  const payload = decodeSigned(payloadText);
  if (!payload.ok) return reject(`${lead}${payload.error.reason}`);
  const parsed: EnvelopeSignature[] = [];
  for (const one of list) {
    const signature = parseSignature(one, lead);
    if (!signature.ok) return signature;
    parsed.push(signature.value);
  }
  return ok({ payload: payload.value, payloadText, payloadType, signatures: parsed });
}

function parseSignature(json: unknown, lead: string): Result<EnvelopeSignature, EntryProblem> {
  const [keyid, sig] = [member(json, "keyid") ?? "", member(json, "sig")];
  if (typeof keyid !== "string" || typeof sig !== "string")
    return reject(
      "the DSSE envelope is not well-formed JSON: a signature is not an object with the texts keyid and sig",
    );
  const signature = decodeSigned(sig);
  return signature.ok ? ok({ keyid, sig, signature: signature.value }) : reject(`${lead}${signature.error.reason}`);
}

/** Parses a verifier of an envelope, which may be a chain of certificates. Fails with v1_entry_invalid. */
export function parseEnvelopeVerifier(pem: Uint8Array): Result<Verifier, EntryProblem> {
  const verifier = parseVerifierChain(pem);
  return verifier.ok ? verifier : reject(`could not parse public key as x509: ${verifier.error.reason}`);
}

/** Whether two of the verifiers have one key: the reference takes one signature of each key. */
export const sharesKey = (verifiers: readonly Verifier[]): boolean =>
  verifiers.some(({ key }, i) => verifiers.slice(0, i).some((other) => equal(key.spki, other.key.spki)));

/** The reference's words for an envelope of which a key verifies no signature. */
export const NONE_VERIFIES = "accepted signatures do not match threshold, Found: 0, Expected 1";

/** The reference's words for an envelope with a signature that no key verifies. */
export const ALL_SIGNED = "all signatures must have a key that verifies it";

/** The rule of this log for several signatures. */
export const IN_ORDER = "this log takes as many verifiers as signatures, and in the order of the signatures";

/**
 * Whether each signature is its own verifier's. Whatever the key, the reference verifies envelopes with SHA-256, and
 * with pure Ed25519.
 */
export async function verifyPairs(
  { payload, payloadType }: SignedPayload,
  signatures: readonly SignedBy[],
): Promise<boolean> {
  const message = preAuthEncoding(payloadType, payload);
  for (const { signature, verifier } of signatures)
    if (!(await verifyMessage(verifier.key, "SHA-256", message, signature))) return false;
  return true;
}

/** Verifies like verifyPairs. Fails with v1_entry_invalid. */
export async function verifyEnvelope(
  signed: SignedPayload,
  signatures: readonly SignedBy[],
): Promise<Result<null, EntryProblem>> {
  if (await verifyPairs(signed, signatures)) return ok(null);
  const advice = signatures.length > 1 ? `; ${IN_ORDER}` : "";
  return reject(`could not verify envelope: ${NONE_VERIFIES}${advice}`);
}
