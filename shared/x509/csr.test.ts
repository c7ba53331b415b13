// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import REQUESTS from "../../test/vectors/csr/requests.json" with { type: "json" };
import { encodeHex } from "../bytes/hex.ts";
import { encodePem } from "../bytes/pem.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { parsePublicKey } from "../crypto/public-key.ts";
import { parseCertificateRequest, verifyCertificateRequest } from "./csr.ts";

describe("a certificate signing request", () => {
  const readable = REQUESTS.filter(({ outcome }) => outcome !== "csr_invalid");
  it.each(readable)("$name can be read", ({ pem, spki }) => {
    const request = valueOf(parseCertificateRequest(encodeUtf8(pem)));
    if (spki !== undefined) expect(encodeHex(request.spki)).toBe(spki);
  });

  it.each(REQUESTS.filter(({ outcome }) => outcome === "csr_invalid"))("$name cannot be read", ({ pem }) => {
    expect(parseCertificateRequest(encodeUtf8(pem))).toEqual({ ok: false, error: { code: "csr_invalid" } });
  });

  it.each(readable.filter(({ outcome }) => !outcome.startsWith("public_key")))("$name is verified", async (row) => {
    const request = valueOf(parseCertificateRequest(encodeUtf8(row.pem)));
    const verified = await verifyCertificateRequest(request, valueOf(parsePublicKey(request.spki)));
    // The layer above checks the hash.
    const isSigned = row.outcome === "ok" || row.outcome === "csr_hash_not_permitted";
    expect(verified.ok ? "signed" : verified.error.code).toBe(isSigned ? "signed" : row.outcome);
  });

  it("is not verified by a key of another kind", async () => {
    const named = (name: string): ReturnType<typeof parseCertificateRequest> =>
      parseCertificateRequest(encodeUtf8(REQUESTS.find((row) => row.name === name)?.pem ?? ""));
    const ed25519 = valueOf(parsePublicKey(valueOf(named("Ed25519")).spki));
    expect(await verifyCertificateRequest(valueOf(named("as sigstore-python asks")), ed25519)).toMatchObject({
      error: { code: "csr_signature_invalid" },
    });
  });

  it("never throws", () => {
    const pem = (der: Uint8Array): Uint8Array => encodeUtf8(encodePem("CERTIFICATE REQUEST", der));
    const { info } = valueOf(parseCertificateRequest(encodeUtf8(REQUESTS[0]?.pem ?? "")));
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(info.length), fc.nat(255), (bytes, at, byte) => {
        const mutated = Uint8Array.from(info);
        mutated[at] = byte;
        for (const der of [bytes, mutated]) parseCertificateRequest(pem(der));
        parseCertificateRequest(bytes);
      }),
    );
  });
});
