// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync, verify } from "node:crypto";
import { expect, it } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import { parseLogSigner } from "../../workers/sequencer/kinds/log-keys.ts";
import { signPromise } from "../../workers/sequencer/kinds/rekor-v1.ts";
import { unixMs } from "../time.ts";
import { formatPromise, wholeSeconds } from "./promise.ts";

it("covers four members in the order of RFC 8785, without white space", () => {
  const promise = {
    body: new TextEncoder().encode("{}"),
    integratedTime: 1796025954,
    logId: new Uint8Array(32).fill(0xab),
    logIndex: 2,
  };
  expect(new TextDecoder().decode(formatPromise(promise))).toBe(
    `{"body":"e30=","integratedTime":1796025954,"logID":"${"ab".repeat(32)}","logIndex":2}`,
  );
});

it("never says a time after the one at which the entry was logged", () => {
  for (const [ms, seconds] of [
    [0, 0],
    [999, 0],
    [1000, 1],
    [1_796_025_954_999, 1_796_025_954],
  ] as const)
    expect(wholeSeconds(unixMs(ms))).toBe(seconds);
});

it("is signed in ASN.1 DER, as every client verifies it", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = valueOf(parseLogSigner(String(privateKey.export({ format: "pem", type: "pkcs8" }))));
  const body = new TextEncoder().encode("{}");
  const signature = signPromise(signer, body, { leafIndex: 7, timestamp: unixMs(5999) });
  const logId = Buffer.from(signer.logId).toString("hex");
  const signed = `{"body":"e30=","integratedTime":5,"logID":"${logId}","logIndex":7}`;
  expect(verify("sha256", Buffer.from(signed), publicKey, signature)).toBe(true);
});
