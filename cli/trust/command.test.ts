// SPDX-License-Identifier: Apache-2.0

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Result } from "../../shared/result.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { findFreePort, LISTEN_ADDRESS } from "../address.ts";
import { TRUST } from "./command.ts";
import { readTrustFromFolder, readTrustFromUrl, type Trust } from "./files.ts";
import { configurationOf } from "./tools/tool.ts";
import { TOOL_NAMES, TOOLS } from "./tools/tools.ts";

it("--serve refuses a taken port with one line, before it reads anything", async () => {
  const port = valueOf(await findFreePort(0));
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(port, LISTEN_ADDRESS, resolve));
  const written = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const code = await TRUST.execute(["https://nowhere.invalid", "--serve", String(port)]);
  const lines = written.mock.calls.map(([text]) => String(text));
  written.mockRestore();
  await new Promise((resolve) => server.close(resolve));
  expect([code, lines]).toEqual([
    1,
    [`sigedge trust: cannot serve at port ${port} (it is in use); choose another with --serve PORT\n`],
  ]);
});

const ADDRESS = "https://sign.example.com";

/** Answers with a signing config that has these addresses. */
function serve(ca: string, tsa: string, provider: string): void {
  const root = { tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] };
  const config = { caUrls: [{ url: ca }], tsaUrls: [{ url: tsa }], oidcUrls: [{ url: provider }] };
  vi.stubGlobal("fetch", (url: string) =>
    Promise.resolve(Response.json(url.endsWith("trusted_root.json") ? root : config)),
  );
}

it.each([
  [`${ADDRESS}; touch PWNED #`, `${ADDRESS}/api/v1/timestamp`, "https://p.example"],
  ["https://elsewhere.example", "https://elsewhere.example/api/v1/timestamp", "https://p.example"],
  [ADDRESS, `${ADDRESS}/api/v1/timestamp\n touch PWNED`, "https://p.example"],
  [ADDRESS, "https://elsewhere.example/api/v1/timestamp", "https://p.example"],
  [ADDRESS, `${ADDRESS}/api/v1/timestamp`, "https://p.example/$(touch PWNED)"],
  [ADDRESS, `${ADDRESS}/api/v1/timestamp`, "https://p.example/'; touch PWNED"],
])("prints no command that a server has written: %j", async (...addresses) => {
  serve(...addresses);
  const trust = await readTrustFromUrl(ADDRESS);
  vi.unstubAllGlobals();
  expect(trust).toMatchObject({ ok: false });
});

it.each(TOOL_NAMES)("%s: names the address that it asked, or says that there is no log of Rekor v1", async (name) => {
  serve(ADDRESS, `${ADDRESS}/api/v1/timestamp`, "https://login.example.com");
  const trust = valueOf(await readTrustFromUrl(ADDRESS));
  vi.unstubAllGlobals();
  const text = configurationOf(TOOLS[name], { ...trust, hasTuf: true });
  const needsLog = "needsRekorV1" in TOOLS[name];
  expect(text.includes("npx sigedge rotate rekor-v1-log")).toBe(needsLog);
  const withLog = configurationOf(TOOLS[name], { ...trust, hasTuf: true, rekorV1Url: `${ADDRESS}/rekor-v1` });
  expect(name === "policy-controller" || withLog.includes(ADDRESS)).toBe(true);
});

it("prints commands with the address that it asked", async () => {
  serve(ADDRESS, `${ADDRESS}/api/v1/timestamp`, "https://login.example.com:8443/realms/staff_1");
  const trust = await readTrustFromUrl(ADDRESS);
  vi.unstubAllGlobals();
  expect(trust).toMatchObject({ ok: true, value: { url: ADDRESS } });
});

/** The configuration of these is code or a file of another language. */
const CODE: ReadonlySet<string> = new Set(["sigstore-js", "sigstore-go", "npm"]);

describe("a folder that somebody else has written", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sigedge-trust-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Reads a folder whose signing config has these addresses. */
  function readFolder(url: string, provider: string, log = `${url}/rekor-v1`): Result<Trust, string> {
    const empty = { tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] };
    const config = {
      caUrls: [{ url }],
      tsaUrls: [{ url: `${url}/api/v1/timestamp` }],
      oidcUrls: [{ url: provider, validFor: { start: "2026-01-01T00:00:00Z" } }],
      rekorTlogUrls: [
        { url, majorApiVersion: 2 },
        { url: log, majorApiVersion: 1 },
      ],
    };
    writeFileSync(join(folder, "trusted_root.json"), JSON.stringify(empty));
    writeFileSync(join(folder, "signing_config.json"), JSON.stringify(config));
    return readTrustFromFolder(folder);
  }

  /** The programs that the commands name do nothing here: whatever appears in the folder, the shell has made. */
  function runInShell(trust: Trust): readonly string[] {
    const programs = ["cosign", "sigstore", "git", "curl", "sed", "cat", "kubectl", "rekor-cli", "diff"].concat([
      "gitsign",
      "rekor_monitor",
      "ct_monitor",
    ]);
    const stubs = programs.map((name) => `${name}() { :; }`).join("\n");
    const commands = TOOL_NAMES.filter((name) => !CODE.has(name)).map((name) => configurationOf(TOOLS[name], trust));
    const script = `set -eu\n${stubs}\n${commands.join("\n")}`;
    const { status, stderr } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "utf8" });
    expect(status, stderr).toBe(0);
    return readdirSync(folder);
  }

  it("whose names are good is printed as commands that run", () => {
    const trust = valueOf(readFolder("https://sign.example.com", "https://login.example.com:8443/realms/staff_1"));
    expect(runInShell(trust).toSorted()).toEqual(["signing_config.json", "trusted_root.json"]);
  });

  it("whose log of Rekor v1 is named by a command is refused", () => {
    const { error } = readFolder("https://sign.example.com", "https://p.example", "https://l.example/`id`") as {
      readonly error: string;
    };
    expect(error).toContain("names a log whose address is not a URL");
  });

  it.each([
    ["https://a;touch$IFS'PWNED';.example.com", "https://p.example"],
    ["https://a$(touch${IFS}PWNED).example.com", "https://p.example"],
    ["https://a`touch${IFS}PWNED`.example.com", "https://p.example"],
    ["https://a&touch${IFS}PWNED&.example.com", "https://p.example"],
    ["https://sign.example.com", "https://p$(touch${IFS}PWNED).example"],
    ["https://sign.example.com", "https://p.example/`touch PWNED`"],
    ["https://sign.example.com", "https://p.example/\ntouch PWNED"],
  ])("prints no command of its own: %j %j", (url, provider) => {
    // The URL parser writes hosts in lower case.
    expect(readFolder(url.toLowerCase(), provider)).toMatchObject({ ok: false });
  });

  it("has no character that a shell interprets in any address that is printed", () => {
    const text = fc.string({ unit: "grapheme-ascii", maxLength: 12 });
    fc.assert(
      fc.property(text, text, text, (host, providerHost, path) => {
        const trust = readFolder(`https://a${host}.example`, `https://p${providerHost}.example/${path}`);
        if (!trust.ok) return;
        const { url, timestampUrl, provider } = trust.value;
        for (const address of [url, timestampUrl, provider]) expect(address).toMatch(/^https:[A-Za-z0-9/:._~%-]+$/);
      }),
    );
  });
});
