// SPDX-License-Identifier: Apache-2.0

import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { spkiSha256 } from "../../../test/support/authority/fingerprint.ts";
import {
  der,
  type LogService,
  makeLogService,
  recordErrors,
  send,
  sendTo,
} from "../../../test/support/logs/log-service.ts";
import vectors from "../../../test/vectors/python-cryptography/ct_chain.json" with { type: "json" };
import signingChain from "../../../test/vectors/python-cryptography/signing_chain.json" with { type: "json" };

const errors = recordErrors();

const OTHER_CHAIN = [signingChain.ca, signingChain.root].map((one) => encodePem("CERTIFICATE", der(one))).join("");
/** Puts the issuers of the vectors where the sequencer stores them. */
function storeIssuers({ logs }: LogService): void {
  for (const [i, issuer] of [vectors.ca, vectors.root].entries())
    logs.certificate.objects.set(`certificate/issuer/${vectors.fingerprints[i]}`, der(issuer));
}

const validUntil = (leaf: string): number => Date.parse(new X509Certificate(der(leaf)).validTo);

describe("the certificate log's submission API", () => {
  const [vector] = vectors.cases;
  const { precertificate = "", certificate = "" } = vector ?? {};
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: validUntil(precertificate) - 1000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const submit = (service: LogService, endpoint: string, body: unknown): Promise<Response> =>
    send(service, `/ct/ct/v1/${endpoint}`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  test.each([
    ["add-pre-chain", precertificate, "precert_entry"],
    ["add-chain", certificate, "x509_entry"],
  ])("%s answers with the SCT", async (endpoint, leaf, entryType) => {
    const service = makeLogService();
    const response = await submit(service, endpoint, { chain: [leaf, vectors.ca, vectors.root] });
    expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-store"]);
    expect(await response.json()).toStrictEqual({
      sct_version: 0,
      id: Buffer.alloc(32, 9).toString("base64"),
      timestamp: 1_790_000_000_123,
      extensions: "AAAFAAAAAAc=",
      signature: Buffer.from("04030003300102", "hex").toString("base64"),
    });
    expect(service.submitted).toMatchObject([
      {
        entryType,
        search: { signer: { names: ["email:alice@example.com"], issuer: "https://issuer.test" }, digest: null },
      },
    ]);
    expect(service.submitted[0]).not.toHaveProperty("leaf");
  });

  test.each([
    ["text that is not JSON", "{", "not well-formed JSON"],
    ["nothing", "", "not well-formed JSON"],
    ["another member", { chain: [precertificate], more: 1 }, '{"chain"'],
    ["no chain", {}, '{"chain"'],
    ["an array", [precertificate], '{"chain"'],
    ["a chain that is not an array", { chain: precertificate }, '{"chain"'],
    ["a chain of numbers", { chain: [1] }, "base64"],
    ["base64 without padding", { chain: [precertificate.slice(0, -1)] }, "base64"],
    ["URL-safe base64", { chain: ["_-__"] }, "base64"],
    ["base64 with a line end", { chain: [`${precertificate}\n`] }, "base64"],
    ["an empty chain", { chain: [] }, "the chain is empty"],
    ["nine certificates", { chain: Array.from({ length: 9 }, () => vectors.ca) }, "at most 8"],
    ["a certificate", { chain: [certificate, vectors.ca] }, "add-chain"],
    [
      "a foreign CA",
      { chain: [vectors.refused.foreign, vectors.foreignCa] },
      "not issued by a CA that this log accepts",
    ],
    ["another purpose", { chain: [vectors.refused.otherPurpose, vectors.ca] }, "codeSigning"],
    ["a poison that is none", { chain: [vectors.refused.poisonNotNull, vectors.ca] }, "poison"],
    ["one certificate too many", { chain: [precertificate, vectors.ca, vectors.root, vectors.root] }, "certificate 3"],
    ["what is no certificate", { chain: ["MAA="] }, "not an X.509 v3 certificate"],
  ])("add-pre-chain rejects %s with 400", async (_, body, message) => {
    const service = makeLogService();
    const response = await submit(service, "add-pre-chain", body);
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([400, "text/plain; charset=utf-8"]);
    expect(await response.text()).toContain(message);
    expect(service.submitted).toStrictEqual([]);
  });

  test.each([
    ["the issuing CA", vectors.ca],
    ["its root", vectors.root],
  ])("accepts nothing from the retirement of the key of %s on", async (_, retiredCertificate) => {
    const sha256 = spkiSha256(encodePem("CERTIFICATE", der(retiredCertificate)));
    const retired = "2026-11-29T12:00:00Z";
    for (const [atMs, status] of [
      [-1, 200],
      [0, 400],
    ] as const) {
      const service = makeLogService();
      Object.assign(service.env, {
        RETIRED_KEYS: JSON.stringify([{ sha256, retired }]),
        // The leaves are older than the retirement.
        CERTIFICATE_GRACE: "525600",
      });
      vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(retired) + atMs });
      const responses = [
        await submit(service, "add-pre-chain", { chain: [precertificate, vectors.ca, vectors.root] }),
        await submit(service, "add-chain", { chain: [vector?.certificate, vectors.ca, vectors.root] }),
      ];
      const roots: unknown = await (await send(service, "/ct/ct/v1/get-roots")).json();
      expect(responses.map((response) => response.status)).toEqual([status, status]);
      expect(service.submitted).toHaveLength(status === 200 ? 2 : 0);
      expect(roots).toEqual({ certificates: status === 200 ? [vectors.root] : [] });
      if (status === 400) expect(await responses[0]?.text()).toContain(`was retired at ${retired}`);
    }
  });

  test.each(["add-pre-chain", "add-chain"])("%s takes a certificate until the end of the grace", async (endpoint) => {
    const leaf = endpoint === "add-chain" ? certificate : precertificate;
    const notAfter = validUntil(leaf);
    for (const [minutes, grace, status] of [
      [0, "0", 200],
      [10, "", 200],
      [11, "", 400],
      [100, "100", 200],
      [101, "100", 400],
      [525_601, "525600", 400],
    ] as const) {
      const service = makeLogService();
      Object.assign(service.env, { CERTIFICATE_GRACE: grace });
      vi.setSystemTime(notAfter + minutes * 60_000);
      const response = await submit(service, endpoint, { chain: [leaf, vectors.ca] });
      expect([minutes, response.status]).toEqual([minutes, status]);
      expect(service.submitted).toHaveLength(status === 200 ? 1 : 0);
      if (status === 400) expect(await response.text()).toMatch(/^the certificate expired at 20.*, too long ago/);
    }
  });

  test("add-chain rejects a precertificate", async () => {
    const response = await submit(makeLogService(), "add-chain", { chain: [precertificate, vectors.ca] });
    expect([response.status, await response.text()]).toMatchObject([400, expect.stringContaining("add-pre-chain")]);
  });

  test.each(["add-chain", "add-pre-chain"])("%s is limited by the sender's network", async (endpoint) => {
    const service = makeLogService();
    const headers = { "cf-connecting-ip": "192.0.2.7" };
    const post = (): Promise<Response> =>
      send(service, `/ct/ct/v1/${endpoint}`, { method: "POST", body: "{", headers });
    expect((await post()).status).toBe(400);
    service.admits = false;
    const limited = await post();
    expect([limited.status, limited.headers.get("retry-after")]).toStrictEqual([429, "10"]);
    expect(limited.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await limited.text()).toMatch(/^too many submissions/);
    expect(service.limitedWrites).toStrictEqual([
      "log.example.com chains 192.0.2.7",
      "log.example.com chains 192.0.2.7",
    ]);
    expect([service.limited, service.submitted]).toStrictEqual([[], []]);
  });

  test("a body above 512 KiB is 413", async () => {
    const response = await submit(makeLogService(), "add-chain", " ".repeat(512 * 1024 + 1));
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([413, "text/plain; charset=utf-8"]);
  });

  test.each([
    [{ code: "log_busy", retryAfterSeconds: 2 }, 503, "2"],
    [{ code: "log_starting", reason: "R2" }, 503, "1"],
    [{ code: "log_refusing", reason: "secret of the operator" }, 503, "60"],
    [{ code: "clock_behind", lastTimestamp: 2, now: 1 }, 503, "10"],
    [{ code: "entry_too_large", maxBytes: 32_768 }, 413, null],
  ])("the sequencer's %o is %i", async (error, status, retryAfter) => {
    const service = makeLogService();
    service.answer = { ok: false, error };
    const response = await submit(service, "add-chain", { chain: [certificate] });
    expect([response.status, response.headers.get("retry-after")]).toStrictEqual([status, retryAfter]);
    expect(await response.text()).not.toContain("secret of the operator");
    expect(errors.length).toBe(status === 503 ? 1 : 0);
  });

  test("get-roots answers with the root, /ct/issuer with each certificate of the chain", async () => {
    const service = makeLogService();
    const roots = await send(service, "/ct/ct/v1/get-roots");
    expect(await roots.json()).toStrictEqual({ certificates: [vectors.root] });
    for (const [i, certificateDer] of [vectors.ca, vectors.root].entries()) {
      const response = await send(service, `/ct/issuer/${vectors.fingerprints[i]}`);
      expect(Buffer.from(await response.arrayBuffer())).toStrictEqual(der(certificateDer));
      expect(response.headers.get("content-type")).toBe("application/pkix-cert");
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    }
    const upperCase = await send(service, `/ct/issuer/${vectors.fingerprints[0]?.toUpperCase()}`);
    expect(upperCase.status).toBe(404);
  });

  test("/ct/issuer serves the certificates of an authority that the settings no longer name", async () => {
    const service = makeLogService();
    storeIssuers(service);
    const other = makeLogService();
    const env = { ...service.env, CA_CHAIN: OTHER_CHAIN };
    expect(await (await sendTo("/ct/ct/v1/get-roots", env)).json()).not.toEqual({ certificates: [vectors.root] });
    for (const [i, certificateDer] of [vectors.ca, vectors.root].entries()) {
      const path = `/ct/issuer/${vectors.fingerprints[i]}`;
      const response = await sendTo(path, env);
      expect([response.status, Buffer.from(await response.arrayBuffer())]).toStrictEqual([200, der(certificateDer)]);
      // From the bucket of the first service, not known to everybody.
      expect((await sendTo(path, { ...other.env, CA_CHAIN: env.CA_CHAIN })).status).toBe(404);
    }
  });

  test("a damaged issuer is no answer", async () => {
    const service = makeLogService();
    const [fingerprint = ""] = vectors.fingerprints;
    service.logs.certificate.objects.set(`certificate/issuer/${fingerprint}`, Uint8Array.of(1));
    const env = { ...service.env, CA_CHAIN: OTHER_CHAIN };
    expect((await sendTo(`/ct/issuer/${fingerprint}`, env)).status).toBe(503);
  });
});
