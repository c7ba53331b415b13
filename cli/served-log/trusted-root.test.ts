// SPDX-License-Identifier: Apache-2.0
// A log of a trusted root is of one kind, also where two kinds share a member of it.

import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { mapKinds } from "../../shared/logs/kinds.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { readTrustedRoot } from "./trusted-root.ts";

const rawBytes = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .publicKey.export({ type: "spki", format: "der" })
  .toString("base64");
const logAt = (baseUrl: string): object => ({ baseUrl, publicKey: { rawBytes } });

test("each log is of the kind whose path its URL has", () => {
  const json = {
    tlogs: [
      logAt("https://sign.example.com"),
      logAt("https://sign.example.com/rekor-v1/"),
      logAt("https://a.example/2026"),
    ],
    ctlogs: [logAt("https://sign.example.com/ct"), logAt("https://other.example/2022")],
  };
  const { logs } = valueOf(readTrustedRoot(Buffer.from(JSON.stringify(json))));
  expect(mapKinds((kind) => logs[kind].map(({ baseUrl }) => baseUrl))).toEqual({
    signature: ["https://sign.example.com", "https://a.example/2026"],
    "rekor-v1": ["https://sign.example.com/rekor-v1"],
    certificate: ["https://sign.example.com/ct", "https://other.example/2022"],
  });
});
