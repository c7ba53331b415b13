// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { decodeEntryRequest } from "./request.ts";

const der = Uint8Array.of(0xfb, 0xff);
const verifier = { publicKey: { rawBytes: "+/8=" }, keyDetails: "PKIX_ECDSA_P256_SHA_256" };
const certified = { x509Certificate: { rawBytes: "+/8=" }, keyDetails: "PKIX_ECDSA_P256_SHA_256" };
const hashed = (fields: object, signature: object = {}): object => ({
  hashedRekordRequestV002: { digest: "AQI=", signature: { content: "AwQ=", verifier, ...signature }, ...fields },
});
const dsse = (envelope: object = {}, fields: object = {}): object => ({
  dsseRequestV002: {
    envelope: { payload: "AQI=", payloadType: "t", signatures: [{ sig: "AwQ=", keyid: "" }], ...envelope },
    verifiers: [verifier],
    ...fields,
  },
});
const key = { kind: "publicKey", rawBytes: der, keyDetails: "PKIX_ECDSA_P256_SHA_256" };
const wanted = { kind: "hashedrekord", digest: Uint8Array.of(1, 2), signature: Uint8Array.of(3, 4), verifier: key };

describe("decodeEntryRequest", () => {
  it.each([
    ["as clients write it", hashed({})],
    [
      "snake_case",
      {
        hashed_rekord_request_v002: {
          digest: "AQI=",
          signature: {
            content: "AwQ=",
            verifier: { public_key: { raw_bytes: "+/8=" }, key_details: "PKIX_ECDSA_P256_SHA_256" },
          },
        },
      },
    ],
    [
      "unpadded and URL-safe base64",
      hashed({ digest: "AQI" }, { verifier: { ...verifier, publicKey: { rawBytes: "-_8" } } }),
    ],
    ["an enum by number", hashed({}, { verifier: { ...verifier, keyDetails: 5 } })],
    ["null members", { ...hashed({}, { verifier: { ...verifier, x509Certificate: null } }), dsseRequestV002: null }],
  ])("accepts a hashedrekord request: %s", (_, json) => {
    expect(decodeEntryRequest(json)).toEqual({ ok: true, value: wanted });
  });

  it("accepts a certificate", () => {
    expect(decodeEntryRequest(hashed({}, { verifier: certified }))).toEqual({
      ok: true,
      value: { ...wanted, verifier: { ...key, kind: "x509Certificate" } },
    });
  });

  it("decodes absent fields as empty", () => {
    const empty = new Uint8Array(0);
    expect(decodeEntryRequest({ hashedRekordRequestV002: {} })).toEqual({
      ok: true,
      value: { kind: "hashedrekord", digest: empty, signature: empty, verifier: null },
    });
    expect(
      decodeEntryRequest({ hashedRekordRequestV002: { signature: { verifier: { publicKey: {} } } } }),
    ).toMatchObject({
      value: { verifier: { rawBytes: empty, keyDetails: "PUBLIC_KEY_DETAILS_UNSPECIFIED" } },
    });
    expect(decodeEntryRequest({ dsseRequestV002: {} })).toEqual({
      ok: true,
      value: { kind: "dsse", envelope: { payload: empty, payloadType: "", signatures: [] }, verifiers: [] },
    });
  });

  it("accepts an envelope", () => {
    expect(decodeEntryRequest(dsse({}, { verifiers: [verifier, {}] }))).toEqual({
      ok: true,
      value: {
        kind: "dsse",
        envelope: { payload: Uint8Array.of(1, 2), payloadType: "t", signatures: [Uint8Array.of(3, 4)] },
        verifiers: [key, null],
      },
    });
  });

  it.each<[string, unknown, string, string]>([
    ["null", null, "field_type", ""],
    ["a list", [], "field_type", ""],
    ["an unknown field", { foo: 1 }, "field_unknown", "foo"],
    ["an unknown nested field", hashed({ foo: 1 }), "field_unknown", "hashedRekordRequestV002.foo"],
    [
      "an unknown field at the bottom",
      hashed({}, { verifier: { ...verifier, publicKey: { bytes: "" } } }),
      "field_unknown",
      "hashedRekordRequestV002.signature.verifier.publicKey.bytes",
    ],
    [
      "`verifier` of an envelope's request",
      { dsseRequestV002: { verifier } },
      "field_unknown",
      "dsseRequestV002.verifier",
    ],
    [
      "a field spelt twice",
      hashed({}, { verifier: { ...verifier, key_details: 5 } }),
      "field_repeated",
      "hashedRekordRequestV002.signature.verifier.keyDetails",
    ],
    [
      "both verifiers",
      hashed({}, { verifier: { ...verifier, ...certified } }),
      "field_repeated",
      "hashedRekordRequestV002.signature.verifier.x509Certificate",
    ],
    ["both kinds", { ...hashed({}), ...dsse() }, "field_repeated", "dsseRequestV002"],
    ["bytes that are not base64", hashed({ digest: "!" }), "field_bytes", "hashedRekordRequestV002.digest"],
    ["bytes that are not a string", hashed({ digest: [1] }), "field_type", "hashedRekordRequestV002.digest"],
    [
      "an unknown enum name",
      hashed({}, { verifier: { ...verifier, keyDetails: "NOPE" } }),
      "field_enum",
      "hashedRekordRequestV002.signature.verifier.keyDetails",
    ],
    [
      "an unknown enum number",
      hashed({}, { verifier: { ...verifier, keyDetails: 99 } }),
      "field_enum",
      "hashedRekordRequestV002.signature.verifier.keyDetails",
    ],
    [
      "eleven verifiers",
      dsse({}, { verifiers: Array.from({ length: 11 }, () => verifier) }),
      "field_too_many",
      "dsseRequestV002.verifiers",
    ],
    ["a null signature", dsse({ signatures: [null] }), "field_type", "dsseRequestV002.envelope.signatures[0]"],
  ])("rejects %s", (_, json, code, path) => {
    expect(decodeEntryRequest(json)).toEqual({ ok: false, error: { code, path } });
  });

  it("rejects a request without an entry", () => {
    for (const json of [{}, { hashedRekordRequestV002: null }]) {
      expect(decodeEntryRequest(json)).toEqual({ ok: false, error: { code: "entry_kind_missing" } });
    }
  });
});
