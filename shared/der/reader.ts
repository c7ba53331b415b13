// SPDX-License-Identifier: Apache-2.0
// Reads DER by schema: the caller says what comes next. Nothing is guessed and nothing may be left over.
// Spec: X.690 §8, §10. High tag numbers and indefinite or non-minimal lengths are rejected.

import { decodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";
import { type UnixMs, unixMs } from "../time.ts";
import { readHeader, scanDer } from "./scan.ts";

/** The input is not DER, or not of the expected schema. */
export interface DerError {
  readonly code: "der_invalid";
  /** The violated expectation, for the log line; never input bytes. */
  readonly reason: string;
}

/** Thrown by DerReader and caught by decodeDer; never leaves this file. */
class DerSyntaxError extends Error {}

interface Element {
  readonly tag: number;
  /** Contents only. */
  readonly contents: Uint8Array;
  /** Tag, length and contents, exactly as in the input. */
  readonly whole: Uint8Array;
}

/** Reads the elements of one constructed value in order. Only for use inside decodeDer. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The tag of the next element, or -1 at the end. */
  get nextTag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  /** Reads the next element of any type, with its tag and length. */
  raw(): Uint8Array {
    return this.#next().whole;
  }

  /** Reads the contents of the next element, which must have exactly this tag. */
  contents(tag: number): Uint8Array {
    const element = this.#next();
    if (element.tag !== tag) throw new DerSyntaxError(`tag ${element.tag} instead of ${tag}`);
    return element.contents;
  }

  /** Reads a constructed element with this tag; `read` must consume all of it. */
  within<T>(tag: number, read: (inner: DerReader) => T): T {
    const inner = new DerReader(this.contents(tag));
    const value = read(inner);
    if (!inner.done) throw new DerSyntaxError(`elements left over in tag ${tag}`);
    return value;
  }

  sequence<T>(read: (inner: DerReader) => T): T {
    return this.within(0x30, read);
  }

  set<T>(read: (inner: DerReader) => T): T {
    return this.within(0x31, read);
  }

  /** Reads a SEQUENCE OF or SET OF with 0 to `max` elements. */
  listOf<T>(tag: number, max: number, read: (inner: DerReader) => T): readonly T[] {
    return this.within(tag, (inner) => {
      const items: T[] = [];
      while (!inner.done) {
        if (items.length === max) throw new DerSyntaxError(`more than ${max} elements`);
        items.push(read(inner));
      }
      return items;
    });
  }

  /** Reads the next element if its tag is `tag`; otherwise returns null and consumes nothing. */
  optional<T>(tag: number, read: (reader: DerReader) => T): T | null {
    return this.nextTag === tag ? read(this) : null;
  }

  /** Reads the contents of an INTEGER: minimal two's complement of either sign. */
  integer(): Uint8Array {
    const contents = this.contents(0x02);
    const [first, second] = contents;
    if (first === undefined) throw new DerSyntaxError("empty INTEGER");
    const redundant =
      (first === 0x00 && second !== undefined && second < 0x80) || (first === 0xff && (second ?? 0) >= 0x80);
    if (redundant) throw new DerSyntaxError("INTEGER not minimal");
    return contents;
  }

  /** Reads a non-negative INTEGER; returns its magnitude without the sign octet. */
  unsignedInteger(): Uint8Array {
    const contents = this.integer();
    if ((contents[0] ?? 0) >= 0x80) throw new DerSyntaxError("negative INTEGER");
    return contents.length > 1 && contents[0] === 0 ? contents.subarray(1) : contents;
  }

  /** Reads an INTEGER from 0 to 127. */
  smallInteger(): number {
    const contents = this.integer();
    const value = contents[0] ?? 0;
    if (contents.length !== 1 || value >= 0x80) throw new DerSyntaxError("INTEGER out of range");
    return value;
  }

  boolean(): boolean {
    const [value, ...more] = this.contents(0x01);
    if (more.length > 0 || (value !== 0x00 && value !== 0xff)) throw new DerSyntaxError("BOOLEAN not DER");
    return value === 0xff;
  }

  octetString(): Uint8Array {
    return this.contents(0x04);
  }

  /** Reads a BIT STRING without unused bits. */
  bitString(): Uint8Array {
    const contents = this.contents(0x03);
    if (contents[0] !== 0) throw new DerSyntaxError("BIT STRING with unused bits");
    return contents.subarray(1);
  }

  /** Reads an OBJECT IDENTIFIER; returns it in dotted decimal. */
  oid(): string {
    return formatOid(this.contents(0x06));
  }

  null(): void {
    if (this.contents(0x05).length > 0) throw new DerSyntaxError("NULL with contents");
  }

  /** Reads a string as RFC 5280 names use it: UTF8String, PrintableString or IA5String. */
  text(): string {
    const { tag, contents } = this.#next();
    const text = decodeUtf8(contents);
    if (![0x0c, 0x13, 0x16].includes(tag) || !text.ok) throw new DerSyntaxError("not a string");
    if (tag !== 0x0c && contents.some((byte) => byte > 0x7f)) throw new DerSyntaxError("not ASCII");
    return text.value;
  }

  /** Reads a UTCTime or GeneralizedTime with whole seconds, in UTC. */
  time(): UnixMs {
    const { tag, contents } = this.#next();
    const text = String.fromCharCode(...contents.subarray(0, 20));
    return parseTime(tag, text) ?? this.fail("not a time");
  }

  /** Ends the parse with der_invalid, for conditions of the caller's schema. */
  fail(reason: string): never {
    throw new DerSyntaxError(reason);
  }

  #next(): Element {
    const bytes = this.#bytes;
    const start = this.#at;
    const header = readHeader(bytes, start, bytes.length);
    if (typeof header === "string") throw new DerSyntaxError(header);
    this.#at = header.from + header.length;
    const contents = bytes.subarray(header.from, this.#at);
    return { tag: bytes[start] ?? 0, contents, whole: bytes.subarray(start, this.#at) };
  }
}

/** Registered identifiers have up to 20. In dotted decimal a longer one is longer still, and messages quote it. */
const MAX_OID_BYTES = 64;

function formatOid(contents: Uint8Array): string {
  if (contents.length > MAX_OID_BYTES) throw new DerSyntaxError("OID too long");
  let dotted = "";
  let arc = 0;
  let started = false;
  for (const octet of contents) {
    if (!started && octet === 0x80) throw new DerSyntaxError("OID not minimal");
    arc = arc * 128 + (octet & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new DerSyntaxError("OID arc too large");
    started = (octet & 0x80) !== 0;
    if (started) continue;
    dotted = dotted === "" ? formatFirstArcs(arc) : `${dotted}.${arc}`;
    arc = 0;
  }
  if (started || dotted === "") throw new DerSyntaxError("OID truncated");
  return dotted;
}

/** The first number of an encoding holds two arcs, 40 times the first plus the second (X.690 §8.19.4). */
function formatFirstArcs(value: number): string {
  const root = Math.min(2, Math.floor(value / 40));
  return `${root}.${value - 40 * root}`;
}

function parseTime(tag: number, text: string): UnixMs | null {
  const digits = { 0x17: /^\d{12}Z$/, 0x18: /^\d{14}Z$/ }[tag];
  if (digits === undefined || !digits.test(text)) return null;
  // RFC 5280 §4.1.2.5.1: two-digit years from 50 on belong to the 1900s.
  const year = tag === 0x18 ? text.slice(0, 4) : `${Number(text.slice(0, 2)) >= 50 ? "19" : "20"}${text.slice(0, 2)}`;
  const [month, day, hour, minute, second] = text.slice(-11, -1).match(/\d\d/g) ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const value = Date.parse(iso);
  // The round trip rejects 30 February, which Date.parse would turn into March.
  return Number.isNaN(value) || value < 0 || new Date(value).toISOString() !== iso ? null : unixMs(value);
}

/**
 * Runs `read` over all of `bytes`, once a scan has bounded their depth and number of values. Fails with der_invalid,
 * also if bytes are left over.
 */
export function decodeDer<T>(bytes: Uint8Array, read: (reader: DerReader) => T): Result<T, DerError> {
  const problem = scanDer(bytes);
  if (problem !== null) return err({ code: "der_invalid", reason: problem });
  const reader = new DerReader(bytes);
  try {
    const value = read(reader);
    return reader.done ? ok(value) : err({ code: "der_invalid", reason: "trailing bytes" });
  } catch (error) {
    if (error instanceof DerSyntaxError) return err({ code: "der_invalid", reason: error.message });
    throw error;
  }
}
