// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { decodeDer } from "../der/reader.ts";
import { sequence } from "../der/writer.ts";
import { type Certificate, readExtensions } from "../x509/certificate.ts";
import {
  encodeFulcioExtensions,
  type FulcioExtensions,
  readFulcioExtensions,
  readIdentityIssuer,
} from "./extensions.ts";

const certificateWith = (values: FulcioExtensions): Certificate => {
  const extensions = decodeDer(sequence(...encodeFulcioExtensions(values)), readExtensions);
  if (!extensions.ok) throw new Error(extensions.error.reason);
  return { extensions: extensions.value } as unknown as Certificate;
};

describe("encodeFulcioExtensions", () => {
  it("writes the bytes that Fulcio writes for an issuer", () => {
    const issuer = "https://accounts.google.com";
    expect(encodeFulcioExtensions({ issuer, issuerV2: issuer }).map(encodeHex)).toEqual([
      "3029060a2b0601040183bf300101041b68747470733a2f2f6163636f756e74732e676f6f676c652e636f6d",
      "302b060a2b0601040183bf300108041d0c1b68747470733a2f2f6163636f756e74732e676f6f676c652e636f6d",
    ]);
  });

  it("orders by number, omits empty values, and numbers as oid-info.md does", () => {
    const all: FulcioExtensions = {
      tokenSubject: "24",
      deploymentEnvironment: "23",
      sourceRepositoryVisibilityAtSigning: "22",
      runInvocationUri: "21",
      buildTrigger: "20",
      buildConfigDigest: "19",
      buildConfigUri: "18",
      sourceRepositoryOwnerIdentifier: "17",
      sourceRepositoryOwnerUri: "16",
      sourceRepositoryIdentifier: "15",
      sourceRepositoryRef: "14",
      sourceRepositoryDigest: "13",
      sourceRepositoryUri: "12",
      runnerEnvironment: "11",
      buildSignerDigest: "10",
      buildSignerUri: "9",
      issuerV2: "8",
      githubWorkflowRef: "6",
      githubWorkflowRepository: "5",
      githubWorkflowName: "4",
      githubWorkflowSha: "3",
      githubWorkflowTrigger: "2",
      issuer: "1",
    };
    const { extensions } = certificateWith(all);
    const numbers = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24];
    expect(extensions.map(({ oid }) => oid)).toEqual(numbers.map((n) => `1.3.6.1.4.1.57264.1.${n}`));
    for (const [i, { value, critical }] of extensions.entries()) {
      const text = encodeUtf8(String(numbers[i]));
      expect(critical).toBe(false);
      expect([...value]).toEqual((numbers[i] ?? 0) <= 6 ? [...text] : [0x0c, text.length, ...text]);
    }
    expect(readFulcioExtensions(certificateWith(all))).toEqual(all);
    expect(encodeFulcioExtensions({ issuer: "", buildTrigger: "" })).toEqual([]);
  });
});

describe("readIdentityIssuer", () => {
  it.each([
    ["the newer one", { issuer: "old", issuerV2: "new" }, "new"],
    ["the deprecated one alone", { issuer: "old" }, "old"],
    ["none", {}, null],
  ])("prefers %s", (_, values, expected) => {
    expect(readIdentityIssuer(certificateWith(values))).toBe(expected);
  });

  it("ignores a value that is not a UTF8String", () => {
    const oid = "1.3.6.1.4.1.57264.1.8";
    for (const value of [[0x13, 1, 0x61], [0x0c, 2, 0x61], [0x0c, 1, 0xff], []]) {
      const certificate = { extensions: [{ oid, critical: false, value: Uint8Array.from(value) }] };
      expect(readIdentityIssuer(certificate as unknown as Certificate)).toBeNull();
    }
  });
});
