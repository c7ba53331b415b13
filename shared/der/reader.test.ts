// SPDX-License-Identifier: Apache-2.0
// Encodings written by hand from X.690; the section is beside each rule.

import { describe, expect, test } from "vitest";
import { type DerReader, decodeDer } from "./reader.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const plain = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);

type Read = (reader: DerReader) => unknown;

const READS = {
  raw: (r) => r.raw(),
  integer: (r) => r.integer(),
  unsignedInteger: (r) => r.unsignedInteger(),
  smallInteger: (r) => r.smallInteger(),
  boolean: (r) => r.boolean(),
  octetString: (r) => r.octetString(),
  bitString: (r) => r.bitString(),
  oid: (r) => r.oid(),
  null: (r) => r.null(),
  text: (r) => r.text(),
  time: (r) => r.time(),
  sequence: (r) => r.sequence((inner) => inner.smallInteger()),
  set: (r) => r.set((inner) => inner.smallInteger()),
  listOf: (r) => r.listOf(0x30, 2, (inner) => inner.smallInteger()),
  optional: (r) => r.optional(0x01, (inner) => inner.boolean()),
} satisfies Record<string, Read>;

describe("decodeDer accepts", () => {
  test.each<[keyof typeof READS, string, string, unknown]>([
    ["raw", "an empty element", "05 00", "0500"],
    ["raw", "the longest short length (§8.1.3.4)", `04 7f ${"00".repeat(127)}`, `047f${"00".repeat(127)}`],
    ["raw", "the shortest long length (§8.1.3.5)", `04 81 80 ${"00".repeat(128)}`, `048180${"00".repeat(128)}`],
    ["raw", "two length octets", `04 82 01 00 ${"00".repeat(256)}`, `04820100${"00".repeat(256)}`],
    ["integer", "zero (§8.3)", "02 01 00", "00"],
    ["integer", "-1", "02 01 ff", "ff"],
    ["integer", "-128", "02 01 80", "80"],
    ["integer", "-129, which needs two octets", "02 02 ff 7f", "ff7f"],
    ["integer", "128, which needs the sign octet", "02 02 00 80", "0080"],
    ["unsignedInteger", "128 without its sign octet", "02 02 00 80", "80"],
    ["unsignedInteger", "zero", "02 01 00", "00"],
    ["smallInteger", "127", "02 01 7f", 127],
    ["boolean", "FALSE", "01 01 00", false],
    ["boolean", "TRUE (§11.1)", "01 01 ff", true],
    ["octetString", "no octets", "04 00", ""],
    ["octetString", "two octets", "04 02 ab cd", "abcd"],
    ["bitString", "no bits (§8.6.2.3)", "03 01 00", ""],
    ["bitString", "eight bits", "03 02 00 80", "80"],
    ["oid", "2.999, the example of X.690 §8.19.5", "06 02 88 37", "2.999"],
    ["oid", "1.2.840.113549, which has arcs of two and three octets", "06 06 2a 86 48 86 f7 0d", "1.2.840.113549"],
    ["oid", "0.0", "06 01 00", "0.0"],
    ["oid", "1.39, the last below joint-iso-itu-t", "06 01 4f", "1.39"],
    ["oid", "2.0", "06 01 50", "2.0"],
    ["null", "NULL", "05 00", undefined],
    ["text", "UTF8String", "0c 02 c3 a9", "é"],
    ["text", "PrintableString", "13 02 48 69", "Hi"],
    ["text", "IA5String", "16 03 61 40 62", "a@b"],
    ["time", "UTCTime 1970", "17 0d 373030313031303030303030 5a", 0],
    ["time", "UTCTime 2049, the last of the 2000s", "17 0d 343931323331323335393539 5a", 2_524_607_999_000],
    ["time", "GeneralizedTime 2050", "18 0f 3230353030313031303030303030 5a", 2_524_608_000_000],
    ["time", "29 February of a leap year", "17 0d 323430323239303030303030 5a", 1_709_164_800_000],
    ["sequence", "SEQUENCE", "30 03 02 01 05", 5],
    ["set", "SET", "31 03 02 01 05", 5],
    ["listOf", "no elements", "30 00", []],
    ["listOf", "as many elements as allowed", "30 06 02 01 01 02 01 02", [1, 2]],
    ["optional", "the optional element", "01 01 ff", true],
    ["optional", "nothing", "", null],
  ])("%s: %s", (name, _what, input, expected) => {
    const read: Read = READS[name];
    expect(decodeDer(hex(input), (reader) => plain(read(reader)))).toEqual({ ok: true, value: expected });
  });
});

describe("decodeDer rejects with der_invalid", () => {
  test.each<[keyof typeof READS, string, string]>([
    ["raw", "no bytes", ""],
    ["raw", "a tag alone", "04"],
    ["raw", "fewer octets than the length says", "04 02 ab"],
    ["raw", "a length with its octets cut off", "04 82 01"],
    ["raw", "trailing bytes", "05 00 00"],
    ["raw", "a high tag number (§8.1.2.4)", "1f 20 00"],
    ["raw", "the indefinite length (§10.1)", "30 80 05 00 00 00"],
    ["raw", "a long length for 127 octets (§10.1)", `04 81 7f ${"00".repeat(127)}`],
    ["raw", "a length with a leading zero octet", `04 82 00 80 ${"00".repeat(128)}`],
    ["raw", "five length octets", `04 85 00 00 00 00 01 00`],
    ["raw", "the reserved length ff (§8.1.3.5)", "04 ff 00"],
    ["integer", "no octets (§8.3.1)", "02 00"],
    ["integer", "a redundant zero octet (§8.3.2)", "02 02 00 7f"],
    ["integer", "a redundant ff octet (§8.3.2)", "02 02 ff 80"],
    ["integer", "another type", "04 01 00"],
    ["unsignedInteger", "a negative number", "02 01 ff"],
    ["smallInteger", "128", "02 02 00 80"],
    ["smallInteger", "-1", "02 01 ff"],
    ["boolean", "no octet", "01 00"],
    ["boolean", "two octets", "01 02 ff ff"],
    ["boolean", "a TRUE other than ff (§11.1)", "01 01 01"],
    ["octetString", "the constructed form (§10.2)", "24 04 04 02 ab cd"],
    ["bitString", "no octet for the unused bits (§8.6.2.2)", "03 00"],
    ["bitString", "unused bits, which no caller takes", "03 02 01 80"],
    ["bitString", "the constructed form (§10.2)", "23 04 03 02 00 80"],
    ["oid", "no octets", "06 00"],
    ["oid", "an arc that goes on after the end", "06 02 2a 86"],
    ["oid", "an arc padded with 80 (§8.19.2)", "06 03 2a 80 01"],
    ["oid", "a first arc padded with 80", "06 02 80 2a"],
    ["oid", "65 octets", `06 41 ${"01 ".repeat(65).trim()}`],
    ["oid", "an arc of 2^53", "06 09 2a 90 80 80 80 80 80 80 00"],
    ["null", "contents (§8.8.2)", "05 01 00"],
    ["text", "a string of another type", "1e 02 00 48"],
    ["text", "malformed UTF-8", "0c 01 c3"],
    ["text", "an IA5String beyond ASCII", "16 02 c3 a9"],
    ["time", "UTCTime without seconds (§11.8.2)", "17 0b 37303031303130303030 5a"],
    ["time", "UTCTime with an offset (§11.8.1)", "17 11 373030313031303030303030 2b30313030"],
    ["time", "UTCTime 1950 to 1969, before the Unix epoch", "17 0d 363931323331323335393539 5a"],
    ["time", "GeneralizedTime with fractions (RFC 5280 §4.1.2.5.2)", "18 11 3230353030313031303030303030 2e35 5a"],
    ["time", "GeneralizedTime without Z", "18 0e 3230353030313031303030303030"],
    ["time", "30 February", "17 0d 323430323330303030303030 5a"],
    ["time", "month 13", "17 0d 323431333031303030303030 5a"],
    ["time", "hour 24", "17 0d 323430313031323430303030 5a"],
    ["time", "second 60", "17 0d 323430313031303030303630 5a"],
    ["time", "an INTEGER", "02 01 00"],
    ["sequence", "the primitive form", "10 03 02 01 05"],
    ["sequence", "elements left over", "30 06 02 01 05 02 01 06"],
    ["sequence", "an element that reaches beyond its end", "30 02 02 01 05"],
    ["set", "a SEQUENCE", "30 03 02 01 05"],
    ["listOf", "more elements than allowed", "30 09 02 01 01 02 01 02 02 01 03"],
    ["optional", "another element", "05 00"],
  ])("%s: %s", (name, _what, input) => {
    const read: Read = READS[name];
    expect(decodeDer(hex(input), read)).toMatchObject({ ok: false, error: { code: "der_invalid" } });
  });

  test("a condition of the schema, with its reason", () => {
    expect(decodeDer(hex("05 00"), (reader) => reader.fail("not ours"))).toEqual({
      ok: false,
      error: { code: "der_invalid", reason: "not ours" },
    });
  });

  test("and throws what is not a syntax error", () => {
    expect(() =>
      decodeDer(hex("05 00"), () => {
        throw new RangeError("a bug");
      }),
    ).toThrow(RangeError);
  });
});

test("nextTag and done describe the next element and the end", () => {
  const seen = decodeDer(hex("30 00 05 00"), (reader) => {
    const tags = [reader.nextTag];
    reader.raw();
    tags.push(reader.nextTag);
    reader.raw();
    return { tags: [...tags, reader.nextTag], done: reader.done };
  });
  expect(seen).toEqual({ ok: true, value: { tags: [0x30, 0x05, -1], done: true } });
});
