// SPDX-License-Identifier: Apache-2.0
// Messages from the rules of https://protobuf.dev/programming-guides/json/.

import { describe, expect, test } from "vitest";
import { bytes, type Decoder, enumeration, ignore, message, repeated, string } from "./proto.ts";

const COLOR = enumeration({ COLOR_UNSPECIFIED: 0, RED: 1, DARK_RED: 7 });
const FIELDS = {
  text: string,
  rawBytes: bytes,
  color: COLOR,
  items: repeated(string, 2),
  requestV002: message({ innerName: string }, "reject"),
  other: ignore,
};
const strict = message(FIELDS, "reject");
const lenient = message(FIELDS, "ignore");
const decode = (decoder: Decoder<unknown>, json: string): unknown => decoder(JSON.parse(json), "");

describe("accepts", () => {
  test.each<[string, string, unknown]>([
    ["no fields", "{}", {}],
    ["a string", '{"text": "a"}', { text: "a" }],
    ["null as absent", '{"text": null, "rawBytes": null, "items": null}', {}],
    ["camelCase", '{"rawBytes": ""}', { rawBytes: new Uint8Array(0) }],
    ["snake_case", '{"raw_bytes": ""}', { rawBytes: new Uint8Array(0) }],
    ["snake_case with digits", '{"request_v002": {"inner_name": "x"}}', { requestV002: { innerName: "x" } }],
    ["standard base64", '{"rawBytes": "+/8="}', { rawBytes: Uint8Array.of(0xfb, 0xff) }],
    ["URL-safe base64 without padding", '{"rawBytes": "-_8"}', { rawBytes: Uint8Array.of(0xfb, 0xff) }],
    ["an enum by name", '{"color": "DARK_RED"}', { color: "DARK_RED" }],
    ["an enum by number", '{"color": 7}', { color: "DARK_RED" }],
    ["the zero of an enum", '{"color": 0}', { color: "COLOR_UNSPECIFIED" }],
    ["no items", '{"items": []}', { items: [] }],
    ["as many items as allowed", '{"items": ["a", "b"]}', { items: ["a", "b"] }],
    ["any value in an ignored field", '{"other": {"x": [1]}}', { other: null }],
    ["base64 with line breaks", '{"rawBytes": "+/\\r\\n8=\\n"}', { rawBytes: Uint8Array.of(0xfb, 0xff) }],
    ["a surrogate pair", String.raw`{"text": "\ud834\udd1e"}`, { text: "𝄞" }],
  ])("%s", (_what, json, value) => {
    expect(decode(strict, json)).toEqual({ ok: true, value });
    expect(decode(lenient, json)).toEqual({ ok: true, value });
  });

  test("an unknown field, where unknown fields are ignored", () => {
    expect(decode(lenient, '{"nope": 1, "text": "a", "Text": 2}')).toEqual({ ok: true, value: { text: "a" } });
  });
});

describe("rejects", () => {
  test.each<[string, string, string, string]>([
    ["a string for the message", '"x"', "field_type", ""],
    ["an array for the message", "[]", "field_type", ""],
    ["null for the message", "null", "field_type", ""],
    ["a number for a string", '{"text": 1}', "field_type", "text"],
    ["a field beside its null spelling", '{"rawBytes": null, "raw_bytes": "AA=="}', "field_repeated", "rawBytes"],
    ["a field before its null spelling", '{"raw_bytes": "AA==", "rawBytes": null}', "field_repeated", "rawBytes"],
    ["half a surrogate pair", String.raw`{"text": "a\ud800"}`, "field_text", "text"],
    ["base64 of both alphabets", '{"rawBytes": "+_8="}', "field_bytes", "rawBytes"],
    ["a number for bytes", '{"rawBytes": 1}', "field_type", "rawBytes"],
    ["bytes that are not base64", '{"raw_bytes": "!"}', "field_bytes", "rawBytes"],
    ["base64 of one digit", '{"rawBytes": "A"}', "field_bytes", "rawBytes"],
    ["base64 with unused bits", '{"rawBytes": "AB=="}', "field_bytes", "rawBytes"],
    ["an unknown enum name", '{"color": "BLUE"}', "field_enum", "color"],
    ["an unknown enum number", '{"color": 2}', "field_enum", "color"],
    ["an enum name in another case", '{"color": "red"}', "field_enum", "color"],
    ["an enum number in a string", '{"color": "1"}', "field_enum", "color"],
    ["a name that every object inherits", '{"color": "constructor"}', "field_enum", "color"],
    ["an object for a list", '{"items": {}}', "field_type", "items"],
    ["a null item", '{"items": ["a", null]}', "field_type", "items[1]"],
    ["an item too many", '{"items": ["a", "b", "c"]}', "field_too_many", "items"],
    ["both spellings of a field", '{"rawBytes": "", "raw_bytes": ""}', "field_repeated", "rawBytes"],
    ["an error inside a message", '{"requestV002": {"innerName": 1}}', "field_type", "requestV002.innerName"],
  ])("%s", (_what, json, code, path) => {
    expect(decode(strict, json)).toEqual({ ok: false, error: { code, path } });
    expect(decode(lenient, json)).toEqual({ ok: false, error: { code, path } });
  });

  test.each([
    ["an unknown field", '{"nope": null}', "nope"],
    ["an unknown field inside a message", '{"requestV002": {"x": 1}}', "requestV002.x"],
    ["a field in another case", '{"Text": "a"}', "Text"],
    ["a member named __proto__", '{"__proto__": {"text": "a"}}', "__proto__"],
  ])("%s, where unknown fields are rejected", (_what, json, path) => {
    expect(decode(strict, json)).toEqual({ ok: false, error: { code: "field_unknown", path } });
  });
});
