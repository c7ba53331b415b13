// SPDX-License-Identifier: Apache-2.0
// Unmodified clients against the running service: @sigstore/sign and @sigstore/verify end to end; openssl on their
// results; two independent parsers on every extension of the certificate.

import { execFileSync } from "node:child_process";
import { createHash, createPublicKey, X509Certificate as NodeCertificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bundle, bundleFromJSON, bundleToJSON, type SerializedBundle } from "@sigstore/bundle";
import { RFC3161Timestamp, X509Certificate } from "@sigstore/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Expectation, type Instance, readInstance, sign, verify } from "../../cli/signing/sigstore-js.ts";
import { verifyTimestamp } from "../support/process/openssl.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ALICE = "alice@example.com";
const DATA = Buffer.from("an artifact\n");
const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT = Buffer.from(
  JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "artifact", digest: { sha256: createHash("sha256").update(DATA).digest("hex") } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {},
  }),
);

let stack: TestStack;
let instance: Instance;
let folder: string;
let message: Bundle;
let attestation: Bundle;

beforeAll(async () => {
  stack = await startStack();
  folder = mkdtempSync(join(tmpdir(), "sigedge-sigstore-js-"));
  instance = await readInstance(stack.url);
  message = await sign(instance, { identityToken: await stack.token(ALICE), data: DATA, attestationType: null });
  attestation = await sign(instance, {
    identityToken: await stack.token(ALICE),
    data: STATEMENT,
    attestationType: PAYLOAD_TYPE,
  });
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const expected = (changes: Partial<Expectation> = {}): Expectation => ({
  identity: ALICE,
  issuer: `${stack.url}/oidc`,
  data: DATA,
  ...changes,
});

/** The bundle with a change to its JSON. */
function changed(bundle: Bundle, change: (json: SerializedBundle) => void): Bundle {
  const json = structuredClone(bundleToJSON(bundle));
  change(json);
  return bundleFromJSON(json);
}

function certificateOf(bundle: Bundle): Buffer<ArrayBuffer> {
  const { content } = bundle.verificationMaterial;
  const certificate =
    content.$case === "x509CertificateChain" ? content.x509CertificateChain.certificates[0] : undefined;
  const single = content.$case === "certificate" ? content.certificate : certificate;
  return Buffer.from(single?.rawBytes ?? Buffer.of());
}

const timestampOf = (bundle: Bundle): Buffer =>
  bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps[0]?.signedTimestamp ?? Buffer.of();

const signatureOf = (bundle: Bundle): Buffer =>
  bundle.content.$case === "messageSignature"
    ? bundle.content.messageSignature.signature
    : (bundle.content.dsseEnvelope.signatures[0]?.sig ?? Buffer.of());

describe("@sigstore/sign and @sigstore/verify", () => {
  it("sign and verify a message", () => {
    expect(message.content.$case).toBe("messageSignature");
    expect(verify(instance, message, expected())).toBe(ALICE);
  });

  it("sign and verify an attestation", () => {
    expect(attestation.content.$case).toBe("dsseEnvelope");
    expect(verify(instance, attestation, expected({ data: null }))).toBe(ALICE);
  });

  it("still sign after a restart, and verify what was signed before", async () => {
    await stack.restart();
    const again = await readInstance(stack.url);
    expect(again).toEqual(instance);
    expect(verify(again, message, expected())).toBe(ALICE);
    const token = await stack.token(ALICE);
    const next = await sign(again, { identityToken: token, data: DATA, attestationType: null });
    expect(verify(instance, next, expected())).toBe(ALICE);
  });

  it("sign concurrently", async () => {
    const signers = Array.from({ length: 12 }, (_, i) => `person-${i}@example.com`);
    const bundles = await Promise.all(
      signers.map(async (email) => {
        const identityToken = await stack.token(email);
        return sign(instance, { identityToken, data: Buffer.from(email), attestationType: null });
      }),
    );
    for (const [i, bundle] of bundles.entries()) {
      const identity = signers[i] ?? "";
      expect(verify(instance, bundle, expected({ identity, data: Buffer.from(identity) }))).toBe(identity);
    }
    const indexes = bundles.map((bundle) => bundle.verificationMaterial.tlogEntries[0]?.logIndex);
    expect(new Set(indexes).size).toBe(signers.length);
  });

  it.each<[what: string, changes: () => [Bundle, Expectation], code: string]>([
    ["a changed message", () => [message, expected({ data: Buffer.from("another\n") })], "SIGNATURE_ERROR"],
    ["another identity", () => [message, expected({ identity: "bob@example.com" })], "UNTRUSTED_SIGNER_ERROR"],
    ["another issuer", () => [message, expected({ issuer: "https://issuer.example.com" })], "UNTRUSTED_SIGNER_ERROR"],
    [
      "a timestamp of another signature",
      () => [
        changed(message, (json) => {
          json.verificationMaterial.timestampVerificationData = {
            rfc3161Timestamps: [{ signedTimestamp: timestampOf(attestation).toString("base64") }],
          };
        }),
        expected(),
      ],
      "TIMESTAMP_ERROR",
    ],
    [
      "a log entry of another signature",
      () => [
        changed(message, (json) => {
          json.verificationMaterial.tlogEntries = bundleToJSON(attestation).verificationMaterial.tlogEntries;
        }),
        expected(),
      ],
      "TLOG_BODY_ERROR",
    ],
    [
      "a changed log entry",
      () => [
        changed(message, ({ verificationMaterial: { tlogEntries } }) => {
          const [entry] = tlogEntries;
          if (entry?.inclusionProof !== undefined) entry.inclusionProof.logIndex = "0";
        }),
        expected(),
      ],
      "TLOG_INCLUSION_PROOF_ERROR",
    ],
    [
      "a checkpoint of another log",
      () => [
        changed(message, ({ verificationMaterial: { tlogEntries } }) => {
          const { checkpoint } = tlogEntries[0]?.inclusionProof ?? {};
          if (checkpoint !== undefined) checkpoint.envelope = checkpoint.envelope.replaceAll("localhost", "elsewhere");
        }),
        expected(),
      ],
      "TLOG_INCLUSION_PROOF_ERROR",
    ],
  ])("reject %s", (_, changes, code) => {
    const [bundle, expectation] = changes();
    expect(() => verify(instance, bundle, expectation)).toThrow(expect.objectContaining({ code }));
  });
});

describe("openssl", () => {
  const openssl = (...args: readonly string[]): string =>
    execFileSync("openssl", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

  const pem = (der: Uint8Array): string => new NodeCertificate(der).toString();
  const chain = (authorities: "certificateAuthorities" | "timestampAuthorities"): string[] =>
    instance.trustedRoot[authorities].flatMap(({ certChain }) =>
      (certChain?.certificates ?? []).map(({ rawBytes }) => pem(rawBytes)),
    );

  it.each([["message", () => message] as const, ["attestation", () => attestation] as const])(
    "verifies the chain of the certificate of the %s at its time",
    (name, bundle) => {
      const [issuing = "", root = ""] = chain("certificateAuthorities");
      writeFileSync(join(folder, "root.pem"), root);
      writeFileSync(join(folder, "issuing.pem"), issuing);
      writeFileSync(join(folder, `${name}.pem`), pem(certificateOf(bundle())));
      const time = Math.floor(X509Certificate.parse(certificateOf(bundle())).notBefore.getTime() / 1000) + 60;
      const verified = openssl(
        "verify",
        "-x509_strict",
        "-check_ss_sig",
        "-attime",
        String(time),
        "-CAfile",
        "root.pem",
        "-untrusted",
        "issuing.pem",
        // openssl knows all critical extensions of a signing certificate.
        `${name}.pem`,
      );
      expect(verified).toBe(`${name}.pem: OK\n`);
    },
  );

  it("verifies the timestamps over the signatures", () => {
    const [leaf = "", root = ""] = chain("timestampAuthorities");
    for (const bundle of [message, attestation]) {
      const against = { data: signatureOf(bundle) };
      expect(verifyTimestamp({ response: timestampOf(bundle), against, root, leaf })).toBe("Verification: OK");
    }
    const wrong = { data: signatureOf(attestation) };
    expect(verifyTimestamp({ response: timestampOf(message), against: wrong, root, leaf })).toContain("mismatch");
  });

  it("reads every extension of the certificate", () => {
    writeFileSync(join(folder, "read.pem"), pem(certificateOf(message)));
    const text = openssl("x509", "-in", "read.pem", "-noout", "-text");
    expect(text).toMatch(/Subject: *\n/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage: ?\n\s+Code Signing\n/);
    expect(text).toMatch(/Subject Alternative Name: critical\s+email:alice@example\.com\n/);
    expect(text).toMatch(/CT Precertificate SCTs: ?\n\s+Signed Certificate Timestamp:\n\s+Version *: v1/);
    expect(text).toContain("ecdsa-with-SHA256");
    for (const arc of ["1", "8", "24"]) expect(text).toContain(`1.3.6.1.4.1.57264.1.${arc}:`);
    // asn1parse parses everything to the end.
    expect(openssl("asn1parse", "-in", "read.pem")).toContain("BIT STRING");
  });
});

describe("@sigstore/core reads", () => {
  it("the certificate, and verifies its signature under the issuing CA", () => {
    const certificate = X509Certificate.parse(certificateOf(message));
    const [issuing] = instance.trustedRoot.certificateAuthorities[0]?.certChain?.certificates ?? [];
    const issuer = X509Certificate.parse(Buffer.from(issuing?.rawBytes ?? Buffer.of()));
    expect(certificate.verify(issuer)).toBe(true);
    expect(certificate.isCA).toBe(false);
    expect(issuer.isCA).toBe(true);
    expect(issuer.extBasicConstraints?.pathLenConstraint).toBe(0n);
    expect(certificate.notAfter.getTime() - certificate.notBefore.getTime()).toBe(600_000);
    expect(certificate.extSubjectAltName).toMatchObject({ critical: true, rfc822Name: ALICE });
    expect(certificate.extKeyUsage).toMatchObject({ critical: true, digitalSignature: true, keyCertSign: false });
    expect(certificate.extAuthorityKeyID?.keyIdentifier).toEqual(issuer.extSubjectKeyID?.keyIdentifier);
  });

  it("the issuer in both encodings", () => {
    const certificate = X509Certificate.parse(certificateOf(message));
    const issuer = `${stack.url}/oidc`;
    // .1 is the bare text, .8 the DER UTF8String.
    expect(certificate.extension("1.3.6.1.4.1.57264.1.1")?.value.toString()).toBe(issuer);
    expect(certificate.extension("1.3.6.1.4.1.57264.1.8")?.valueObj.subs[0]?.value.toString()).toBe(issuer);
  });

  it("one SCT, of the certificate log in the trusted root, with the index of the leaf", () => {
    const [ctlog] = instance.trustedRoot.ctlogs;
    const scts = X509Certificate.parse(certificateOf(message)).extSCT?.signedCertificateTimestamps ?? [];
    expect(scts).toHaveLength(1);
    expect(scts[0]).toMatchObject({ version: 0, logID: ctlog?.logId?.keyId, algorithm: "sha256" });
    // CtExtensions: type 0, length 5, 40-bit index; the first certificate of this log.
    expect(scts[0]?.extensions.toString("hex")).toBe("0000050000000000");
    const spki = ctlog?.publicKey?.rawBytes ?? Buffer.of();
    expect(createPublicKey({ key: spki, format: "der", type: "spki" }).asymmetricKeyDetails).toMatchObject({
      namedCurve: "prime256v1",
    });
    expect(createHash("sha256").update(spki).digest()).toEqual(ctlog?.logId?.keyId);
  });

  it("the timestamp, taken while the certificate was valid", () => {
    const certificate = X509Certificate.parse(certificateOf(message));
    const { signingTime } = RFC3161Timestamp.parse(timestampOf(message) as Buffer<ArrayBuffer>);
    expect(certificate.validForDate(signingTime)).toBe(true);
  });
});
