// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { decodeDer } from "../der/reader.ts";
import { tlv } from "../der/writer.ts";
import { parseJsonTimestampRequest } from "./json-request.ts";

const digest = (length: number): string => encodeBase64(new Uint8Array(length).fill(0xab));
const parse = (text: string): ReturnType<typeof parseJsonTimestampRequest> =>
  parseJsonTimestampRequest(encodeUtf8(text));
/** Makes a request with `more` members as JSON text, so that a nonce reaches the parser as written. */
const request = (more: string): string => `{"artifactHash":"${digest(32)}","hashAlgorithm":"sha256"${more}}`;

describe("parseJsonTimestampRequest", () => {
  test("reads what @sigstore/sign sends", () => {
    const parsed = parse(request(""));
    if (!parsed.ok) throw new Error(parsed.error.problem);
    // MessageImprint of the digest under sha256 with NULL parameters, as openssl ts -query writes it.
    expect(encodeHex(parsed.value.messageImprint)).toBe(`3031300d060960864801650304020105000420${"ab".repeat(32)}`);
    expect(parsed.value.nonce).toBeNull();
    expect(parsed.value.certReq).toBe(false);
  });

  test.each([
    { name: "sha384", length: 48 },
    { name: "sha512", length: 64 },
    { name: "SHA256", length: 32 },
    { name: "Sha512", length: 64 },
  ])("accepts $name", ({ name, length }) => {
    expect(parse(`{"artifactHash":"${digest(length)}","hashAlgorithm":"${name}"}`).ok).toBe(true);
  });

  test.each([
    { text: "0", hex: "00" },
    { text: "1", hex: "01" },
    { text: "128", hex: "0080" },
    { text: "-1", hex: "ff" },
    { text: "-128", hex: "80" },
    { text: "-129", hex: "ff7f" },
    { text: "-9007199254740993", hex: "dfffffffffffff" },
    { text: "9007199254740991", hex: "1fffffffffffff" },
    { text: "9007199254740993", hex: "20000000000001" },
    { text: "18446744073709551615", hex: "00ffffffffffffffff" },
    {
      text: "1461501637330902918203684832716283019655932542975",
      hex: "00ffffffffffffffffffffffffffffffffffffffff",
    },
  ])("reads nonce $text exactly", ({ text, hex }) => {
    const parsed = parse(request(`,"nonce":${text}`));
    expect(parsed.ok && parsed.value.nonce !== null ? encodeHex(parsed.value.nonce) : parsed).toBe(hex);
  });

  test("reads every nonce between -2^160 and 2^160 exactly, as a minimal INTEGER", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 160n), max: 2n ** 160n - 1n }), (nonce) => {
        const parsed = parse(request(`,"nonce":${nonce}`));
        const contents = parsed.ok && parsed.value.nonce !== null ? parsed.value.nonce : new Uint8Array(0);
        expect(BigInt.asIntN(8 * contents.length, BigInt(`0x${encodeHex(contents)}`))).toBe(nonce);
        expect(decodeDer(tlv(0x02, contents), (reader) => reader.integer()).ok).toBe(true);
      }),
    );
  });

  test.each([
    { what: "certificates", text: request(',"certificates":true') },
    { what: "the policy of public Sigstore", text: request(',"tsaPolicyOID":"1.3.6.1.4.1.57264.2"') },
    { what: "an empty policy", text: request(',"tsaPolicyOID":""') },
    { what: "null for what is absent", text: request(',"nonce":null,"certificates":null,"tsaPolicyOID":null') },
    { what: "an unknown member, as the reference does", text: request(',"comment":{"nonce":1.5}') },
  ])("accepts $what", ({ text }) => {
    expect(parse(text).ok).toBe(true);
  });

  test.each([
    { text: "", problem: "is not a JSON object" },
    { text: "[]", problem: "is not a JSON object" },
    { text: "null", problem: "is not a JSON object" },
    { text: '"x"', problem: "is not a JSON object" },
    { text: `${request("")}x`, problem: "is not a JSON object" },
    { text: request(`,"hashAlgorithm":"sha512"`), problem: "is not a JSON object" },
    { text: "{}", problem: "needs hashAlgorithm sha256, sha384 or sha512" },
    { text: `{"hashAlgorithm":"sha256"}`, problem: "needs in artifactHash the 32 bytes of a sha256 digest" },
    {
      text: `{"artifactHash":"${digest(20)}","hashAlgorithm":"sha1"}`,
      problem: "needs hashAlgorithm sha256, sha384 or sha512",
    },
    {
      text: `{"artifactHash":"${digest(32)}","hashAlgorithm":"__proto__"}`,
      problem: "needs hashAlgorithm sha256, sha384 or sha512",
    },
    { text: '{"hashAlgorithm":"Constructor"}', problem: "needs hashAlgorithm sha256, sha384 or sha512" },
    {
      text: `{"artifactHash":"${digest(32)}","hashAlgorithm":"constructor"}`,
      problem: "needs hashAlgorithm sha256, sha384 or sha512",
    },
    {
      text: `{"artifactHash":"${digest(32)}","hashAlgorithm":"toString"}`,
      problem: "needs hashAlgorithm sha256, sha384 or sha512",
    },
    {
      text: `{"artifactHash":"${digest(31)}","hashAlgorithm":"sha256"}`,
      problem: "needs in artifactHash the 32 bytes of a sha256 digest",
    },
    {
      text: `{"artifactHash":"${digest(32)}","hashAlgorithm":"SHA512"}`,
      problem: "needs in artifactHash the 64 bytes of a sha512 digest",
    },
    { text: `{"artifactHash":"!","hashAlgorithm":"sha256"}`, problem: "has a bad artifactHash" },
    { text: `{"artifactHash":1,"hashAlgorithm":"sha256"}`, problem: "has a bad artifactHash" },
    { text: `{"artifactHash":"${digest(32)}","hashAlgorithm":5}`, problem: "has a bad hashAlgorithm" },
    { text: request(',"certificates":"true"'), problem: "has a bad certificates" },
    { text: request(',"tsaPolicyOID":"1.2.3"'), problem: "has a tsaPolicyOID other than 1.3.6.1.4.1.57264.2" },
    { text: request(',"nonce":1.5'), problem: "has a bad nonce" },
    { text: request(',"nonce":1e30'), problem: "has a bad nonce" },
    { text: request(',"nonce":"12"'), problem: "has a bad nonce" },
    { text: request(`,"nonce":1${"0".repeat(160)}`), problem: "has a nonce of over 64 bytes" },
  ])("rejects $text: $problem", ({ text, problem }) => {
    expect(parse(text)).toStrictEqual({ ok: false, error: { code: "timestamp_query_invalid", problem } });
  });

  test("never throws, whatever the input", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => request(`,"nonce":${json}`)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        parse(text);
      }),
    );
  });
});
