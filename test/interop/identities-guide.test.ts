// SPDX-License-Identifier: Apache-2.0
// Runs the commands that docs/identities.md gives for each CI, exactly as printed, with cosign and the token where that
// CI puts it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../../cli/root.ts";
import { interopPath } from "../../tools/interop-tools.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const EMAIL = "alice@example.com";
const GUIDE = readFileSync(join(ROOT, "docs", "identities.md"), "utf8");

/** Reads the code block that signs, below a heading. */
function signingBlock(heading: string): string {
  const section = GUIDE.split(`### ${heading}\n`)[1]?.split(/^#{2,3} /m)[0] ?? "";
  const blocks = [...section.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  const found = blocks.find((code) => code.includes("cosign sign-blob"));
  if (found === undefined) throw new Error(`no code block signs below ${heading}`);
  return found;
}

interface Workflow {
  readonly jobs: { readonly release: { readonly steps: readonly { readonly run?: string }[] } };
}
interface Pipeline {
  readonly sign: { readonly script: readonly string[] };
}

const githubScript = (code: string): string =>
  (parse(code) as Workflow).jobs.release.steps.flatMap((step) => step.run ?? []).join("\n");
const gitlabScript = (code: string): string => (parse(code) as Pipeline).sign.script.join("\n");
const jenkinsScript = (code: string): string => /sh '''(.*)'''/s.exec(code)?.[1] ?? "false";

let stack: TestStack;
let github: Server;
let folder: string;
let token = "";

beforeAll(async () => {
  stack = await startStack();
  token = await stack.token(EMAIL);
  // The endpoint from which a runner requests its token.
  github = createServer((request, response) => {
    const isAsked =
      request.headers.authorization === "bearer runner" && request.url?.endsWith("&audience=sigstore") === true;
    response.end(JSON.stringify(isAsked ? { value: token } : {}));
  });
  github.listen(0, "127.0.0.1");
  await once(github, "listening");
});

afterAll(async () => {
  github.close();
  await stack.stop();
});

interface Run {
  readonly script: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function run({ script, env = {} }: Run): Promise<{ readonly code: number; readonly output: string }> {
  const path = [join(folder, "bin"), ...interopPath("cosign"), process.env["PATH"] ?? ""].join(delimiter);
  const child = spawn("bash", ["-ec", script.replaceAll("https://HOST", stack.url)], {
    cwd: folder,
    env: { PATH: path, HOME: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

/** Installs a command of the CI that prints the token. */
function install(name: string, args: string): void {
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/bash\n[ "$*" = '${args}' ] && cat "$HOME/ci-token"\n`);
  chmodSync(path, 0o755);
}

it.each<[string, () => Run]>([
  [
    "GitHub Actions",
    () => ({
      script: `git init -q . && git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m x\n${githubScript(signingBlock("GitHub Actions"))}`,
      env: {
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner",
        ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}/?api-version=2.0`,
      },
    }),
  ],
  ["GitLab", () => ({ script: gitlabScript(signingBlock("GitLab")), env: { SIGSTORE_ID_TOKEN: token } })],
  ["Buildkite", () => ({ script: signingBlock("Buildkite") })],
  ["CircleCI", () => ({ script: signingBlock("CircleCI") })],
  ["Jenkins", () => ({ script: jenkinsScript(signingBlock("Jenkins")), env: { TOKEN: join(folder, "ci-token") } })],
])("%s signs with the commands of the guide, and the result verifies with them", async (_, prepare) => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-guide-"));
  try {
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "app.tar.gz"), "an artifact");
    writeFileSync(join(folder, "ci-token"), token);
    install("buildkite-agent", "oidc request-token --audience sigstore");
    install("circleci", `run oidc get --claims {"aud":"sigstore"}`);
    const signed = await run(prepare());
    expect([signed.code, signed.code === 0 ? "" : signed.output]).toEqual([0, ""]);
    expect(existsSync(join(folder, "app.sigstore.json"))).toBe(true);
    const [, verifying = "false"] =
      /^```sh\n(.*?verify-blob.*?)^```$/ms.exec(GUIDE.slice(GUIDE.indexOf("## Copy and paste"))) ?? [];
    const by = (name: string): Run => ({
      script: verifying.replace("NAME", name).replace("ISSUER", `${stack.url}/oidc`),
    });
    const verified = await run(by(EMAIL));
    expect([verified.code, verified.output]).toEqual([0, expect.stringContaining("Verified OK")]);
    expect((await run(by("mallory@example.com"))).code).toBe(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
