// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Signed } from "../../shared/bundle/signing.ts";
import { parseArguments } from "../command.ts";
import { findAmbientToken } from "./ambient.ts";
import { FLAGS, readOptions } from "./options.ts";
import { requestEntry } from "./requests.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "sigedge-sign-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));
const path = (name: string): string => join(FOLDER, name);
for (const [name, text] of Object.entries({
  file: "x",
  signed: "x",
  "signed.sigstore.json": "",
  token: "a.b.c\n",
  p: "{}",
})) {
  writeFileSync(path(name), text);
}

const URL_FLAG = ["--url", "https://sign.example.com"];

function read(...args: readonly string[]): ReturnType<typeof readOptions> {
  const parsed = parseArguments({ name: "sign", flags: FLAGS }, args);
  return parsed.ok ? readOptions(parsed.value) : parsed;
}

test("reads files, deployment, token and predicate", () => {
  const predicate = ["--predicate", path("p"), "--type", "https://example.com/build"];
  expect(read(path("file"), ...URL_FLAG, "--identity-token", path("token"), ...predicate)).toEqual({
    ok: true,
    value: {
      files: [path("file")],
      url: "https://sign.example.com",
      token: "a.b.c",
      usesDevice: false,
      predicate: { type: "https://example.com/build", value: {} },
    },
  });
  expect(read(path("signed"), ...URL_FLAG, "--overwrite").ok).toBe(true);
});

test.each<readonly [error: string, args: readonly string[]]>([
  ["give the files to sign", URL_FLAG],
  ["there is no file", [path("none"), ...URL_FLAG]],
  ["a file is given twice", [path("file"), path("file"), ...URL_FLAG]],
  ["exists; give --overwrite", [path("signed"), ...URL_FLAG]],
  ["give the deployment", [path("file")]],
  ["--url ftp://x", [path("file"), "--url", "ftp://x"]],
  ["must name a file", [path("file"), ...URL_FLAG, "--identity-token", "a.b.c"]],
  ["does not hold an OpenID token", [path("file"), ...URL_FLAG, "--identity-token", path("p")]],
  ["needs both", [path("file"), ...URL_FLAG, "--predicate", path("p")]],
  ["is not a URI", [path("file"), ...URL_FLAG, "--predicate", path("p"), "--type", "slsa"]],
  ["is not usable JSON", [path("file"), ...URL_FLAG, "--predicate", path("file"), "--type", "https://x"]],
])("rejects: %s", (error, args) => {
  expect(read(...args)).toEqual({ ok: false, error: expect.stringContaining(error) });
});

test("GitHub Actions gives a token for the audience sigstore", async () => {
  const seen: string[] = [];
  const server = createServer(({ url = "", headers }, response) => {
    seen.push(`${url} ${headers.authorization ?? ""}`);
    response.end(JSON.stringify({ value: "a.b.c" }));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const token = await findAmbientToken({
    GITHUB_ACTIONS: "true",
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "secret",
  });
  server.close();
  expect(token).toEqual({ ok: true, value: { token: "a.b.c", from: "GitHub Actions" } });
  expect(seen).toEqual(["/token?api-version=2.0&audience=sigstore bearer secret"]);
});

test("a CI system without a token says what the job lacks", async () => {
  expect(await findAmbientToken({})).toBeNull();
  expect(await findAmbientToken({ SIGSTORE_ID_TOKEN: "a.b.c", GITLAB_CI: "true" })).toMatchObject({ ok: true });
  expect(await findAmbientToken({ GITLAB_CI: "true" })).toMatchObject({ error: expect.stringContaining("id_tokens") });
  expect(await findAmbientToken({ GITHUB_ACTIONS: "true" })).toMatchObject({
    error: expect.stringContaining("id-token: write"),
  });
  expect(await findAmbientToken({ BUILDKITE: "true" })).toMatchObject({ ok: false });
  expect(await findAmbientToken({ CIRCLECI: "true" })).toMatchObject({ ok: false });
});

describe("a log", () => {
  const signed: Signed = { digest: new Uint8Array(32), signature: new Uint8Array(70), leaf: new Uint8Array(600) };

  /** A log that gives these answers, one after the other. */
  async function ask(...answers: readonly (readonly [status: number, body: string])[]): Promise<{
    readonly entry: Awaited<ReturnType<typeof requestEntry>>;
    readonly told: readonly string[];
  }> {
    const left = [...answers];
    const server = createServer((_, response) => {
      const [status, body] = left.shift() ?? [500, ""];
      response.writeHead(status, { "retry-after": "1" }).end(body);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const log = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const told: string[] = [];
    const services = { log } as Parameters<typeof requestEntry>[0];
    const entry = await requestEntry(services, signed, (line) => void told.push(line));
    server.close();
    return { entry, told };
  }

  test("that is busy gets the request once more when it says, and the person is told", async () => {
    expect(await ask([503, "busy"], [201, '{"logIndex":"7"}'])).toEqual({
      entry: { ok: true, value: { logIndex: "7" } },
      told: ["the log is busy; trying again in 1 second"],
    });
  });

  test.each([
    [
      [400, '{"message":"the certificate has expired"}'],
      "the log rejected the request (400): the certificate has expired",
    ],
    [[201, "<html>"], "answered with something other than JSON"],
  ] as const)("that answers %j ends it", async (answer, error) => {
    expect(await ask(answer)).toEqual({ entry: { ok: false, error: expect.stringContaining(error) }, told: [] });
  });
});
