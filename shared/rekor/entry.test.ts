// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64 } from "../bytes/base64.ts";
import { type KeyDetails, SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";

interface Vector {
  readonly request: {
    readonly hashedRekordRequestV002: {
      readonly digest: string;
      readonly signature: {
        readonly content: string;
        readonly verifier: { readonly publicKey: { readonly rawBytes: string } };
      };
    };
  };
  readonly body: string;
  readonly bodySha256: string;
}

const path = new URL("../../test/vectors/", import.meta.url).pathname;
const vectors = JSON.parse(readFileSync(`${path}/rekor-tiles/rekor-v2-vectors.json`, "utf8")) as Record<string, Vector>;

function bytes(base64: string): Uint8Array {
  const decoded = decodeBase64(base64);
  if (!decoded.ok) throw new Error(base64);
  return decoded.value;
}

function vector(name: string): Vector {
  const found = vectors[name];
  if (found === undefined) throw new Error(name);
  return found;
}

const text = (body: Uint8Array): string => new TextDecoder().decode(body);

describe("encodeEntry", () => {
  it.each(["A", "B"])("prints the reference's body of vector %s", (name) => {
    const { request, body, bodySha256 } = vector(name);
    const { digest, signature } = request.hashedRekordRequestV002;
    const encoded = encodeEntry({
      digest: bytes(digest),
      signature: bytes(signature.content),
      verifier: {
        kind: "publicKey",
        rawBytes: bytes(signature.verifier.publicKey.rawBytes),
        keyDetails: "PKIX_ECDSA_P256_SHA_256",
      },
    });
    expect(text(encoded)).toBe(body);
    expect(createHash("sha256").update(encoded).digest("hex")).toBe(bodySha256);
  });

  it.each(["rekor2-happy-path", "rekor2-dsse-happy-path"])("prints what staging Rekor logged for %s", (name) => {
    const bundle = JSON.parse(readFileSync(`${path}/sigstore-conformance/${name}.json`, "utf8")) as {
      verificationMaterial: { tlogEntries: { canonicalizedBody: string }[] };
    };
    const body = bytes(bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? "");
    const entry = decodeEntry(body);
    expect(entry).toMatchObject({ ok: true, value: { verifier: { kind: "x509Certificate" } } });
    if (entry.ok) expect(encodeEntry(entry.value)).toEqual(body);
  });
});

describe("decodeEntry", () => {
  const keyDetails = Object.keys(SIGNATURE_SCHEMES) as KeyDetails[];

  it("accepts what encodeEntry prints", () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.uint8Array(),
        fc.record({
          kind: fc.constantFrom("publicKey" as const, "x509Certificate" as const),
          rawBytes: fc.uint8Array(),
          keyDetails: fc.constantFrom(...keyDetails),
        }),
        (digest, signature, verifier) => {
          const entry = { digest, signature, verifier };
          expect(decodeEntry(encodeEntry(entry))).toEqual({ ok: true, value: entry });
        },
      ),
    );
  });

  const { body } = vector("A");
  it.each([
    ["nothing", ""],
    ["not JSON", body.slice(1)],
    ["null", "null"],
    ["white space", `${body} `],
    ["white space inside", body.replace(":", ": ")],
    [
      "another order",
      body.replace('"apiVersion":"0.0.2","kind":"hashedrekord"', '"kind":"hashedrekord","apiVersion":"0.0.2"'),
    ],
    ["another version", body.replace("0.0.2", "0.0.1")],
    ["another kind", body.replace("hashedrekord", "dsse")],
    ["another hash", body.replace("SHA2_256", "SHA2_512")],
    ["unknown keyDetails", body.replace("PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519")],
    ["a member of Object.prototype for keyDetails", body.replace("PKIX_ECDSA_P256_SHA_256", "constructor")],
    ["another member", body.replace('"data":', '"dato":1,"data":')],
    ["both verifiers", body.replace('"publicKey":', '"x509Certificate":{"rawBytes":""},"publicKey":')],
    ["unpadded base64", body.replace('zpTA="', 'zpTA"')],
    ["a dsse entry", vectors["C"]?.body ?? ""],
  ])("rejects %s", (_, refused) => {
    const decoded = decodeEntry(new TextEncoder().encode(refused));
    expect(decoded).toEqual({ ok: false, error: { code: "entry_body_invalid" } });
  });
});
