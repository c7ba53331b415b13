// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test } from "vitest";
import { type MonitorEvent, makeEvent } from "../../../shared/monitor/event.ts";
import { toEventJson } from "../../../shared/monitor/message.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { ENTRY, matchNumber } from "../../../test/support/monitor/events.ts";
import { answerWith, type Receiver, startGitHub, startReceiver } from "../../../test/support/monitor/receivers.ts";
import type { Target } from "../config/config.ts";
import { Secret } from "../config/secret.ts";
import type { Attempt } from "./deliver.ts";
import { sendRequest } from "./http.ts";
import { sendEvent } from "./send.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const PORTS = { now: (): UnixMs => unixMs(Date.now()), mailAuthorities: null };
const event = matchNumber(7);
const send = (target: Target, one: MonitorEvent = event): Promise<Attempt> => sendEvent(target, one, PORTS);

const open: Receiver[] = [];
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close();
});

async function receive(answer: RequestListener): Promise<Receiver> {
  const receiver = await startReceiver(() => answer);
  open.push(receiver);
  return receiver;
}

const webhookAt = (url: string): Target => ({ kind: "webhook", url: new Secret(url), key: new Secret(SECRET) });
const failure = { kind: "failed", isRejection: false, retryAfterMs: null };

describe("a webhook", () => {
  test("is one that the library of Standard Webhooks verifies", async () => {
    const { url, received } = await receive(answerWith(204));
    expect(await send(webhookAt(`${url}/hook?a=b`))).toEqual({ kind: "delivered" });
    const [request] = received;
    expect(request).toMatchObject({ method: "POST", path: "/hook?a=b", body: toEventJson(event) });
    expect(request?.headers).toMatchObject({ "content-type": "application/json", "webhook-id": event.key });
    expect(new Webhook(SECRET).verify(request?.body ?? "", request?.headers ?? {})).toMatchObject({ key: event.key });
  });

  test("has the same id in every attempt, and a new time", async () => {
    const { url, received } = await receive(answerWith(503));
    await send(webhookAt(url));
    await sendEvent(webhookAt(url), event, { ...PORTS, now: () => unixMs(Date.now() + 60_000) });
    const [one, other] = received.map(({ headers }) => headers);
    expect(one?.["webhook-id"]).toBe(other?.["webhook-id"]);
    expect(one?.["webhook-timestamp"]).not.toBe(other?.["webhook-timestamp"]);
  });

  test.each<readonly [string, RequestListener, object]>([
    ["answers 500", answerWith(500), { reason: "status 500" }],
    ["answers 429 with seconds", answerWith(429, { "retry-after": "120" }), { retryAfterMs: 120_000 }],
    ["answers 503 with nonsense", answerWith(503, { "retry-after": "soon" }), { reason: "status 503" }],
    ["answers 401: the sender is wrong, not the event", answerWith(401), { reason: "status 401" }],
    ["answers 422: it rejects the event", answerWith(422), { reason: "status 422", isRejection: true }],
    ["answers 413: it rejects the event", answerWith(413), { isRejection: true }],
    ["closes the connection", (request) => request.socket.destroy(), { reason: "no connection: UND_ERR_SOCKET" }],
    ["answers with something else", (request) => request.socket.end("SMTP\r\n"), { reason: "no connection" }],
  ])("that %s has failed", async (_, answer, expected) => {
    const { url } = await receive(answer);
    expect(await send(webhookAt(url))).toMatchObject({ ...failure, ...expected });
  });

  test("that asks to wait until a date is waited for", async () => {
    const { url } = await receive(answerWith(503, { "retry-after": new Date(Date.now() + 90_000).toUTCString() }));
    const attempt = await send(webhookAt(url));
    expect(attempt.kind === "failed" && attempt.retryAfterMs).toBeGreaterThan(80_000);
    expect(attempt.kind === "failed" && attempt.retryAfterMs).toBeLessThan(95_000);
  });

  test("that is down has failed, and its address is not in the reason", async () => {
    const receiver = await receive(answerWith(200));
    await receiver.close();
    const attempt = await send(webhookAt(`${receiver.url}/token-in-the-path`));
    expect(attempt).toEqual({ ...failure, reason: "no connection: ECONNREFUSED" });
  });

  test.each([301, 302, 307, 308])("that redirects with %i is not followed", async (status) => {
    const inside = await receive(answerWith(200));
    const { url } = await receive(answerWith(status, { location: `${inside.url}/admin` }));
    const reason = `status ${status}: a redirect is not followed`;
    expect(await send(webhookAt(url))).toEqual({ ...failure, reason });
    expect(inside.received).toEqual([]);
  });

  test("that answers without end is delivered, and not read", async () => {
    let sentBytes = 0;
    const { url } = await receive((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => {
        sentBytes += 65_536;
        response.write(Buffer.alloc(65_536));
      }, 1);
      response.on("close", () => clearInterval(timer));
    });
    expect(await send(webhookAt(url))).toEqual({ kind: "delivered" });
    const after = sentBytes;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sentBytes - after).toBeLessThan(2 ** 20);
  });
});

describe("a request", () => {
  const get = (url: string): Parameters<typeof sendRequest>[0] => ({ url, headers: {}, body: null, wantsText: true });

  test("ends at its deadline if no answer begins", async () => {
    const { url } = await receive(() => undefined);
    expect(await sendRequest(get(url), 200)).toEqual({ ok: false, error: "no answer within 0.2 seconds" });
  });

  test("reads no answer that is longer than its limit, or that does not end", async () => {
    const large = await receive(answerWith(200, {}, "x".repeat(9 * 2 ** 20)));
    expect(await sendRequest(get(large.url))).toMatchObject({ ok: true, value: { status: 200, text: null } });
    const slow = await receive((_, response) => {
      response.writeHead(200);
      response.write("[");
    });
    expect(await sendRequest(get(slow.url), 200)).toMatchObject({ ok: true, value: { text: null } });
  });
});

test("a chat gets text", async () => {
  const { url, received } = await receive(answerWith(200, {}, "ok"));
  expect(await send({ kind: "slack", url: new Secret(url) })).toEqual({ kind: "delivered" });
  const { text } = JSON.parse(received[0]?.body ?? "") as { readonly text: string };
  expect(text).toContain("Unexpected signature by alice@example.org");
});

describe("an issue of GitHub", () => {
  const target = (apiUrl: string, token = "t0k3n"): Target => ({
    kind: "github-issue",
    apiUrl,
    repository: "acme/widget",
    token: new Secret(token),
    labels: ["alert"],
    assignees: ["alice"],
  });
  const start = async (): ReturnType<typeof startGitHub> => {
    const github = await startGitHub("acme/widget", "t0k3n");
    open.push(github);
    return github;
  };
  const recent = (index: number, identity = "alice@example.org"): MonitorEvent =>
    makeEvent("match.unexpected", {
      at: unixMs(Date.now()),
      log: "log.example",
      details: { selector: "me", entry: { ...ENTRY, index, identity }, why: "", differences: [] },
    });

  test("is opened once for an event, however often it is delivered", async () => {
    const github = await start();
    for (const one of [recent(1), recent(1), recent(2), recent(1)]) {
      expect(await send(target(github.url), one)).toEqual({ kind: "delivered" });
    }
    expect(github.issues).toMatchObject([
      { title: "Unexpected signature by alice@example.org", labels: ["alert"], assignees: ["alice"] },
      { title: "Unexpected signature by alice@example.org" },
    ]);
  });

  test("is found again among more issues than a page has", async () => {
    const github = await start();
    await send(target(github.url), recent(1));
    for (let i = 0; i < 250; i++) github.issues.push({ title: "other", body: null, updatedAt: Date.now() });
    await send(target(github.url), recent(1));
    expect(github.issues.filter(({ title }) => title !== "other")).toHaveLength(1);
  });

  test("shows a stranger's name as text", async () => {
    const github = await start();
    await send(target(github.url), recent(1, "````\n@alice https://evil.example <!-- -->"));
    const body = github.issues[0]?.body ?? "";
    const [fence = ""] = /^`+/.exec(body) ?? [];
    expect(fence.length).toBe(5);
    // Everything that the stranger chose is between the two fences.
    expect(body.split(fence)).toHaveLength(3);
    expect(body.split(fence)[2]).toMatch(/^\n\n<!-- sigedge-monitor [0-9a-f]{32} -->\n$/);
  });

  test.each<readonly [string, RequestListener, object]>([
    ["a rate limit", answerWith(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999" }), {}],
    [
      "a redirect of a renamed repository",
      answerWith(301, { location: "/x" }),
      { reason: "status 301: a redirect is not followed" },
    ],
    [
      "an answer that is no list",
      answerWith(200, {}, "{}"),
      { reason: "GitHub's list of issues is no JSON, or too long" },
    ],
    ["a wrong token", answerWith(401), { reason: "status 401" }],
  ])("waits for the next attempt after %s", async (_, answer, expected) => {
    const { url, received } = await receive(answer);
    expect(await send(target(url))).toMatchObject({ kind: "failed", isRejection: false, ...expected });
    expect(received.map(({ method }) => method)).toEqual(["GET"]);
  });

  test("waits as long as GitHub asks", async () => {
    const reset = Math.floor(Date.now() / 1000) + 600;
    const { url } = await receive(
      answerWith(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) }),
    );
    const attempt = await send(target(url));
    expect(attempt.kind === "failed" && attempt.retryAfterMs).toBeGreaterThan(590_000);
  });
});

describe("a service that sends mail", () => {
  test("of Mailgun gets a form", async () => {
    const { url, received } = await receive(answerWith(200));
    const mailgun: Target = {
      kind: "mailgun",
      apiUrl: url,
      domain: "mg.example.org",
      key: new Secret("k3y"),
      from: "alerts@example.org",
      to: ["a@example.org", "b@example.org"],
    };
    expect(await send(mailgun)).toEqual({ kind: "delivered" });
    expect(received[0]).toMatchObject({ method: "POST", path: "/v3/mg.example.org/messages" });
    expect(received[0]?.headers["authorization"]).toBe(`Basic ${Buffer.from("api:k3y").toString("base64")}`);
    const form = new URLSearchParams(received[0]?.body);
    expect(form.get("to")).toBe("a@example.org,b@example.org");
    expect(form.get("subject")).toBe("Unexpected signature by alice@example.org");
    expect(form.get("h:Message-Id")).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
  });

  test("of SendGrid gets JSON", async () => {
    const { url, received } = await receive(answerWith(202));
    const sendgrid: Target = {
      kind: "sendgrid",
      apiUrl: url,
      key: new Secret("k3y"),
      from: "alerts@example.org",
      fromName: "Alerts",
      to: ["a@example.org"],
      toName: null,
    };
    expect(await send(sendgrid)).toEqual({ kind: "delivered" });
    expect(received[0]).toMatchObject({ path: "/v3/mail/send", headers: { authorization: "Bearer k3y" } });
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
      personalizations: [{ to: [{ email: "a@example.org" }] }],
      from: { email: "alerts@example.org", name: "Alerts" },
      subject: "Unexpected signature by alice@example.org",
      content: [{ type: "text/plain" }],
    });
  });
});

describe("a command", () => {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-command-"));
  const script = join(folder, "script.mjs");
  const out = join(folder, "out.json");
  const run = (source: string, args: readonly string[] = [], timeoutMs = 10_000): Promise<Attempt> => {
    writeFileSync(script, source);
    return send({ kind: "command", run: [process.execPath, script, ...args], timeoutMs });
  };
  const KEEP = `import { readFileSync, writeFileSync } from "node:fs";
    const input = readFileSync(0, "utf8");
    writeFileSync(process.argv[2], JSON.stringify({ input, args: process.argv.slice(3), env: process.env }));`;
  afterEach(() => rmSync(out, { force: true }));

  test("gets the event on its standard input, and its arguments as they are", async () => {
    process.env["SIGEDGE_TEST_SECRET"] = "s3cret";
    expect(await run(KEEP, [out, "$(id); `id` && x"])).toEqual({ kind: "delivered" });
    delete process.env["SIGEDGE_TEST_SECRET"];
    const seen = JSON.parse(readFileSync(out, "utf8")) as {
      readonly input: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    };
    expect(seen.input).toBe(`${toEventJson(event)}\n`);
    expect(seen.args).toEqual(["$(id); `id` && x"]);
    expect(seen.env).toMatchObject({ SIGEDGE_EVENT_KIND: "match.unexpected", SIGEDGE_EVENT_CLASS: "security" });
    expect(JSON.stringify(seen.env)).not.toContain("s3cret");
  });

  test.each([
    ["fails", 'process.stderr.write("no such\\npager"); process.exitCode = 3', "ended with exit code 3: no such pager"],
    ["reads nothing", "process.exitCode = 4", "ended with exit code 4"],
    ["is killed", 'process.kill(process.pid, "SIGKILL")', "ended with SIGKILL"],
    [
      "writes without end",
      'for (let i = 0; i < 999; i++) process.stderr.write("x".repeat(999)); process.exitCode = 1',
      "x",
    ],
  ])("that %s is run again", async (_, source, reason) => {
    const attempt = await run(source);
    expect(attempt).toMatchObject({ ...failure, reason: expect.stringContaining(reason) as string });
    expect(attempt.kind === "failed" && attempt.reason.length).toBeLessThan(400);
  });

  test("that takes too long is ended, also if it leaves a child with its output", async () => {
    const source = `import { spawn } from "node:child_process";
      spawn(process.execPath, ["-e", "setTimeout(() => undefined, 5000)"], { stdio: "inherit", detached: true });
      setTimeout(() => undefined, 60_000);`;
    expect(await run(source, [], 1000)).toEqual({ ...failure, reason: "the command took longer than 1 seconds" });
  });

  test("that does not exist has failed", async () => {
    const attempt = await send({ kind: "command", run: ["/no/such/program"], timeoutMs: 1000 });
    expect(attempt).toEqual({ ...failure, reason: "the command did not start: ENOENT" });
  });
});
