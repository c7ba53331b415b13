// SPDX-License-Identifier: Apache-2.0
// Limits on the cost of a stranger's connection: bodies beyond the limit of their route, and clients that hang up or
// send what is no HTTP. Routes and limits come from the declarations, so a new POST route is tested as soon as it is
// declared.

import { generateKeyPairSync } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RouteRow } from "../../shared/http/route.ts";
import { DECLARED_ROUTES } from "../../workers/front/routes.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ALL: readonly RouteRow[] = Object.values(DECLARED_ROUTES).flat();
const POSTS = ALL.flatMap((row) => (row.method === "POST" ? [{ path: row.path, maxBodyBytes: row.maxBodyBytes }] : []));
const FORM = "application/x-www-form-urlencoded";
/** RFC 3161 in DER: the JSON form has a lower limit. */
const TYPES: Readonly<Record<string, string>> = {
  "/api/v1/timestamp": "application/timestamp-query",
  ...Object.fromEntries(POSTS.filter(({ path }) => /^\/(?:oidc|watch)/.test(path)).map(({ path }) => [path, FORM])),
};
/** The address says everything: the body is not read. */
const UNREAD: readonly string[] = ["/watch/stop"];
/** A stranger's form is read and then refused, whatever it holds. */
const SIGNED_IN: ReadonlySet<string> = new Set(["/watch", "/watch/sign-out"]);
const WITNESSED_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

let stack: TestStack;

beforeAll(async () => {
  const key = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  stack = await startStack({
    vars: { WITNESS_KEY: key, WITNESSED_LOGS: `log ${WITNESSED_VKEY}` },
  });
});
afterAll(() => stack.stop());

async function post(path: string, body: BodyInit): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { "content-type": TYPES[path] ?? "application/json" };
  const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  const response = await fetch(stack.url + path, init);
  return { status: response.status, text: await response.text() };
}

/** Sends raw text, then hangs up after `keepMs`. Resolves with the first line of the answer, "" if there was none. */
function sendRaw(text: string, keepMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(stack.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    // The server resets a connection that carries no HTTP.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer.split("\r\n")[0] ?? ""));
    socket.write(text);
    setTimeout(() => socket.destroy(), keepMs);
  });
}

const headOf = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: ${new URL(stack.url).host}\r\ncontent-type: ${TYPES[path] ?? "application/json"}\r\n`;

const internalLines = (): readonly string[] =>
  stack.logs.map(({ message }) => message).filter((message) => message.includes('"internal"'));

const TOO_LARGE = /too large|larger than|longer than|at most/;

describe.each(POSTS.filter(({ path }) => !UNREAD.includes(path)))("POST $path", ({ path, maxBodyBytes }) => {
  it(`rejects ${maxBodyBytes + 1} bytes for their number`, async () => {
    const { status, text } = await post(path, " ".repeat(maxBodyBytes + 1));
    expect([400, 413]).toContain(status);
    expect(text).toMatch(TOO_LARGE);
  });

  it("rejects as many without a declared length", async () => {
    const { body } = new Response(" ".repeat(maxBodyBytes + 1));
    const { status, text } = await post(path, body ?? "");
    expect([400, 413]).toContain(status);
    expect(text).toMatch(TOO_LARGE);
  });

  it(`reads ${maxBodyBytes} bytes`, async () => {
    const { status, text } = await post(path, " ".repeat(maxBodyBytes));
    expect(status).toBe(SIGNED_IN.has(path) ? 403 : 400);
    expect(text).not.toMatch(/too large|larger than|longer than/);
  });

  it("answers a broken chunk with 400", async () => {
    expect(await sendRaw(`${headOf(path)}transfer-encoding: chunked\r\n\r\nzz\r\nabc`, 1000)).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(internalLines()).toEqual([]);
  });

  it("does not log a client that hangs up as a failure of its own", async () => {
    expect(await sendRaw(`${headOf(path)}content-length: 1000\r\n\r\nabcde`, 200)).toBe("");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(internalLines()).toEqual([]);
  });
});

it.each(UNREAD)("POST %s answers before the body ends", async (path) => {
  expect(await sendRaw(`${headOf(path)}content-length: 1000000000\r\n\r\nabc`, 1000)).toMatch(/^HTTP\/1\.1 400 /);
  expect(internalLines()).toEqual([]);
});
