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
import { CONFIGURATIONS } from "./clients.ts";
import { TRUST } from "./command.ts";
import { readTrustFromFolder, readTrustFromUrl, type Trust } from "./files.ts";

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

it("prints commands with the address that it asked", async () => {
  serve(ADDRESS, `${ADDRESS}/api/v1/timestamp`, "https://login.example.com:8443/realms/staff_1");
  const trust = await readTrustFromUrl(ADDRESS);
  vi.unstubAllGlobals();
  expect(trust).toMatchObject({ ok: true, value: { url: ADDRESS } });
});

describe("a folder that somebody else has written", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sigedge-trust-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Reads a folder whose signing config has these addresses. */
  function readFolder(url: string, provider: string): Result<Trust, string> {
    const empty = { tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] };
    const config = {
      caUrls: [{ url }],
      tsaUrls: [{ url: `${url}/api/v1/timestamp` }],
      oidcUrls: [{ url: provider, validFor: { start: "2026-01-01T00:00:00Z" } }],
    };
    writeFileSync(join(folder, "trusted_root.json"), JSON.stringify(empty));
    writeFileSync(join(folder, "signing_config.json"), JSON.stringify(config));
    return readTrustFromFolder(folder);
  }

  /** The programs that the commands name do nothing here: whatever appears in the folder, the shell has made. */
  function runInShell(trust: Trust): readonly string[] {
    const programs = ["cosign", "sigstore", "git", "curl", "sed", "cat"].map((name) => `${name}() { :; }`).join("\n");
    const commands = (["cosign", "sigstore-python", "gitsign"] as const).map((client) => CONFIGURATIONS[client](trust));
    const script = `${programs}\n${commands.join("\n")}`;
    const { status } = spawnSync("bash", ["-c", script], { cwd: folder, stdio: "ignore" });
    expect(status).toBe(0);
    return readdirSync(folder);
  }

  it("whose names are good is printed as commands that run", () => {
    const trust = valueOf(readFolder("https://sign.example.com", "https://login.example.com:8443/realms/staff_1"));
    expect(runInShell(trust).toSorted()).toEqual(["signing_config.json", "trusted_root.json"]);
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
