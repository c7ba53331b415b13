// SPDX-License-Identifier: Apache-2.0
// Checks one entry of a signature log: its format, and its signature. A legacy DSSE entry holds only the hash of its
// payload, so its signature cannot be verified from the log.
// Spec: https://github.com/sigstore/architecture-docs/blob/main/rekor-v2-spec.md

import { equal } from "../../shared/bytes/bytes.ts";
import {
  isKeyDetails,
  KEY_DETAILS_NUMBERS,
  type KeyDetails,
  SIGNATURE_SCHEMES,
} from "../../shared/crypto/key-details.ts";
import { member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { decodeEntry } from "../../shared/rekor/entry.ts";
import { type Candidate, type Credential, toCandidates, verifyAny } from "../../shared/rekor/verify.ts";
import { parseProposedEntry } from "../../shared/rekor-v1/entry.ts";
import { readStoredEntry } from "../../shared/rekor-v1/stored.ts";

/**
 * `unknown`: an entry of an unknown kind. `unverified`: an entry of a known kind that lacks the data for
 * verification.
 */
export type EntryVerdict =
  | { readonly kind: "verified" }
  | { readonly kind: "unverified" }
  | { readonly kind: "unknown" }
  | { readonly kind: "invalid"; readonly reason: string };

const VERIFIED: EntryVerdict = { kind: "verified" };
const UNVERIFIED: EntryVerdict = { kind: "unverified" };
const rejectInvalid = (reason: string): EntryVerdict => ({ kind: "invalid", reason });

const ALL_KEY_DETAILS = new Set(Object.keys(SIGNATURE_SCHEMES).filter(isKeyDetails)) satisfies ReadonlySet<KeyDetails>;

/** The verdict on a body, and what it says; null if it is not a hashedrekord entry with a usable key. */
export interface JudgedBody {
  readonly verdict: EntryVerdict;
  readonly candidate: Candidate | null;
}

/** Judges one body. Without `verifies`, judges the format only: a well-formed body is unverified. */
export async function judgeRekorEntry(body: Uint8Array, verifies: boolean): Promise<JudgedBody> {
  const entry = decodeEntry(body);
  if (!entry.ok) return { verdict: judgeForeign(body), candidate: null };
  const candidates = await toCandidates({ kind: "hashedrekord", ...entry.value }, ALL_KEY_DETAILS);
  const candidate = candidates.ok ? (candidates.value[0] ?? null) : null;
  if (!verifies) return { verdict: UNVERIFIED, candidate };
  const verified = candidates.ok ? verifyAny(candidates.value) : candidates;
  const verdict = verified.ok ? VERIFIED : rejectInvalid(REASONS.get(verified.error.code) ?? verified.error.code);
  return { verdict, candidate };
}

/** The verdict on a body of a Rekor v1 log, and who signed it; nobody if it is not an entry that this version reads. */
export interface JudgedV1Body {
  readonly verdict: EntryVerdict;
  readonly signers: readonly Credential[];
}

/** Judges one body of a Rekor v1 log. The leaf of an envelope or of a file lacks what its signature covers. */
export async function judgeRekorV1Entry(body: Uint8Array, verifies: boolean): Promise<JudgedV1Body> {
  const stored = readStoredEntry(body);
  if (stored === null) return { verdict: { kind: "unknown" }, signers: [] };
  const signers = stored.signatures.map(({ verifier }) => verifier);
  const json = parseJson(body);
  // Only hashedrekord and rfc3161 entries are stored as they were proposed.
  const proposed = json.ok ? parseProposedEntry(json.value) : json;
  if (!proposed.ok || !verifies) return { verdict: UNVERIFIED, signers };
  if (!equal(proposed.value.body, body)) return { verdict: rejectInvalid("it is not canonical"), signers };
  const verified = await proposed.value.verify();
  return { verdict: verified.ok ? VERIFIED : rejectInvalid(verified.error.reason), signers };
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["entry_signature_invalid", "its signature over the digest does not verify"],
  ["entry_certificate_invalid", "its certificate is not an X.509 v3 certificate"],
  ["entry_key_details_mismatch", "its keyDetails does not match its key"],
  ["entry_digest_length", "its digest does not have the length of the hash of its key's scheme"],
]);

/** Judges a body that decodeEntry rejects: of another kind, of another scheme, or not an entry at all. */
function judgeForeign(body: Uint8Array): EntryVerdict {
  const json = parseJson(body);
  if (!json.ok) return { kind: "unknown" };
  const kind = `${text(json.value, "kind")} ${text(json.value, "apiVersion")}`;
  if (kind === "dsse 0.0.2") return UNVERIFIED;
  if (kind !== "hashedrekord 0.0.2") return { kind: "unknown" };
  const record = member(member(json.value, "spec"), "hashedRekordV002");
  const scheme = text(member(member(record, "signature"), "verifier"), "keyDetails");
  const isOtherScheme = Object.hasOwn(KEY_DETAILS_NUMBERS, scheme) && !isKeyDetails(scheme);
  return isOtherScheme ? UNVERIFIED : rejectInvalid("it is not a canonical hashedrekord 0.0.2 body");
}

function text(json: unknown, name: string): string {
  const value = member(json, name);
  return typeof value === "string" ? value : "";
}
