// SPDX-License-Identifier: Apache-2.0
// Decodes protobuf messages in their JSON form: camelCase or snake_case names, null as absent, bytes in any base64,
// enums by name or number. Each message chooses what happens to unknown fields.
// Spec: https://protobuf.dev/programming-guides/json/

import { decodeProtoBase64 } from "../bytes/base64.ts";
import { err, ok, type Result } from "../result.ts";
import { isObject } from "./member.ts";

/** A field does not have the expected form. */
export interface FieldError {
  readonly code:
    | "field_unknown"
    | "field_repeated"
    | "field_type"
    | "field_text"
    | "field_bytes"
    | "field_enum"
    | "field_too_many";
  /** Dotted camelCase names from the top of the message; "" for the message itself. */
  readonly path: string;
}

/** Decodes a JSON value as a T. `path` locates the value for errors. */
export type Decoder<T> = (value: unknown, path: string) => Result<T, FieldError>;
type Decoded<D> = D extends Decoder<infer T> ? T : never;

/**
 * Decodes a string field. Fails with field_type, or with field_text for half a surrogate pair: an escape can write it,
 * but no UTF-8 text can hold it, so that a signature over the field would cover other text than was sent.
 */
export const string: Decoder<string> = (value, path) => {
  if (typeof value !== "string") return err({ code: "field_type", path });
  return value.isWellFormed() ? ok(value) : err({ code: "field_text", path });
};

/** Decodes a bytes field. Fails with field_type or field_bytes. */
export const bytes: Decoder<Uint8Array<ArrayBuffer>> = (value, path) => {
  if (typeof value !== "string") return err({ code: "field_type", path });
  const decoded = decodeProtoBase64(value);
  return decoded.ok ? decoded : err({ code: "field_bytes", path });
};

/**
 * Decodes an enum field, given by name or number; returns the name. Fails with field_enum for any other value.
 * @param numbers name → number of every known value.
 */
export function enumeration<N extends string>(numbers: Readonly<Record<N, number>>): Decoder<N> {
  return (value, path) => {
    const name = (Object.keys(numbers) as N[]).find((key) => key === value || numbers[key] === value);
    return name === undefined ? err({ code: "field_enum", path }) : ok(name);
  };
}

/** Ignores a field: accepts any JSON value. */
export const ignore: Decoder<null> = () => ok(null);

/**
 * Decodes a repeated field of at most `max` items; null items are rejected. Fails with field_type or field_too_many.
 */
export function repeated<T>(item: Decoder<T>, max: number): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return err({ code: "field_type", path });
    if (value.length > max) return err({ code: "field_too_many", path });
    const items: T[] = [];
    for (const [i, element] of value.entries()) {
      const decoded = item(element, `${path}[${i}]`);
      if (!decoded.ok) return decoded;
      items.push(decoded.value);
    }
    return ok(items);
  };
}

/**
 * Decodes a message: the fields of `spec` under their camelCase names, each absent or decoded; null counts as absent.
 * Fails with field_repeated if an object has both spellings of one field, even if one is null, and with field_unknown
 * for an unknown field unless those are ignored.
 */
export function message<S extends Readonly<Record<string, Decoder<unknown>>>>(
  spec: S,
  unknownFields: "reject" | "ignore",
): Decoder<{ readonly [K in keyof S]?: Decoded<S[K]> }> {
  const spellings = new Map(
    Object.keys(spec).flatMap((name) => [[name, name] as const, [snakeCase(name), name] as const]),
  );
  return (value, path) => {
    if (!isObject(value)) return err({ code: "field_type", path });
    const out: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const [spelling, raw] of Object.entries(value)) {
      const name = spellings.get(spelling);
      const at = path === "" ? (name ?? spelling) : `${path}.${name ?? spelling}`;
      const decoder = name === undefined ? undefined : spec[name];
      if (name === undefined || decoder === undefined) {
        if (unknownFields === "reject") return err({ code: "field_unknown", path: at });
        continue;
      }
      if (seen.has(name)) return err({ code: "field_repeated", path: at });
      seen.add(name);
      if (raw === null) continue;
      const decoded = decoder(raw, at);
      if (!decoded.ok) return decoded;
      out[name] = decoded.value;
    }
    return ok(out as { readonly [K in keyof S]?: Decoded<S[K]> });
  };
}

function snakeCase(name: string): string {
  // hashedRekordRequestV002 is hashed_rekord_request_v002 in the .proto: a digit does not start a word.
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
