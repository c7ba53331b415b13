// SPDX-License-Identifier: Apache-2.0
// The certificate logs: which one gets a precertificate, and what the CA does when one fails.

import { describe, expect, it, vi } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { FakeCertificateLog, jwksOf, makeCaEnv } from "../../../test/support/authority/ca.ts";
import {
  bodyOf,
  type CaService,
  emailClaims,
  ISSUER_KEY,
  MATERIAL,
  makeService,
  muteConsole,
  requestChain,
  START,
} from "../../../test/support/authority/ca-service.ts";
import { signToken } from "../../../test/support/authority/identity-token.ts";
import { verifiesSct } from "../../../test/support/authority/verify-sct.ts";

muteConsole();

describe("a CA with several certificate logs", () => {
  const SHARDS = [
    { name: "ct-2", kind: "certificate", url: "https://two.example.com" },
    { name: "ct-3", kind: "certificate", url: "https://three.example.com", from: "2027-01-15T08:00:10Z" },
    { name: "sig-2", kind: "signature", url: "https://two.example.com" },
  ];
  const FROZEN = { code: "log_frozen", writeTo: null } as const;

  function makeLogs(rows: readonly object[]): CaService & { readonly logs: readonly FakeCertificateLog[] } {
    const service = makeService({ SHARDS: JSON.stringify(rows) });
    const shards = {
      "ct-2": new FakeCertificateLog(service.clock.now),
      "ct-3": new FakeCertificateLog(service.clock.now),
    };
    const { SEQUENCER } = makeCaEnv(MATERIAL, service.log, { jwks: async () => jwksOf(ISSUER_KEY) }, shards);
    Object.assign(service.env, { SEQUENCER });
    return { ...service, logs: [service.log, shards["ct-2"], shards["ct-3"]] };
  }
  const issue = ({ post, clock }: CaService): Promise<Response> =>
    post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY)));
  const counts = (logs: readonly FakeCertificateLog[]): readonly number[] =>
    logs.map(({ submissions }) => submissions.length);

  it("appends to the newest log that is in use and not frozen", async () => {
    const service = makeLogs(SHARDS);
    const { leaf, issuing } = await requestChain(await issue(service));
    expect(counts(service.logs)).toEqual([0, 1, 0]);
    expect(service.logs.map((log) => verifiesSct(leaf, issuing, log))).toEqual([false, true, false]);
    expect(JSON.parse(String(vi.mocked(console.log).mock.calls[0]?.[0]))).toMatchObject({ log: "ct-2", leafIndex: 0 });
    service.clock.advance(10_000);
    expect((await issue(service)).status).toBe(200);
    expect(counts(service.logs)).toEqual([0, 1, 1]);
    const frozen = makeLogs(SHARDS.map((row) => Object.assign({}, row, { frozen: true })));
    expect((await issue(frozen)).status).toBe(200);
    expect(counts(frozen.logs)).toEqual([1, 0, 0]);
  });

  it("appends to the next log if one is frozen although the settings do not freeze it", async () => {
    const service = makeLogs(SHARDS);
    const [first, second] = service.logs;
    if (first === undefined || second === undefined) throw new Error("no logs");
    second.failure = FROZEN;
    expect((await issue(service)).status).toBe(200);
    expect(counts(service.logs)).toEqual([1, 0, 0]);
    // Any other failure does not lead to another log, as the failing one may have logged the precertificate.
    second.failure = { code: "log_busy", retryAfterSeconds: 1 };
    expect((await issue(service)).status).toBe(503);
    expect(counts(service.logs)).toEqual([1, 0, 0]);
  });

  it("answers 503 if all logs are frozen, until an operator opens another", async () => {
    const service = makeLogs([{ name: "certificate", frozen: true }]);
    const response = await issue(service);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "60"]);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("is frozen; the operator must") });
  });
});

describe("a failure behind the CA", () => {
  const LOG = "Error entering certificate in CTL: ";
  it.each([
    [{ code: "log_busy", retryAfterSeconds: 2 }, "2", `${LOG}the certificate log is busy; try again`],
    [{ code: "log_starting", reason: "R2" }, "1", `${LOG}the certificate log is starting; try again`],
    [
      { code: "log_refusing", reason: "it is behind its anchor" },
      "60",
      `${LOG}the certificate log refuses to write: it is behind its anchor`,
    ],
    [
      { code: "clock_behind", lastTimestamp: START, now: START },
      "60",
      `${LOG}the certificate log's clock is behind its last timestamp`,
    ],
  ] as const)("%o yields 503 with Retry-After", async (failure, retryAfter, message) => {
    const { post, clock, log } = makeService();
    log.failure = failure;
    const response = await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY)));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    expect(await response.json()).toEqual({ code: 14, message, details: [] });
    expect(console.error).toHaveBeenCalledOnce();
  });

  it("an entry that is too large yields 400, because its size comes from the token", async () => {
    const { post, clock, log } = makeService();
    log.failure = { code: "entry_too_large", maxBytes: 65_535 };
    expect((await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY)))).status).toBe(400);
  });

  it.each<[string, (log: FakeCertificateLog) => void]>([
    ["the log is unreachable", (log) => void (log.failure = new Error("network connection lost"))],
    ["the SCT has a short log id", (log) => void (log.change = { logId: new Uint8Array(31) })],
    ["the SCT is a day old", (log) => void (log.promise = { timestamp: unixMs(START - 86_400_000) })],
    ["the SCT is a day ahead", (log) => void (log.promise = { timestamp: unixMs(START + 86_400_000) })],
    ["the SCT has no index", (log) => void (log.promise = { extensions: new Uint8Array(0) })],
    ["the SCT has more than an index", (log) => void (log.promise = { extensions: new Uint8Array(9) })],
    ["the SCT has no signature", (log) => void (log.change = { signature: new Uint8Array(0) })],
    ["the SCT's timestamp is not the signed one", (log) => void (log.change = { timestamp: unixMs(START + 1000) })],
    ["the SCT names another log", (log) => void (log.change = new FakeCertificateLog(() => START).identity)],
    ["the SCT's log id does not match its key", (log) => void (log.change = { logId: new Uint8Array(32) })],
  ])("%s: yields 503 and a log line with the request's id, without the token", async (_, fail) => {
    const { post, clock, log } = makeService();
    fail(log);
    const token = signToken(emailClaims(clock), ISSUER_KEY);
    const response = await post(bodyOf(token), { headers: { "x-request-id": "req-1" } });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toEqual({
      code: 14,
      message: "error communicating with CA backend: its log has request req-1",
      details: [],
    });
    expect(console.error).toHaveBeenCalledOnce();
    const line = String(vi.mocked(console.error).mock.calls[0]?.[0]);
    expect(JSON.parse(line)).toMatchObject({ requestId: "req-1" });
    expect(line).not.toContain(token.slice(0, 40));
  });

  it("an SCT by a key that verifiers do not accept for a log yields 503", async () => {
    const service = makeService();
    const log = new FakeCertificateLog(service.clock.now, "secp384r1");
    Object.assign(service.env, { SEQUENCER: makeCaEnv(MATERIAL, log, { jwks: async () => jwksOf() }).SEQUENCER });
    expect((await service.post(bodyOf(signToken(emailClaims(service.clock), ISSUER_KEY)))).status).toBe(503);
  });
});
