// SPDX-License-Identifier: Apache-2.0
// Parses untrusted JSON: JSON.parse, but rejects repeated member names, and bounds depth and number of values before
// anything is built. Two parsers that resolve a duplicate differently would read two different messages; grpc-gateway
// rejects it as well. Spec: RFC 8259 §4.

import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";
import { skipString } from "./scan.ts";

/** The text is not JSON, repeats a member name, nests too deeply or has too many values. */
export interface JsonError {
  readonly code: "json_invalid" | "json_duplicate_member" | "json_too_deep" | "json_too_many_values";
}

/** Deeper than any of our messages, and shallow enough that recursive decoders do not overflow the stack. */
const MAX_DEPTH = 32;
/**
 * Twenty times the values of any request or setting. To build as many takes one or two milliseconds; 4 MiB of empty
 * objects would take half a second and the memory of an isolate.
 */
const MAX_VALUES = 4096;
/**
 * How many characters of syntax, white space, numbers and escapes one value may have on average. The scan visits these
 * one by one, and skips the rest of a string natively.
 */
const MAX_VISITS_PER_VALUE = 32;
/**
 * A longer member name costs a visit for each further character: JSON.parse unescapes and hashes names, and the search
 * for repeated ones does it again, so a character of a name costs twice as much as one of a value.
 */
const FREE_NAME_LENGTH = 64;

/**
 * Parses UTF-8 JSON text. Fails with json_invalid, json_duplicate_member, json_too_deep or json_too_many_values.
 * @param maxValues values of objects and arrays at all depths together
 */
export function parseJson(bytes: Uint8Array, maxValues = MAX_VALUES): Result<unknown, JsonError> {
  return parse(bytes, maxValues, (text) => JSON.parse(text));
}

/**
 * Parses like parseJson, but returns a bigint for an integer that a number cannot hold exactly. The caller limits the
 * length of the text: reading a decimal integer takes time quadratic in its digits.
 */
export function parseJsonExact(bytes: Uint8Array): Result<unknown, JsonError> {
  return parse(bytes, MAX_VALUES, (text) => JSON.parse(text, exactInteger as (key: string, value: unknown) => unknown));
}

/**
 * A reviver. Its third parameter is ECMA-262's "JSON.parse source text access", which the ES2024 types do not have yet.
 */
function exactInteger(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source = "" } = context;
  return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function parse(bytes: Uint8Array, maxValues: number, read: (text: string) => unknown): Result<unknown, JsonError> {
  const text = startsLikeJson(bytes) ? decodeUtf8(bytes) : err(null);
  if (!text.ok) return err({ code: "json_invalid" });
  const excess = excessOf(text.value, maxValues);
  if (excess !== null) return err({ code: excess });
  let value: unknown;
  try {
    value = read(text.value);
  } catch {
    return err({ code: "json_invalid" });
  }
  return repeatsName(text.value) ? err({ code: "json_duplicate_member" }) : ok(value);
}

/** White space, or the beginning of a value. Nothing else is decoded: megabytes of UTF-8 cost more than a parse. */
const STARTS: ReadonlySet<number> = new Set(encodeUtf8(' \t\r\n{["-0123456789tfn'));

const startsLikeJson = (bytes: Uint8Array): boolean => STARTS.has(bytes[0] ?? 0);

/**
 * Scans any text, JSON or not, without building anything, and stops at the first limit that it exceeds. Every value but
 * the first follows a comma or an opening bracket, so these are counted.
 */
function excessOf(text: string, maxValues: number): "json_too_deep" | "json_too_many_values" | null {
  let depth = 0;
  let values = 0;
  let visits = maxValues * MAX_VISITS_PER_VALUE;
  let stringLength = 0;
  for (let at = 0; at < text.length; at++) {
    if (--visits < 0 || values > maxValues) return "json_too_many_values";
    const character = text[at];
    if (character === ",") {
      values++;
    } else if (character === ":") {
      visits -= Math.max(0, stringLength - FREE_NAME_LENGTH);
    } else if (character === "{" || character === "[") {
      values++;
      if (++depth > MAX_DEPTH) return "json_too_deep";
    } else if (character === "}" || character === "]") {
      depth--;
    } else if (character === '"') {
      const skipped = skipString(text, at, visits);
      visits = skipped.visits;
      stringLength = skipped.end - at;
      at = skipped.end - 1;
    }
  }
  return visits < 0 || values > maxValues ? "json_too_many_values" : null;
}

/** Whether an object in a text that JSON.parse accepted has two members of one name. Skips the contents of strings. */
function repeatsName(text: string): boolean {
  const members: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") {
      members.push(character === "{" ? new Set() : null);
    } else if (character === "}" || character === "]") {
      members.pop();
    } else if (character === '"') {
      const { end } = skipString(text, at, Number.POSITIVE_INFINITY);
      if (isMemberName(text, end) && !addMember(members.at(-1), text.slice(at, end))) return true;
      at = end - 1;
    }
  }
  return false;
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
