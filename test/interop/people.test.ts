// SPDX-License-Identifier: Apache-2.0
// The commands that `sigedge trust` prints, run as they are printed: people log in at the operator's provider, and sign
// with a token where there is none. Attestations of both clients are found by what they attest.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interopFolder, interopPath } from "../../tools/interop-tools.ts";
import { runCommand } from "../support/process/command.ts";
import { type LoginProvider, makeBrowser, startLoginProvider } from "../support/process/login-provider.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { ARTIFACTS } from "./clients/artifacts.ts";

const ALICE = "alice@example.com";
const TOOLS = { cosign: "cosign", "sigstore-python": "sigstore-python" } as const;
type Tool = keyof typeof TOOLS;
const CLIENTS: readonly Tool[] = ["cosign", "sigstore-python"];

const root = mkdtempSync(join(tmpdir(), "sigedge-people-"));
let provider: LoginProvider;
let withProvider: TestStack;
let without: TestStack;

beforeAll(async () => {
  provider = await startLoginProvider(ALICE);
  withProvider = await startStack({
    vars: { OIDC_PROVIDERS: JSON.stringify([provider.url]), ISSUERS: JSON.stringify([provider.row]) },
  });
  // Without the development connector, as a deployment without a connector.
  without = await startStack({ vars: { OIDC_PROVIDERS: "" } });
});
afterAll(async () => {
  provider?.stop();
  await withProvider?.stop();
  await without?.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Printed {
  readonly folder: string;
  readonly provider: string | null;
  readonly issuer: string | null;
  readonly script: string;
}

/**
 * Returns the output of `sigedge trust` for a client, its placeholders filled in, in a folder with the files it names.
 */
async function printedFor(stack: TestStack, client: Tool): Promise<Printed> {
  const folder = mkdtempSync(join(root, "person-"));
  const args = ["trust", stack.url, "--for", client, "--out", folder, "--json"];
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args }).ended;
  expect(code, stderr).toBe(0);
  const printed = JSON.parse(stdout) as Omit<Printed, "folder" | "script"> & {
    readonly configurations: Readonly<Record<string, string>>;
  };
  for (const [name, text] of Object.entries(ARTIFACTS)) writeFileSync(join(folder, name), text);
  const script = (printed.configurations[client] ?? "").replaceAll("IDENTITY", ALICE).replace(/\bFILE\b/g, "README.md");
  return { ...printed, folder, script };
}

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a script in a terminal, as cosign opens a browser in no other place. */
async function run(script: string, { folder }: Pick<Printed, "folder">): Promise<Ended> {
  const { bin, browser } = makeBrowser(folder);
  const path = [bin, ...CLIENTS.flatMap((client) => interopPath(TOOLS[client])), process.env["PATH"] ?? ""];
  writeFileSync(join(folder, "script.sh"), script);
  const terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(['bash', '-e', 'script.sh'])))";
  const child = spawn("python3", ["-c", terminal], {
    cwd: folder,
    env: {
      PATH: path.join(delimiter),
      HOME: folder,
      BROWSER: browser,
      PYTHONPATH: interopFolder("sigstore-python"),
      TERM: "dumb",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

describe.each(CLIENTS)("%s", (client) => {
  it("signs as the person who logs in at the operator's provider, and verifies, as printed", async () => {
    const printed = await printedFor(withProvider, client);
    expect([printed.provider, printed.issuer]).toEqual([provider.url, provider.url]);
    expect(printed.script).not.toContain("token");
    const before = provider.logins();
    const ended = await run(printed.script, printed);
    expect(ended.code, ended.output).toBe(0);
    expect(provider.logins()).toBe(before + 1);
  });

  it("signs with a token where nobody can log in, and verifies, as printed", async () => {
    const printed = await printedFor(without, client);
    expect([printed.provider, printed.issuer]).toEqual([null, `${without.url}/oidc`]);
    const ended = await run(printed.script, printed);
    expect(ended.code, ended.output).toBe(0);
  });

  it("says that there is no provider instead of opening a page that does not exist", async () => {
    const printed = await printedFor(without, client);
    const ended = await run(printed.script.replace(/ --identity-token (?:"[^"]*"|\S+)/, ""), printed);
    expect(ended.code).not.toBe(0);
    expect(ended.output).toMatch(/selecting OIDC issuer|No valid OIDC provider found in signing config/);
  });

  it("makes attestations that are found by what they attest, once their envelope was sent", async () => {
    const printed = await printedFor(without, client);
    const [first = "", ...rest] = printed.script.split("\n");
    const setUp = [first, ...rest.filter((line) => line.includes("token.txt") && line.startsWith("curl"))].join("\n");
    const attest =
      client === "cosign"
        ? "cosign attest-blob -y --identity-token token.txt --predicate predicate.json --type slsaprovenance1 --bundle attestation.json README.md"
        : `sigstore --instance ${without.url}/tuf attest --identity-token "$(cat token.txt)" --predicate predicate.json --predicate-type https://slsa.dev/provenance/v1 --bundle attestation.json README.md`;
    const ended = await run(`${setUp}\n${attest}\n`, printed);
    expect(ended.code, ended.output).toBe(0);
    const args = ["index-attestation", join(printed.folder, "attestation.json"), "--url", without.url, "--json"];
    const indexed = await runCommand("cli/sigedge.mjs", { args }).ended;
    expect(indexed.code, indexed.stderr).toBe(0);
    const { files } = JSON.parse(indexed.stdout) as {
      readonly files: readonly { readonly entries: readonly { readonly log: string; readonly index: number }[] }[];
    };
    const digest = createHash("sha256")
      .update(ARTIFACTS["README.md"] ?? "")
      .digest("hex");
    const page = (await (await fetch(`${without.url}/api/search?digest=${digest}`)).json()) as {
      readonly hits: readonly { readonly log: string; readonly index: number }[];
    };
    const found = page.hits.map(({ log, index }) => ({ log, index }));
    expect(found).toEqual(expect.arrayContaining([...(files[0]?.entries ?? [])]));
  });
});
