// SPDX-License-Identifier: Apache-2.0
// `sigedge start` as a real process: it starts, keeps its state, stops cleanly, and says in one line why it cannot
// start.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findFreePort, localUrl } from "../../cli/address.ts";
import { ROOT } from "../../cli/root.ts";
import { readInstance, sign } from "../../cli/signing/sigstore-js.ts";
import { requestToken } from "../../local/dev-issuer.ts";
import { type Command, runCommand } from "../support/process/command.ts";
import { listenerPid } from "../support/process/listener.ts";

let folder: string;
let port: number;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-start-"));
  const free = await findFreePort(0);
  if (!free.ok) throw new Error(free.error);
  port = free.value;
  url = localUrl(port);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const state = (): string => join(folder, "state");
const runStart = (...args: readonly string[]): Command => runCommand("cli/sigedge.mjs", { args: ["start", ...args] });
const start = (...args: readonly string[]): Command => runStart("--port", String(port), "--state", state(), ...args);
const text = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();

/** The status of every request until the first answer and for a second after it; null while nothing listens. */
async function pollHealth(): Promise<readonly (number | null)[]> {
  const seen: (number | null)[] = [];
  for (let answered = 0; answered < 20; await sleep(50)) {
    const response = await fetch(`${url}/healthz`).catch(() => null);
    seen.push(response?.status ?? null);
    if (response !== null) answered++;
  }
  return seen;
}

describe("sigedge start", () => {
  const seen = { trustedRoot: "", jwks: "", bundleEntry: "" };

  it("is ready in seconds and prints what a user needs, without colors unless in a terminal", async () => {
    const command = start();
    // Whoever polls from the first moment on wakes the logs, and finds the service ready or not there.
    const polled = pollHealth();
    // 5 s is the budget on an idle machine (npm run bench); here other tests run at the same time.
    expect(await command.says("Ctrl-C ends the service")).toBeLessThan(20_000);
    expect(new Set(await polled)).toEqual(new Set([null, 200]));
    seen.trustedRoot = await text("/trusted_root.json");
    seen.jwks = await text("/oidc/jwks");
    const instance = await readInstance(url);
    const token = await requestToken(url, { email: "alice@example.com" });
    await sign(instance, { identityToken: token, data: Buffer.from("kept"), attestationType: null });
    seen.bundleEntry = await entryBody(1);

    command.process.kill("SIGTERM");
    const { code, stdout, stderr } = await command.ended;
    expect(code).toBe(0);
    // The Worker's own lines are for the operator: one certificate, nothing else.
    expect(
      stderr
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { readonly code: string }).code),
    ).toEqual(["certificate_issued"]);
    expect(listenerPid(port)).toBeNull();
    for (const part of [
      `${url}/trusted_root.json`,
      `${url}/tuf`,
      "/oidc/dev/token",
      "cosign sign-blob -y --signing-config",
      "cosign verify-blob",
      state(),
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toContain("\u001b");
  });

  it("has the same keys, logs and entries on the second run, and ends on Ctrl-C", async () => {
    const command = start();
    await command.says("Ctrl-C ends the service");
    expect(await text("/trusted_root.json")).toBe(seen.trustedRoot);
    expect(await text("/oidc/jwks")).toBe(seen.jwks);
    expect(await entryBody(1)).toBe(seen.bundleEntry);
    expect((await text("/checkpoint")).split("\n")[1]).toBe("2");
    // A terminal sends the signal to the whole process group, workerd included.
    process.kill(-(command.process.pid ?? Number.NaN), "SIGINT");
    const { code, stderr } = await command.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(listenerPid(port)).toBeNull();
  });

  it("stops cleanly if it is terminated during start-up", async () => {
    const fresh = join(folder, "fresh");
    const command = start("--state", fresh);
    // Writing the keys is the last step before workerd starts.
    await vi.waitUntil(() => existsSync(join(fresh, "keys")), { timeout: 10_000, interval: 5 });
    command.process.kill("SIGTERM");
    await command.says("Stopping when the start is complete");
    const { code, stdout } = await command.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain("is running at");
    expect(listenerPid(port)).toBeNull();
  });

  it("ends at once on a second Ctrl-C, and leaves a folder that starts", async () => {
    const fresh = join(folder, "twice");
    const command = start("--state", fresh);
    await vi.waitUntil(() => existsSync(join(fresh, "keys")), { timeout: 10_000, interval: 5 });
    command.process.kill("SIGINT");
    await command.says("Stopping when the start is complete");
    const again = setInterval(() => command.process.kill("SIGINT"), 50);
    expect([0, 1]).toContain((await command.ended).code);
    clearInterval(again);
    await vi.waitUntil(() => listenerPid(port) === null, { timeout: 5000, interval: 50 });
    const next = start("--state", fresh);
    await next.says("Ctrl-C ends the service");
    next.process.kill("SIGTERM");
    expect((await next.ended).code).toBe(0);
  });

  it("refuses a state folder that is in use, for a second start and for a restore", async () => {
    const command = start();
    await command.says("Ctrl-C ends the service");
    const line = `process ${command.process.pid} uses the state folder ${state()}, at port ${port}; stop it first\n`;
    expect((await runStart("--port", String(port + 1), "--state", state()).ended).stderr).toBe(
      `sigedge start: ${line}`,
    );
    const backup = join(folder, "backup");
    const made = await runCommand("cli/sigedge.mjs", { args: ["backup", backup, "--state", state()] }).ended;
    expect(made.code, made.stderr).toBe(0);
    const restored = await runCommand("cli/sigedge.mjs", { args: ["restore", backup, "--state", state()] }).ended;
    expect([restored.code, restored.stderr]).toEqual([1, `sigedge restore: ${line}`]);
    command.process.kill("SIGTERM");
    expect((await command.ended).code).toBe(0);
  });

  it("names the workerd that a killed start has left, and starts once that is gone", async () => {
    const command = start();
    await command.says("Ctrl-C ends the service");
    const { pid } = command.process;
    command.process.kill("SIGKILL");
    await command.ended;
    const workerd = listenerPid(port);
    if (workerd !== null) {
      const { code, stderr } = await start().ended;
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          new RegExp(`^sigedge start: process ${pid}, .* was killed, and its workerd still listens on port ${port}; `),
        ),
      ]);
      process.kill(workerd, "SIGTERM");
      await vi.waitUntil(() => listenerPid(port) === null, { timeout: 10_000, interval: 50 });
    }
    const next = start();
    await next.says("Ctrl-C ends the service");
    next.process.kill("SIGTERM");
    expect((await next.ended).code).toBe(0);
  });

  it("uses the write policy of --accept", async () => {
    const command = start("--accept", "open");
    await command.says("The log accepts any valid signature");
    await command.says("Ctrl-C ends the service");
    command.process.kill("SIGTERM");
    expect((await command.ended).code).toBe(0);
  });

  it("leaves nothing behind if npm is terminated, which does not forward the signal", async () => {
    const npm = spawn("npm", ["start", "--", "--port", String(port), "--state", state()], {
      cwd: ROOT,
      stdio: "ignore",
    });
    await vi.waitUntil(() => listenerPid(port) !== null, { timeout: 20_000, interval: 50 });
    npm.kill("SIGTERM");
    await vi.waitUntil(() => listenerPid(port) === null, { timeout: 10_000, interval: 50 });
  });

  async function entryBody(index: number): Promise<string> {
    const answer = (await (await fetch(`${url}/api/entries/${index}`)).json()) as {
      entry: { canonicalizedBody: string };
    };
    return answer.entry.canonicalizedBody;
  }
});

describe("sigedge start fails with one clear line, with exit code 2 for wrong arguments and 1 for the rest", () => {
  const rejects: readonly [what: string, args: () => readonly string[], line: RegExp, exitCode?: number][] = [
    [
      "a state folder of another URL",
      () => ["--port", String(port + 1), "--state", state()],
      /belongs to http:\/\/localhost:\d+; start with that --port/,
      1,
    ],
    [
      "an unwritable state folder",
      () => ["--port", String(port), "--state", "/dev/null/state"],
      /cannot write the state folder \/dev\/null\/state \(ENOTDIR\)/,
      1,
    ],
    ["a word for a port", () => ["--port", "http"], /--port http is not a port; give 1 to 65535/],
    [
      "an address that other machines reach",
      () => ["--listen", "0.0.0.0"],
      /--listen 0\.0\.0\.0 .*accepted in a container only/,
    ],
    ["a port beyond the last", () => ["--port", "65536"], /is not a port/],
    [
      "an unknown policy",
      () => ["--accept", "anything"],
      /--accept anything is unknown; give one of own-ca, own-ca\+listed-keys, open/,
    ],
    ["an unknown flag", () => ["--color"], /Unknown option '--color'; see sigedge start --help/],
    ["a flag without its value", () => ["--state"], /--state.* argument missing; see sigedge start --help/],
    ["a stray word", () => ["8788"], /unexpected argument 8788/],
  ];

  it.each(rejects)("for %s", async (_, args, line, exitCode = 2) => {
    const { code, stdout, stderr } = await runStart(...args()).ended;
    expect(stderr).toMatch(line);
    expect(stderr).toMatch(/^sigedge start: [^\n]+\n$/);
    expect([code, stdout]).toEqual([exitCode, ""]);
  });

  it("for flags that npm kept for itself", async () => {
    const args = ["start", "8788"];
    const { code, stderr } = await runCommand("cli/sigedge.mjs", { args, env: { npm_lifecycle_event: "start" } }).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining("write npm start -- --port 8788\n")]);
  });

  it("for a port in use", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const { code, stderr } = await start().ended;
    await new Promise((resolve) => server.close(resolve));
    expect([code, stderr]).toEqual([
      1,
      `sigedge start: cannot listen on port ${port} (it is in use); choose another with --port N\n`,
    ]);
  });

  it("for a damaged key", async () => {
    writeFileSync(
      join(state(), "keys", "ca.key.pem"),
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    const { code, stderr } = await start().ended;
    expect(stderr).toMatch(
      /^sigedge start: .*ca\.key\.pem is not a P-256 private key; restore it from a backup[^\n]+\n$/,
    );
    expect(code).toBe(1);
  });

  it("but --help exits with 0", async () => {
    const { code, stdout } = await runStart("--help").ended;
    expect(code).toBe(0);
    for (const flag of ["--port", "--state", "--accept"]) expect(stdout).toContain(flag);
  });

  it("for an old Node, by a script that it can parse", async () => {
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '20.11.0' })";
    const { code, stderr } = await runCommand("tools/check-node.mjs", {
      env: { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(pretend)}"` },
    }).ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^sigedge: Node 20\.11\.0 is too old.*npm ci.*\n$/)]);
    expect((await runCommand("tools/check-node.mjs").ended).code).toBe(0);
  });
});
