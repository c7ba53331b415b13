// SPDX-License-Identifier: Apache-2.0
// One entry of a signature log: its form, and the signature that it holds, verified again. What a bundle gives is all there is:
// a legacy DSSE entry holds the hash of its payload alone, so its signature cannot be verified from the log.
// Spec: https://github.com/sigstore/architecture-docs/blob/main/rekor-v2-spec.md

import {
  isKeyDetails,
  KEY_DETAILS_NUMBERS,
  type KeyDetails,
  SIGNATURE_SCHEMES,
} from "../../shared/crypto/key-details.ts";
import { member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { decodeEntry, type HashedRekordEntry } from "../../shared/rekor/entry.ts";
import { toCandidates, verifyAny } from "../../shared/rekor/verify.ts";

/** `unknown`: of no kind that is known here. `unverified`: of a known kind that does not hold what a check would need. */
export type EntryVerdict =
  | { readonly kind: "verified" }
  | { readonly kind: "unverified" }
  | { readonly kind: "unknown" }
  | { readonly kind: "invalid"; readonly reason: string };

const VERIFIED: EntryVerdict = { kind: "verified" };
const UNVERIFIED: EntryVerdict = { kind: "unverified" };
const invalid = (reason: string): EntryVerdict => ({ kind: "invalid", reason });

const ALL_KEY_DETAILS = new Set(Object.keys(SIGNATURE_SCHEMES).filter(isKeyDetails)) satisfies ReadonlySet<KeyDetails>;

/** Checks one body. Without `verifies` its form alone, and a well-formed one counts as unverified. */
export async function checkRekorEntry(body: Uint8Array, verifies: boolean): Promise<EntryVerdict> {
  const entry = decodeEntry(body);
  if (!entry.ok) return judgeForeign(body);
  return verifies ? verify(entry.value) : UNVERIFIED;
}

async function verify(entry: HashedRekordEntry): Promise<EntryVerdict> {
  const candidates = await toCandidates({ kind: "hashedrekord", ...entry }, ALL_KEY_DETAILS);
  const verified = candidates.ok ? verifyAny(candidates.value) : candidates;
  return verified.ok ? VERIFIED : invalid(REASONS[verified.error.code] ?? verified.error.code);
}

const REASONS: Readonly<Record<string, string>> = {
  entry_signature_invalid: "its signature is not the key's over the digest",
  entry_certificate_invalid: "its certificate is not an X.509 v3 certificate",
  entry_key_details_mismatch: "its keyDetails is not that of its key",
  entry_digest_length: "its digest has another length than the hash of its key's scheme",
};

/** What decodeEntry does not take: an entry of another kind, of another scheme, or no entry at all. */
function judgeForeign(body: Uint8Array): EntryVerdict {
  const json = parseJson(body);
  if (!json.ok) return { kind: "unknown" };
  const kind = `${text(json.value, "kind")} ${text(json.value, "apiVersion")}`;
  if (kind === "dsse 0.0.2") return UNVERIFIED;
  if (kind !== "hashedrekord 0.0.2") return { kind: "unknown" };
  const record = member(member(json.value, "spec"), "hashedRekordV002");
  const scheme = text(member(member(record, "signature"), "verifier"), "keyDetails");
  const isOtherScheme = Object.hasOwn(KEY_DETAILS_NUMBERS, scheme) && !isKeyDetails(scheme);
  return isOtherScheme ? UNVERIFIED : invalid("it is not a canonical hashedrekord 0.0.2 body");
}

function text(json: unknown, name: string): string {
  const value = member(json, name);
  return typeof value === "string" ? value : "";
}
