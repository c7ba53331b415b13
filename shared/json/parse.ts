// SPDX-License-Identifier: Apache-2.0
// Parses untrusted JSON: JSON.parse, but rejects repeated member names and deep nesting. Two parsers that resolve a
// duplicate differently would read two different messages; grpc-gateway rejects it as well. Spec: RFC 8259 §4.

import { decodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";

/** The text is not JSON, repeats a member name, or nests too deeply. */
export interface JsonError {
  readonly code: "json_invalid" | "json_duplicate_member" | "json_too_deep";
}

/** Deeper than any of our messages, and shallow enough that recursive decoders do not overflow the stack. */
const MAX_DEPTH = 32;

/** Parses UTF-8 JSON text. Fails with json_invalid, json_duplicate_member or json_too_deep. */
export function parseJson(bytes: Uint8Array): Result<unknown, JsonError> {
  return parse(bytes, (text) => JSON.parse(text));
}

/**
 * Parses like parseJson, but returns a bigint for an integer that a number cannot hold exactly. The caller limits the
 * length of the text: reading a decimal integer takes time quadratic in its digits.
 */
export function parseJsonExact(bytes: Uint8Array): Result<unknown, JsonError> {
  return parse(bytes, (text) => JSON.parse(text, exactInteger as (key: string, value: unknown) => unknown));
}

/**
 * A reviver. Its third parameter is ECMA-262's "JSON.parse source text access", which the ES2024 types do not have yet.
 */
function exactInteger(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source = "" } = context;
  return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function parse(bytes: Uint8Array, read: (text: string) => unknown): Result<unknown, JsonError> {
  const text = decodeUtf8(bytes);
  if (!text.ok) return err({ code: "json_invalid" });
  let value: unknown;
  try {
    value = read(text.value);
  } catch {
    return err({ code: "json_invalid" });
  }
  const problem = structureProblem(text.value);
  return problem === null ? ok(value) : err({ code: problem });
}

/** Walks the structure of a text that JSON.parse accepted, skipping the contents of strings. */
function structureProblem(text: string): Exclude<JsonError["code"], "json_invalid"> | null {
  const members: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") {
      members.push(character === "{" ? new Set() : null);
      if (members.length > MAX_DEPTH) return "json_too_deep";
    } else if (character === "}" || character === "]") {
      members.pop();
    } else if (character === '"') {
      const end = stringEnd(text, at);
      if (isMemberName(text, end) && !addMember(members.at(-1), text.slice(at, end))) return "json_duplicate_member";
      at = end - 1;
    }
  }
  return null;
}

/** Returns the position after the closing quote of the string that starts at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

function isMemberName(text: string, end: number): boolean {
  let at = end;
  while (" \t\r\n".includes(text.charAt(at)) && at < text.length) at++;
  return text[at] === ":";
}

/** Adds a member name, unless it is there already. Names are unescaped first, so that "a" and "\u0061" are one name. */
function addMember(names: Set<string> | null | undefined, literal: string): boolean {
  const name = literal.includes("\\") ? String(JSON.parse(literal)) : literal.slice(1, -1);
  if (names === null || names === undefined || names.has(name)) return false;
  names.add(name);
  return true;
}
