// SPDX-License-Identifier: Apache-2.0

import { createPublicKey, sign, X509Certificate } from "node:crypto";
import { RFC3161Timestamp } from "@sigstore/core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  printTimestamp,
  TIMESTAMPING,
  timestampChain,
  timestampQuery,
  verifyTimestamp,
} from "../../test/support/process/openssl.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { unixMs } from "../time.ts";
import type { Certificate } from "../x509/certificate.ts";
import { parseChain } from "../x509/chain.ts";
import { type Authority, checkTimestampCertificate, createTimestampAuthority } from "./authority.ts";
import { parseTimestampRequest, type TimestampRequest } from "./request.ts";
import { encodeRejection, grantTimestamp } from "./response.ts";

const DATA = encodeUtf8("what was signed");

const leafOf = (pem: string): Certificate => {
  const chain = parseChain(pem);
  if (!chain.ok || chain.value[0] === undefined) throw new Error("chain");
  return chain.value[0];
};

const requestOf = (query: Uint8Array): TimestampRequest => {
  const request = parseTimestampRequest(query);
  if (!request.ok) throw new Error(request.error.code);
  return request.value;
};

/** The current time, with a fraction of a second. */
const instant = () => ({
  genTime: unixMs(Math.floor(Date.now() / 1000) * 1000 + 678),
  serialNumber: new Uint8Array(20).fill(0x42),
});

describe.each(["P-256", "P-384"] as const)("a token signed with %s", (curve) => {
  const hash = { "P-256": "sha256", "P-384": "sha384" }[curve];
  const kind = ({ "P-256": "ecdsa-p256", "P-384": "ecdsa-p384" } as const)[curve];
  let pem: ReturnType<typeof timestampChain>;
  let authority: Authority;
  const grant = (query: Uint8Array) => grantTimestamp(requestOf(query), authority, instant());

  beforeAll(() => {
    pem = timestampChain({ curve });
    const signer = { kind, sign: (message: Uint8Array) => new Uint8Array(sign(hash, message, pem.key)) };
    authority = createTimestampAuthority(leafOf(pem.chain), signer);
  });

  test.each(["-sha256", "-sha384", "-sha512"])(
    "verifies with openssl against data and query, digest %s",
    async (digest) => {
      const query = timestampQuery(DATA, digest, "-cert");
      const response = await grant(query);
      expect(verifyTimestamp({ response, against: { data: DATA }, root: pem.root })).toBe("Verification: OK");
      expect(verifyTimestamp({ response, against: { query }, root: pem.root })).toBe("Verification: OK");
    },
  );

  test("does not verify for other data, another query or another root", async () => {
    const response = await grant(timestampQuery(DATA, "-cert"));
    const other = encodeUtf8("what was not");
    expect(verifyTimestamp({ response, against: { data: other }, root: pem.root })).toContain(
      "message imprint mismatch",
    );
    const query = timestampQuery(DATA, "-cert");
    expect(verifyTimestamp({ response, against: { query }, root: pem.root })).toContain("nonce mismatch");
    const { root } = timestampChain({ curve });
    expect(verifyTimestamp({ response, against: { data: DATA }, root })).toContain("certificate verify error");
  });

  test("includes its certificate only on request", async () => {
    const response = await grant(timestampQuery(DATA, "-no_nonce"));
    expect(verifyTimestamp({ response, against: { data: DATA }, root: pem.root })).not.toBe("Verification: OK");
    const check = { response, against: { data: DATA }, root: pem.root, leaf: pem.leaf };
    expect(verifyTimestamp(check)).toBe("Verification: OK");
    const hex = encodeHex(authority.certificate.der);
    expect(encodeHex(response)).not.toContain(hex);
    expect(encodeHex(await grant(timestampQuery(DATA, "-cert")))).toContain(hex);
  });

  test("verifies with @sigstore/core, which does not sort the attributes", async () => {
    const response = await grant(timestampQuery(DATA, "-cert"));
    const token = RFC3161Timestamp.parse(Buffer.from(response));
    const key = createPublicKey(new X509Certificate(pem.leaf).publicKey.export({ type: "spki", format: "pem" }));
    expect(() => token.verify(Buffer.from(DATA), key)).not.toThrow();
    expect(() => token.verify(Buffer.from("other"), key)).toThrow("message imprint does not match");
    expect(token.status).toBe(0n);
    expect(Buffer.from(token.signerSerialNumber).toString("hex")).toBe(
      new X509Certificate(pem.leaf).serialNumber.toLowerCase().replace(/^(?=[89a-f])/, "00"),
    );
    expect(token.signingTime.getMilliseconds()).toBe(0);
    expect(Date.now() - token.signingTime.getTime()).toBeLessThan(10_000);
  });

  test("has the contents that openssl prints", async () => {
    const text = printTimestamp(await grant(timestampQuery(DATA, "-cert")));
    expect(text).toContain("Status: Granted.");
    expect(text).toContain("Policy OID: 1.3.6.1.4.1.57264.2");
    expect(text).toContain(`Serial number: 0x${"42".repeat(20)}`);
    expect(text).toContain("Accuracy: 0x01 seconds, unspecified millis, unspecified micros");
    expect(text).toContain("Ordering: no");
    expect(text).toContain("TSA: DirName:/O=test/CN=timestamp authority");
  });
});

describe("encodeRejection", () => {
  // PKIStatusInfo ::= SEQUENCE { status 2, failInfo BIT STRING }, DER by hand; the named bit is the string's last.
  test.each([
    { failure: "badAlg", hex: "3009300702010203020780", text: "unrecognized or unsupported algorithm identifier" },
    { failure: "badRequest", hex: "3009300702010203020520", text: "transaction not permitted or supported" },
    { failure: "badDataFormat", hex: "3009300702010203020204", text: "the data submitted has the wrong format" },
    {
      failure: "unacceptedPolicy",
      hex: "300a30080201020303000001",
      text: "the requested TSA policy is not supported by the TSA",
    },
    {
      failure: "unacceptedExtension",
      hex: "300b3009020102030407000080",
      text: "the requested extension is not supported by the TSA",
    },
  ] as const)("$failure", ({ failure, hex, text }) => {
    const response = encodeRejection({ code: "timestamp_rejected", failure });
    expect(encodeHex(response)).toBe(hex);
    const printed = printTimestamp(response);
    expect(printed).toContain("Status: Rejected.");
    expect(printed).toContain(`Failure info: ${text}`);
  });
});

describe("checkTimestampCertificate", () => {
  const CA = "basicConstraints=critical,CA:TRUE";
  test.each([
    { extensions: TIMESTAMPING, problem: null },
    { extensions: ["extendedKeyUsage=critical,timeStamping"], problem: null },
    { extensions: [...TIMESTAMPING, "basicConstraints=CA:FALSE"], problem: null },
    {
      extensions: ["keyUsage=digitalSignature"],
      problem: "needs a critical extended key usage with timestamping alone",
    },
    {
      extensions: ["extendedKeyUsage=timeStamping"],
      problem: "needs a critical extended key usage with timestamping alone",
    },
    {
      extensions: ["extendedKeyUsage=critical,timeStamping,codeSigning"],
      problem: "needs a critical extended key usage with timestamping alone",
    },
    {
      extensions: ["extendedKeyUsage=critical,codeSigning"],
      problem: "needs a critical extended key usage with timestamping alone",
    },
    { extensions: [...TIMESTAMPING, CA], problem: "must not be a CA certificate" },
    {
      extensions: ["keyUsage=critical,keyCertSign", "extendedKeyUsage=critical,timeStamping"],
      problem: "has a key usage without digitalSignature",
    },
  ])("$extensions: $problem", ({ extensions, problem }) => {
    const checked = checkTimestampCertificate(leafOf(timestampChain({ extensions }).chain));
    expect(checked.ok ? null : checked.error).toBe(problem);
  });
});
