// SPDX-License-Identifier: Apache-2.0
// Reads the claims of an identity token as text that may go into a certificate. Spec: RFC 7519 §4.

import { member } from "../json/member.ts";
import { err, ok, type Result } from "../result.ts";

/** The members of a token's payload, verified or not. */
export type Claims = Readonly<Record<string, unknown>>;

/** A path into nested claims: `["kubernetes.io", "namespace"]`. */
export type ClaimPath = readonly string[];

/** A claim is missing or unusable. */
export type ClaimError =
  | { readonly code: "claim_missing"; readonly claim: string }
  /** `expected` completes "must be …". */
  | { readonly code: "claim_invalid"; readonly claim: string; readonly expected: string };

/** A claim may appear in several extensions. This keeps a certificate far below the log's limit for an entry. */
const MAX_CLAIM_LENGTH = 2048;

// oxlint-disable-next-line no-control-regex -- matches exactly the control characters: C0, DEL and C1
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Returns the token's own claim; undefined if absent. Inherited names (`constructor`) are not claims. */
export function claimOf(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** Returns the value at the end of a path; undefined if a step is missing. */
export function claimAt(claims: Claims, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const step of path) {
    value = member(value, step);
  }
  return value;
}

/**
 * Reads a non-empty string claim: well-formed Unicode without control characters, at most 2048 UTF-16 units.
 * Fails with claim_missing (absent, null or empty) or claim_invalid.
 */
export function readTextClaim(claims: Claims, name: string): Result<string, ClaimError> {
  return readText(claimOf(claims, name), name);
}

/** Reads a nested claim like readTextClaim; errors name it with dots. */
export function readTextAt(claims: Claims, path: ClaimPath): Result<string, ClaimError> {
  return readText(claimAt(claims, path), path.join("."));
}

function readText(value: unknown, name: string): Result<string, ClaimError> {
  if (value === undefined || value === null || value === "") return err({ code: "claim_missing", claim: name });
  return typeof value === "string" ? checkText(name, value) : rejectInvalid(name, "a string");
}

/** Reads a claim like readTextClaim, but accepts an integer or boolean as the text that JSON writes for it. */
export function readScalarClaim(claims: Claims, name: string): Result<string, ClaimError> {
  const value = claimOf(claims, name);
  if (Number.isSafeInteger(value) || typeof value === "boolean") return ok(String(value));
  return readTextClaim(claims, name);
}

/** Reads an integer that JSON represents exactly. Fails with claim_missing (absent or null) or claim_invalid. */
export function readIntegerClaim(claims: Claims, name: string): Result<number, ClaimError> {
  const value = claimOf(claims, name);
  if (value === undefined || value === null) return err({ code: "claim_missing", claim: name });
  return typeof value === "number" && Number.isSafeInteger(value) ? ok(value) : rejectInvalid(name, "an integer");
}

function checkText(name: string, value: string): Result<string, ClaimError> {
  if (value.length > MAX_CLAIM_LENGTH) return rejectInvalid(name, `at most ${MAX_CLAIM_LENGTH} characters long`);
  if (CONTROL.test(value) || !value.isWellFormed()) return rejectInvalid(name, "text without control characters");
  return ok(value);
}

const rejectInvalid = (claim: string, expected: string): Result<never, ClaimError> =>
  err({ code: "claim_invalid", claim, expected });
