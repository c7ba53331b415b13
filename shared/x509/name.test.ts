// SPDX-License-Identifier: Apache-2.0
// Names written by hand from RFC 5280 §4.1.2.4.

import { describe, expect, test } from "vitest";
import { decodeDer } from "../der/reader.ts";
import { encodeName, readName } from "./name.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** O=Acme, CN=Root, each in an RDN of its own, as UTF8String. */
const ACME_ROOT = "30 1e 310d 300b 0603 55040a 0c04 41636d65 310d 300b 0603 550403 0c04 526f6f74";

describe("readName accepts", () => {
  test.each([
    ["no attributes", "30 00", "", ""],
    ["O and CN", ACME_ROOT, "Acme", "Root"],
    ["CN alone", "30 0f 310d 300b 0603 550403 0c04 526f6f74", "", "Root"],
    ["both in one RDN", "30 1c 311a 300b 0603 550403 0c04 526f6f74 300b 0603 55040a 0c04 41636d65", "Acme", "Root"],
    ["PrintableString", "30 0f 310d 300b 0603 550403 1304 526f6f74", "", "Root"],
    ["IA5String", "30 0f 310d 300b 0603 550403 1604 526f6f74", "", "Root"],
    ["the first of two CNs", "30 18 310a 3008 0603 550403 0c01 41 310a 3008 0603 550403 0c01 42", "", "A"],
    ["another attribute, which is ignored", "30 0d 310b 3009 0603 550406 1302 4445", "", ""],
    ["a BMPString, which is ignored", "30 0d 310b 3009 0603 550403 1e02 0041", "", ""],
  ])("%s", (_what, input, organization, commonName) => {
    expect(decodeDer(hex(input), readName)).toEqual({ ok: true, value: { organization, commonName } });
  });
});

describe("readName rejects with der_invalid", () => {
  const rdn = "310a 3008 0603 550403 0c01 41";

  test.each([
    ["a NULL", "05 00"],
    ["an attribute without a value", "30 09 3107 3005 0603 550403"],
    ["an attribute without a type", "30 07 3105 3003 0c01 41"],
    ["a value after the value", "30 0f 310d 300b 0603 550403 0c01 41 0c01 42"],
    ["an RDN that is a SEQUENCE", "30 0c 300a 3008 0603 550403 0c01 41"],
    ["malformed UTF-8", "30 0c 310a 3008 0603 550403 0c01 ff"],
    ["an IA5String beyond ASCII", "30 0c 310a 3008 0603 550403 1601 e9"],
    ["17 RDNs", `30 81cc ${rdn.repeat(17)}`],
  ])("%s", (_what, input) => {
    expect(decodeDer(hex(input), readName)).toMatchObject({ ok: false, error: { code: "der_invalid" } });
  });
});

test("encodeName writes O, then CN", () => {
  expect(encodeName({ organization: "Acme", commonName: "Root" })).toEqual(hex(ACME_ROOT));
});
