// SPDX-License-Identifier: Apache-2.0

import { createPrivateKey, createPublicKey } from "node:crypto";
import { expect, test } from "vitest";
import { parseCertificate } from "../x509/certificate.ts";
import { runWarmUp, warmUpCertificate, warmUpEd25519Key, warmUpKey } from "./fixture.ts";

test("the P-256 key's public half belongs to its private half", () => {
  const { pem, spki } = warmUpKey();
  const exported = createPublicKey(createPrivateKey(pem)).export({ type: "spki", format: "der" });
  expect(new Uint8Array(exported)).toEqual(new Uint8Array(spki));
});

test("the Ed25519 key parses", () => {
  expect(createPrivateKey(warmUpEd25519Key()).asymmetricKeyType).toBe("ed25519");
});

test("the certificate parses", () => {
  expect(parseCertificate(warmUpCertificate([]))).toMatchObject({ ok: true });
});

test("a warm-up that throws yields 0", async () => {
  expect(await runWarmUp(() => Promise.reject(new Error("no randomness")))).toBe(0);
  expect(await runWarmUp(() => Promise.resolve(5))).toBe(5);
});
