// SPDX-License-Identifier: Apache-2.0
// The commands on the page of an entry, run as they are printed, for entries that real clients made: they verify what
// was signed, and nothing else.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interopFolder, interopPath } from "../../tools/interop-tools.ts";
import { GITHUB_CLAIMS } from "../support/authority/identities.ts";
import { signToken } from "../support/authority/identity-token.ts";
import { type LoopbackIssuers, startLoopbackIssuers } from "../support/authority/loopback-issuers.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { PREDICATE } from "./clients/artifacts.ts";
import { type Registry, startRegistry } from "./clients/registry.ts";

const ALICE = "alice@example.com";
const TOOLS = ["cosign", "crane", "sigstore-python"] as const;

const root = mkdtempSync(join(tmpdir(), "sigedge-entry-commands-"));
let stack: TestStack;
let registry: Registry;
let issuers: LoopbackIssuers;

beforeAll(async () => {
  issuers = await startLoopbackIssuers();
  const github = {
    "issuer-url": `${issuers.origin}/github`,
    type: "ci-provider",
    "ci-provider": "github-workflow",
  };
  [stack, registry] = await Promise.all([
    startStack({ vars: { ACCEPT: "open", ISSUERS: JSON.stringify([github]) } }),
    startRegistry(),
  ]);
});
afterAll(async () => {
  issuers?.close();
  registry?.stop();
  await stack?.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a script in a folder, with the programs of the clients. */
async function run(script: string, folder: string): Promise<Ended> {
  const env = {
    PATH: [...TOOLS.flatMap(interopPath), process.env["PATH"] ?? ""].join(delimiter),
    HOME: folder,
    PYTHONPATH: interopFolder("sigstore-python"),
    COSIGN_PASSWORD: "secret",
    S: stack.url,
    REGISTRY: registry.address,
  };
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], { cwd: folder, env, stdio: [...stdio] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, output };
}

const SERVICES = "--signing-config signing_config.json --trusted-root trusted_root.json";
const TOKEN = `-y --identity-token token.txt ${SERVICES}`;
const PYTHON = 'SIGSTORE_IDENTITY_TOKEN="$(cat token.txt)" sigstore --trust-config client_trust_config.json';
const PUSH = "tar -cf layer.tar FILE && crane append --oci-empty-base -f layer.tar -t $REGISTRY/app:1 > pushed.txt";
const PREDICATE_FLAGS = "--predicate predicate.json --type slsaprovenance1";

/** One kind of entry. */
interface Kind {
  readonly name: string;
  /** Signs FILE, or the image that was pushed of it. */
  readonly sign: string;
  readonly signer?: "workflow";
  /** The name that the page has for it. */
  readonly what: string;
  /** Whom the command expects. */
  readonly who?: string;
  readonly refusedWith: RegExp;
}

const WORKFLOW = `--certificate-identity https://github.com/${GITHUB_CLAIMS.job_workflow_ref}`;
const ATTESTATION = "an attestation about a file";

const KINDS: readonly Kind[] = [
  {
    name: "a file that cosign signed for a person",
    sign: `cosign sign-blob ${TOKEN} --bundle FILE.sigstore.json FILE`,
    what: "a file",
    who: `--certificate-identity ${ALICE}`,
    refusedWith: /invalid signature/,
  },
  {
    name: "a file that cosign signed for a workflow",
    sign: `cosign sign-blob ${TOKEN} --bundle FILE.sigstore.json FILE`,
    signer: "workflow",
    what: "a file",
    who: WORKFLOW,
    refusedWith: /invalid signature/,
  },
  {
    name: "a file that cosign signed with a key",
    sign: `cosign generate-key-pair && cp cosign.pub KEY.pub && cosign sign-blob -y --key cosign.key ${SERVICES} --bundle FILE.sigstore.json FILE`,
    what: "a file",
    who: "--key KEY.pub",
    refusedWith: /invalid signature/,
  },
  {
    name: "an attestation of cosign",
    sign: `cosign attest-blob ${TOKEN} ${PREDICATE_FLAGS} --bundle FILE.sigstore.json FILE`,
    what: ATTESTATION,
    refusedWith: /artifact digests do not match/,
  },
  {
    name: "an image that cosign signed",
    sign: `${PUSH} && cosign sign ${TOKEN} $(cat pushed.txt)`,
    what: "a container image",
    refusedWith: /no signatures found/,
  },
  {
    name: "an attestation of cosign about an image",
    sign: `${PUSH} && cosign attest ${TOKEN} ${PREDICATE_FLAGS} $(cat pushed.txt)`,
    signer: "workflow",
    what: "an attestation about a container image",
    who: WORKFLOW,
    refusedWith: /no (?:matching attestations|signatures found)/,
  },
  {
    name: "a file that sigstore-python signed",
    sign: `${PYTHON} sign --bundle FILE.sigstore.json FILE`,
    what: "a file",
    refusedWith: /invalid signature/,
  },
  {
    name: "an attestation of sigstore-python",
    sign: `${PYTHON} attest --predicate predicate.json --predicate-type https://slsa.dev/provenance/v1 --bundle FILE.sigstore.json FILE`,
    what: ATTESTATION,
    refusedWith: /artifact digests do not match/,
  },
];

async function tokenOf(kind: Kind): Promise<string> {
  if (kind.signer === undefined) return await stack.token(ALICE);
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...GITHUB_CLAIMS, iss: `${issuers.origin}/github`, aud: "sigstore", iat: now, exp: now + 300 };
  return signToken(claims, issuers.key, { alg: "ES256" });
}

interface Made {
  readonly folder: string;
  readonly index: number;
}

/** Makes the entry, in a folder with everything that the client asks for. */
async function make(kind: Kind): Promise<Made> {
  const folder = mkdtempSync(join(root, "signer-"));
  writeFileSync(join(folder, "FILE"), `what was signed: ${kind.name}\n`);
  writeFileSync(join(folder, "predicate.json"), JSON.stringify(PREDICATE));
  writeFileSync(join(folder, "token.txt"), await tokenOf(kind));
  for (const name of ["trusted_root.json", "signing_config.json", "client_trust_config.json"])
    writeFileSync(join(folder, name), await (await fetch(`${stack.url}/${name}`)).text());
  const { code, output } = await run(kind.sign, folder);
  expect(code, output).toBe(0);
  const [, size = "0"] = (await (await fetch(`${stack.url}/checkpoint`)).text()).split("\n");
  return { folder, index: Number(size) - 1 };
}

const UNESCAPED: Readonly<Record<string, string>> = {
  "&#34;": '"',
  "&#39;": "'",
  "&#38;": "&",
  "&lt;": "<",
  "&gt;": ">",
};

async function readPage(index: number): Promise<string> {
  const page = await fetch(`${stack.url}/entry/signature/${index}`, { headers: { accept: "text/html" } });
  return await page.text();
}

/** The command on the page of an entry for what it may be. */
async function commandOn(index: number, what: string): Promise<string> {
  const page = await readPage(index);
  const [, command = ""] = new RegExp(`data-copy="command for ${what}"><pre><code>(.*?)</code>`, "s").exec(page) ?? [];
  expect(command, page).not.toBe("");
  return command.replaceAll(/&#?\w+;/g, (entity) => UNESCAPED[entity] ?? `unknown entity ${entity}`);
}

/** The command with the words that the page asks the reader to replace. */
const fillIn = (command: string, pushed: string): string => {
  const [image = "", digest = ""] = pushed.trim().split("@");
  return command
    .replace("IMAGE@sha256:DIGEST", `${image}@${digest}`)
    .replace(/IMAGE(?=@)/, image)
    .replace("--type TYPE", "--type slsaprovenance1");
};

const readPushed = (folder: string, { what }: Kind): string =>
  what.includes("image") ? readFileSync(join(folder, "pushed.txt"), "utf8") : "";

/** Another file, or another image, in a copy of the folder. */
async function withOther(folder: string, kind: Kind): Promise<string> {
  const other = mkdtempSync(join(root, "reader-"));
  cpSync(folder, other, { recursive: true });
  writeFileSync(join(other, "FILE"), `what nobody signed: ${kind.name}\n`);
  if (kind.what.includes("image")) expect((await run(PUSH, other)).code).toBe(0);
  return other;
}

describe.each(KINDS)("$name", (kind) => {
  let made: Made;
  beforeAll(async () => {
    made = await make(kind);
  });

  it("verifies by the command of its page, and another one does not", async () => {
    const { folder, index } = made;
    const command = await commandOn(index, kind.what);
    expect(command).toContain(kind.who ?? `--certificate-identity ${ALICE}`);
    const good = await run(fillIn(command, readPushed(folder, kind)), folder);
    expect(good.code, good.output).toBe(0);
    const other = await withOther(folder, kind);
    const bad = await run(fillIn(command, readPushed(other, kind)), other);
    expect([bad.code === 0, bad.output]).toEqual([false, expect.stringMatching(kind.refusedWith)]);
  });

  it("is a file or an attestation, as the log has a digest only", async () => {
    expect(await readPage(made.index)).toMatch(/<h1 class="say">.*signed a file or an attestation on/);
  });

  it.runIf(kind.what === ATTESTATION)(
    "has the one command with its type once somebody sent the attestation",
    async () => {
      const args = ["index-attestation", join(made.folder, "FILE.sigstore.json"), "--url", stack.url];
      await expect
        .poll(async () => (await runCommand("cli/sigedge.mjs", { args }).ended).code, { timeout: 60_000 })
        .toBe(0);
      const page = await readPage(made.index);
      expect(page).toMatch(/<h1 class="say">.*signed an attestation on/);
      expect(page).toContain("SLSA provenance");
      expect(page).not.toContain("command for a file");
      const command = await commandOn(made.index, ATTESTATION);
      expect(command).toContain("--type https://slsa.dev/provenance/v1");
      const good = await run(command, made.folder);
      expect(good.code, good.output).toBe(0);
    },
  );
});
