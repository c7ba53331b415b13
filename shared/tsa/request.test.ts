// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../bytes/hex.ts";
import { context, integer, NULL, octetString, oid, sequence, smallInteger, TRUE, tlv } from "../der/writer.ts";
import { POLICY, parseTimestampRequest } from "./request.ts";

// OpenSSL 3.0.19: printf hello > hello; openssl ts -query -data hello <options> | xxd -p
const QUERIES = {
  "-sha256 -cert":
    "30440201013031300d0609608648016503040201050004202cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824020900f03b2efcea68d70b0101ff",
  "-sha256 -no_nonce":
    "30360201013031300d0609608648016503040201050004202cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
  "-sha384 -cert":
    "30530201013041300d06096086480165030402020500043059e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90125a3c79f90397bdf5f6a13de828684f02087117c325fee49f640101ff",
  "-sha512 -no_nonce -tspolicy 1.3.6.1.4.1.57264.2":
    "30610201013051300d0609608648016503040203050004409b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec04306092b0601040183bf3002",
  "-sha1 -no_nonce": "30260201013021300906052b0e03021a05000414aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
  "-sha3-256 -no_nonce":
    "30360201013031300d0609608648016503040208050004203338be694f50c5f338814986cdf0686453a888b84f424d792af4b9202398f392",
  "-sha256 -no_nonce -tspolicy 1.2.3.4":
    "303b0201013031300d0609608648016503040201050004202cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b982406032a0304",
} as const;

const bytes = (hex: string): Uint8Array<ArrayBuffer> => {
  const decoded = decodeHex(hex);
  if (!decoded.ok) throw new Error(hex);
  return decoded.value;
};

const SHA256 = "2.16.840.1.101.3.4.2.1";
const V1 = smallInteger(1);
const imprint = (algorithm: Uint8Array, digestBytes: number): Uint8Array =>
  sequence(algorithm, octetString(new Uint8Array(digestBytes)));
const sha256Imprint = imprint(sequence(oid(SHA256), NULL), 32);

describe("parseTimestampRequest", () => {
  test.each([
    { query: "-sha256 -cert", nonce: "00f03b2efcea68d70b", certReq: true },
    { query: "-sha256 -no_nonce", nonce: null, certReq: false },
    { query: "-sha384 -cert", nonce: "7117c325fee49f64", certReq: true },
    { query: "-sha512 -no_nonce -tspolicy 1.3.6.1.4.1.57264.2", nonce: null, certReq: false },
  ] as const)("reads openssl ts -query $query", ({ query, nonce, certReq }) => {
    const request = parseTimestampRequest(bytes(QUERIES[query]));
    if (!request.ok) throw new Error(request.error.code);
    expect(request.value.nonce === null ? null : encodeHex(request.value.nonce)).toBe(nonce);
    expect(request.value.certReq).toBe(certReq);
    expect(QUERIES[query]).toContain(encodeHex(request.value.messageImprint));
  });

  test.each([
    { what: "an imprint without parameters", parts: [imprint(sequence(oid(SHA256)), 32)] },
    { what: "certReq FALSE spelled out, as Go accepts it", parts: [sha256Imprint, tlv(0x01, Uint8Array.of(0))] },
    { what: "a negative nonce", parts: [sha256Imprint, tlv(0x02, bytes("ca5b6551c2d98dc4"))] },
    { what: "a nonce of zero", parts: [sha256Imprint, smallInteger(0)] },
    { what: "a nonce of 64 bytes", parts: [sha256Imprint, integer(new Uint8Array(64).fill(0xff))] },
    { what: "everything at once", parts: [sha256Imprint, oid(POLICY), smallInteger(7), TRUE] },
  ])("accepts $what", ({ parts }) => {
    expect(parseTimestampRequest(sequence(V1, ...parts)).ok).toBe(true);
  });

  test.each([
    { what: "SHA-1", der: bytes(QUERIES["-sha1 -no_nonce"]), failure: "badAlg" },
    { what: "SHA3-256", der: bytes(QUERIES["-sha3-256 -no_nonce"]), failure: "badAlg" },
    {
      what: "another policy",
      der: bytes(QUERIES["-sha256 -no_nonce -tspolicy 1.2.3.4"]),
      failure: "unacceptedPolicy",
    },
    {
      what: "parameters of the hash",
      der: sequence(V1, imprint(sequence(oid(SHA256), V1), 32)),
      failure: "badAlg",
    },
    {
      what: "parameters after NULL",
      der: sequence(V1, imprint(sequence(oid(SHA256), NULL, V1), 32)),
      failure: "badAlg",
    },
    {
      what: "a digest too short",
      der: sequence(V1, imprint(sequence(oid(SHA256), NULL), 31)),
      failure: "badDataFormat",
    },
    {
      what: "a digest too long",
      der: sequence(V1, imprint(sequence(oid(SHA256), NULL), 48)),
      failure: "badDataFormat",
    },
    { what: "version 2", der: sequence(smallInteger(2), sha256Imprint), failure: "badRequest" },
    {
      what: "a nonce of 65 bytes",
      der: sequence(V1, sha256Imprint, integer(new Uint8Array(65).fill(1))),
      failure: "badRequest",
    },
    {
      what: "an extension",
      der: sequence(V1, sha256Imprint, context(0, sequence(oid("1.2.3"), octetString(V1)))),
      failure: "unacceptedExtension",
    },
  ])("rejects $what: $failure", ({ der, failure }) => {
    expect(parseTimestampRequest(der)).toStrictEqual({ ok: false, error: { code: "timestamp_rejected", failure } });
  });

  test.each([
    { what: "nothing", der: new Uint8Array(0) },
    { what: "an empty SEQUENCE", der: sequence() },
    { what: "no imprint", der: sequence(V1) },
    { what: "trailing bytes", der: Uint8Array.of(...bytes(QUERIES["-sha256 -no_nonce"]), 0) },
    { what: "a missing last byte", der: bytes(QUERIES["-sha256 -cert"]).slice(0, -1) },
    { what: "a field out of order", der: sequence(V1, sha256Imprint, TRUE, smallInteger(1)) },
    { what: "a field twice", der: sequence(V1, sha256Imprint, smallInteger(1), smallInteger(1)) },
    { what: "a nonce that is not minimal", der: sequence(V1, sha256Imprint, tlv(0x02, Uint8Array.of(0, 1))) },
    { what: "an empty nonce", der: sequence(V1, sha256Imprint, tlv(0x02)) },
    { what: "a BOOLEAN that is neither", der: sequence(V1, sha256Imprint, tlv(0x01, Uint8Array.of(1))) },
    { what: "an imprint with more in it", der: sequence(V1, sequence(sequence(oid(SHA256)), octetString(), V1)) },
    { what: "a response", der: sequence(sequence(V1)) },
  ])("fails to parse $what", ({ der }) => {
    const request = parseTimestampRequest(der);
    expect(request.ok ? request.value : request.error.code).toBe("timestamp_query_invalid");
  });

  test("never throws, whatever the input", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (der) => {
        parseTimestampRequest(der);
      }),
    );
  });

  test("never throws on a damaged query, and echoes only its own bytes", () => {
    const change = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(QUERIES)), fc.array(change, { maxLength: 4 }), (hex, changes) => {
        const der = bytes(hex);
        for (const [at, value] of changes) der[at % der.length] = value;
        const request = parseTimestampRequest(der);
        if (request.ok) expect(encodeHex(der)).toContain(encodeHex(request.value.messageImprint));
      }),
    );
  });

  test("reads every nonce and flag", () => {
    const minimal = ([first = 0, second = 0]: Uint8Array): boolean => !(first === (second < 0x80 ? 0 : 0xff));
    const nonces = fc.option(
      fc.uint8Array({ minLength: 1, maxLength: 64 }).filter((it) => it.length === 1 || minimal(it)),
    );
    fc.assert(
      fc.property(nonces, fc.boolean(), (nonce, certReq) => {
        const optional = [...(nonce === null ? [] : [tlv(0x02, nonce)]), ...(certReq ? [TRUE] : [])];
        const request = parseTimestampRequest(sequence(V1, sha256Imprint, ...optional));
        expect(request).toStrictEqual({ ok: true, value: { messageImprint: sha256Imprint, nonce, certReq } });
      }),
    );
  });
});
