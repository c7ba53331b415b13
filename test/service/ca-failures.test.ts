// SPDX-License-Identifier: Apache-2.0
// The CA's answers when something behind it fails: its log, its settings, its bindings and the issuers.

import { describe, expect, it } from "vitest";
import { useCaStack, withToken } from "../support/authority/ca-stack.ts";
import { makeIssuerKey, signToken } from "../support/authority/identity-token.ts";
import { FAULTY_ISSUERS, STALLING_ISSUERS, startLoopbackIssuers } from "../support/authority/loopback-issuers.ts";
import { startStack } from "../support/process/stack.ts";

const STRANGER = makeIssuerKey("stranger");
const TOKEN = "There was an error processing the identity token: ";
const ca = useCaStack();
const { ask, claimsOf, good } = ca;

const FAILED = "error communicating with CA backend: its log has request fault";
const CTL = "Error entering certificate in CTL: ";
const away = (url: string): string =>
  `${TOKEN}could not fetch the keys of its issuer ${JSON.stringify(url)}; try again`;

/** Faults that get status 503 and code 14: the value of `x-fault`, Retry-After and message. */
const BROKEN: readonly (readonly [string, string, string])[] = [
  ["log-busy", "3", `${CTL}the certificate log is busy; try again`],
  ["anchor-away", "1", `${CTL}the certificate log is starting; try again`],
  ["anchor-ahead", "60", `${CTL}the certificate log refuses to write: it is behind its anchor`],
  ["tiles-differ", "60", `${CTL}the certificate log refuses to write: a full tile in R2 differs`],
  ["clock-behind", "60", `${CTL}the certificate log's clock is behind its last timestamp`],
  ["log-lost", "1", FAILED],
  ["sct-short-id", "1", FAILED],
  ["sct-of-another-log", "1", FAILED],
  ["sct-of-another-key", "1", FAILED],
  ["sct-of-another-second", "1", FAILED],
  ["sct-of-another-index", "1", FAILED],
  ["sct-with-another-signature", "1", FAILED],
  ["sct-of-yesterday", "1", FAILED],
  ["sct-of-tomorrow", "1", FAILED],
  ["sct-without-index", "1", FAILED],
  ["sct-without-signature", "1", FAILED],
  ["limits-lost", "1", FAILED],
  ["key-missing", "60", "this deployment is not configured: CA_KEY is missing"],
  ["key-damaged", "60", "this deployment is not configured: CA_KEY is not a private key"],
  ["key-not-pem", "60", "this deployment is not configured: CA_KEY must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)"],
  ["chain-missing", "60", "this deployment is not configured: CA_CHAIN is missing"],
  ["issuers-broken", "60", "this deployment is not configured: ISSUERS is not JSON (json_invalid)"],
  ["lifetime-broken", "60", "this deployment is not configured: CERTIFICATE_LIFETIME must be 60 to 3600 seconds"],
];

describe("a failure behind the CA", () => {
  it.each(BROKEN)("%s yields 503", async (fault, retryAfter, message) => {
    expect(await ask(withToken(good()), { "x-fault": fault, "x-request-id": "fault" })).toEqual([
      503,
      retryAfter,
      { code: 14, message, details: [] },
    ]);
  });

  it.each(["token-keys-lost", "token-keys-empty"])("%s yields 503, as keys may be available soon", async (fault) => {
    expect(await ask(withToken(good()), { "x-fault": fault })).toEqual([
      503,
      "5",
      { code: 14, message: away(`${ca.stack.url}/oidc`), details: [] },
    ]);
  });

  it("a one-time token yields no certificate without the store of used tokens", async () => {
    const token = signToken(claimsOf({ iss: `${ca.issuers.origin}/once` }), ca.issuers.key, { alg: "ES256" });
    const headers = { "x-fault": "used-tokens-lost", "x-request-id": "fault" };
    expect(await ask(withToken(token), headers)).toEqual([503, "1", { code: 14, message: FAILED, details: [] }]);
  });

  it("an entry that is too large yields 400, because its size comes from the token", async () => {
    expect(await ask(withToken(good()), { "x-fault": "entry-too-large" })).toEqual([
      400,
      null,
      {
        code: 3,
        message: `${TOKEN}its claims produce an entry of more than 65535 bytes for the certificate log`,
        details: [],
      },
    ]);
  });
});

describe("a broken issuer", () => {
  it.each(FAULTY_ISSUERS)("%s: yields 503 and is not contacted again for a while", async (name) => {
    const url = `${ca.issuers.origin}/${name}`;
    const body = withToken(signToken(claimsOf({ iss: url }), ca.issuers.key, { alg: "ES256" }));
    const unavailable = [503, "5", { code: 14, message: away(url), details: [] }];
    expect(await ask(body)).toEqual(unavailable);
    const requested = ca.issuers.requested.length;
    for (let i = 0; i < 5; i++) expect(await ask(body)).toEqual(unavailable);
    expect(ca.issuers.requested.length).toBe(requested);
  });

  it("that keeps the connection open yields 503 after ten seconds in total", async () => {
    const answers = STALLING_ISSUERS.map(async (name) => {
      const url = `${ca.issuers.origin}/${name}`;
      const started = performance.now();
      const answer = await ask(withToken(signToken(claimsOf({ iss: url }), ca.issuers.key, { alg: "ES256" })));
      expect([name, answer]).toEqual([name, [503, "5", { code: 14, message: away(url), details: [] }]]);
      // The machine may add some time; 20 s would mean a limit for each of the two fetches.
      expect(performance.now() - started).toBeLessThan(18_000);
    });
    await Promise.all(answers);
  });

  it("cannot redirect the CA to another path", () => {
    expect(ca.issuers.requested.filter((path) => path.startsWith("/good/") || path.startsWith("/x/"))).toEqual([]);
  });

  it("is contacted once during a flood of unknown key ids", async () => {
    const { key, origin } = ca.issuers;
    const url = `${origin}/email`;
    const count = (): number => ca.issuers.requested.filter((path) => path === "/email/keys").length;
    expect((await ask(withToken(signToken(claimsOf({ iss: url }), ca.issuers.key, { alg: "ES256" }))))[0]).toBe(200);
    for (let i = 0; i < 50; i++) {
      const token = signToken(claimsOf({ iss: url }), { ...key, keyId: `k${i}` }, { alg: "ES256" });
      expect((await ask(withToken(token)))[0]).toBe(400);
    }
    expect(count()).toBe(1);
  });

  it("invented within a pattern is contacted a bounded number of times for one client", async () => {
    const before = ca.issuers.requested.length;
    const answers: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      const token = signToken(claimsOf({ iss: `${ca.issuers.origin}/cluster-${i}` }), STRANGER, { alg: "RS256" });
      answers.push((await ask(withToken(token)))[0]);
    }
    expect(answers.filter((status) => status === 503).length).toBe(35);
    expect(ca.issuers.requested.length - before).toBeLessThanOrEqual(10);
  });
});

it("a new isolate accepts the stored keys of an issuer that is unreachable", async () => {
  const gone = await startLoopbackIssuers();
  const other = await startStack({
    vars: {
      ISSUERS: JSON.stringify(
        ["known", "unknown"].map((name) => ({ "issuer-url": `${gone.origin}/${name}`, type: "email" })),
      ),
    },
  });
  try {
    const post = async (name: string): Promise<number> => {
      const token = signToken(claimsOf({ iss: `${gone.origin}/${name}` }), gone.key, { alg: "ES256" });
      const response = await fetch(`${other.url}/api/v2/signingCert`, {
        method: "POST",
        body: JSON.stringify(withToken(token)),
      });
      await response.text();
      return response.status;
    };
    expect(await post("known")).toBe(200);
    gone.close();
    process.kill(other.workerdPid(), "SIGKILL");
    await expect
      .poll(
        () =>
          fetch(`${other.url}/healthz`).then(
            ({ ok }) => ok,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    expect([await post("known"), await post("unknown")]).toEqual([200, 503]);
  } finally {
    await other.stop();
  }
});

it("log lines contain no token and no key", () => {
  const text = ca.stack.logs.map(({ message }) => message).join("\n");
  for (const secret of ["eyJ", "PRIVATE KEY", "BEGIN"]) expect(text).not.toContain(secret);
});
