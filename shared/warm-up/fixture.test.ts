// SPDX-License-Identifier: Apache-2.0

import { createPrivateKey, createPublicKey } from "node:crypto";
import { expect, test } from "vitest";
import { readBody } from "../http/body.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { runWarmUp, serveWarmUp, warmUpCertificate, warmUpEd25519Key, warmUpKey, warmUpRequest } from "./fixture.ts";

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

test("the request has its body and the headers of a client", async () => {
  const request = warmUpRequest("/a", "text/plain", Uint8Array.of(1, 2));
  expect(await readBody(request, 2)).toEqual({ ok: true, value: Uint8Array.of(1, 2) });
  const { method, url, headers } = warmUpRequest("/a", "text/plain", Uint8Array.of(1, 2));
  expect({ method, url, type: headers.get("content-type") }).toEqual({
    method: "POST",
    url: "https://warm-up.invalid/a",
    type: "text/plain",
  });
});

test("a route that start-up interrupts does not end the warm-up", async () => {
  let count = 0;
  const serve = (): Promise<Response> => {
    count++;
    return Promise.reject(new Error("Disallowed operation called within global scope"));
  };
  await serveWarmUp(serve);
  expect(count).toBe(1);
});
