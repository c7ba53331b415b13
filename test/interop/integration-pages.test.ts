// SPDX-License-Identifier: Apache-2.0
// Runs what the pages of docs/integrations give to paste for CI systems and npm, exactly as printed, against a running
// instance, and checks the files of the CI systems with checkers by others. The jobs of a CI are people here: its own
// names stand for them in the pages.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../../cli/root.ts";
import { interopFolder, interopPath, interopTool, interopVersion } from "../../tools/interop-tools.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type NpmRegistry, startNpmRegistry } from "./clients/npm-registry.ts";
import { startRegistry } from "./clients/registry.ts";

const SIGNER = "alice@example.com";
const LIBNPMPUBLISH = interopVersion("npm", "libnpmpublish");

/** The code blocks of a page in a language. */
function blocksOf(page: string, language: string): readonly string[] {
  const text = readFileSync(join(ROOT, "docs/integrations", page), "utf8");
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, found, code = ""]) =>
    found === language ? [code] : [],
  );
}

let stack: TestStack;
let registry: NpmRegistry;
let runner: Server;
let token: string;
let folder: string;

beforeAll(async () => {
  [stack, registry] = await Promise.all([startStack(), startNpmRegistry()]);
  token = await stack.token(SIGNER);
  // The endpoint at which a job of GitHub requests its token.
  runner = createServer((_, response) => response.end(JSON.stringify({ value: token })));
  runner.listen(0, "127.0.0.1");
  await once(runner, "listening");
}, 120_000);

afterAll(async () => {
  runner.close();
  registry.stop();
  await stack.stop();
});

interface Ended {
  readonly code: number;
  readonly output: string;
}

async function run(script: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const path = [...interopPath("cosign"), ...interopPath("npm"), dirname(process.execPath), process.env["PATH"] ?? ""];
  const child = spawn("bash", ["-ec", script], {
    cwd: folder,
    env: { PATH: path.join(delimiter), HOME: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

const expectSuccess = ({ code, output }: Ended): void => expect([code, code === 0 ? "" : output]).toEqual([0, ""]);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-pages-"));
  for (const name of ["trusted_root.json", "signing_config.json"]) {
    writeFileSync(join(folder, name), await (await fetch(`${stack.url}/${name}`)).text());
  }
  expectSuccess(await run("git init -q . && git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m x"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Step {
  readonly run?: string;
}
interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}
interface Pipeline {
  readonly sign: { readonly script: readonly string[] };
  readonly verify: { readonly script: readonly string[] };
}

const scriptOf = (workflow: string): string =>
  Object.values((parse(workflow) as Workflow).jobs)
    .flatMap(({ steps }) => steps.flatMap((step) => step.run ?? []))
    .join("\n");

interface Ci {
  readonly page: string;
  readonly scripts: () => readonly [sign: string, verify: string];
  readonly env: () => Readonly<Record<string, string>>;
}

const SYSTEMS: readonly Ci[] = [
  {
    page: "github-actions.md",
    scripts: () => {
      const [release = "", deploy = ""] = blocksOf("github-actions.md", "yaml");
      return [scriptOf(release), scriptOf(deploy)];
    },
    env: () => ({
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner",
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(runner.address() as AddressInfo).port}/?api-version=2.0`,
    }),
  },
  {
    page: "gitlab-ci.md",
    scripts: () => {
      const { sign, verify } = parse(blocksOf("gitlab-ci.md", "yaml")[0] ?? "") as Pipeline;
      return [sign.script.join("\n"), verify.script.join("\n")];
    },
    env: () => ({ SIGSTORE_ID_TOKEN: token }),
  },
  {
    page: "jenkins.md",
    scripts: () => {
      const [sign = "", verify = ""] = Array.from(
        (blocksOf("jenkins.md", "groovy")[0] ?? "").matchAll(/sh '''(.*?)'''/gs),
        ([, script = ""]) => script,
      );
      return [sign, verify];
    },
    env: () => ({ TOKEN: join(folder, "token") }),
  },
];

describe.each(SYSTEMS)("docs/integrations/$page", ({ scripts, env }) => {
  it("signs and attests, and verifies both", async () => {
    const [sign, verify] = scripts();
    writeFileSync(join(folder, "token"), token);
    const issued = { SIGNER, ISSUER: `${stack.url}/oidc` };
    expectSuccess(await run(sign, env()));
    const verified = await run(verify, issued);
    expect([verified.code, verified.output.match(/Verified OK/g)?.length]).toEqual([0, 2]);
    const others = await run(verify, { ...issued, SIGNER: "mallory@example.com" });
    expect([others.code, others.output]).toEqual([1, expect.stringContaining("expected SAN value")]);
    writeFileSync(join(folder, "app.tar.gz"), "changed");
    expect((await run(verify, issued)).output).toContain("invalid signature");
    expect((await run(verify.replace(/^.*verify-blob --.*$/m, ""), issued)).output).toContain("digests do not match");
  });
});

it("gives GitHub workflows that actionlint takes", () => {
  for (const workflow of blocksOf("github-actions.md", "yaml")) {
    const { status, stdout } = spawnSync(interopTool("actionlint"), ["-"], { input: workflow, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
  }
});

it("gives a pipeline that the schema of GitLab takes", async () => {
  const pipeline = blocksOf("gitlab-ci.md", "yaml")[0] ?? "";
  const check = async (text: string): Promise<Ended> => {
    writeFileSync(join(folder, ".gitlab-ci.yml"), text);
    return await run(
      `git remote get-url origin >/dev/null 2>&1 || git remote add origin https://gitlab.example.com/acme/app.git
git config user.name a; git config user.email a@b.c
${interopTool("gitlab-ci-local")} --list`,
    );
  };
  expect(await check(pipeline)).toMatchObject({ code: 0, output: expect.stringContaining("json schema validated") });
  const wrong = pipeline.replace("{ aud: sigstore }", "sigstore");
  expect((await check(wrong)).output).toMatch(/SIGSTORE_ID_TOKEN/);
});

interface Releaser {
  readonly signs: readonly [{ readonly cmd: string; readonly signature: string; readonly args: readonly string[] }];
}

describe("docs/integrations/go-releases.md", () => {
  const page = "go-releases.md";
  const env = (): Readonly<Record<string, string>> => ({ SIGSTORE_ID_TOKEN: token });
  const atInstance = (script: string): string => script.replaceAll("https://HOST", stack.url);

  it("signs a list of checksums as goreleaser is told to, and verifies it and the files", async () => {
    const [{ cmd, signature, args }] = (parse(blocksOf(page, "yaml")[0] ?? "") as Releaser).signs;
    const withNames = (text: string): string =>
      text.replaceAll("${signature}", signature).replaceAll("${artifact}", "checksums.txt");
    writeFileSync(join(folder, "app.tar.gz"), "an archive");
    expectSuccess(await run("sha256sum app.tar.gz > checksums.txt"));
    expectSuccess(await run([cmd, ...args].map(withNames).join(" "), env()));
    const verify = atInstance(blocksOf(page, "sh")[0] ?? "");
    expect(await run(verify)).toMatchObject({ code: 0, output: expect.stringContaining("app.tar.gz: OK") });
    writeFileSync(join(folder, "app.tar.gz"), "another archive");
    expect((await run(verify)).output).toContain("app.tar.gz: FAILED");
    writeFileSync(join(folder, "checksums.txt"), "changed");
    expect((await run(verify)).output).toContain("invalid signature");
  });

  it("signs and verifies the image whose name ko prints", async () => {
    const [build = "", ...commands] = atInstance(blocksOf(page, "sh")[1] ?? "").split("\n");
    expect(build).toBe("ko build --bare . > image.txt");
    const images = await startRegistry();
    try {
      writeFileSync(join(folder, "app"), "a program");
      const push = `tar -cf layer.tar app && ${interopTool("crane")} append --oci-empty-base -f layer.tar -t ${images.address}/app 2>/dev/null > image.txt`;
      expectSuccess(await run(push));
      expectSuccess(await run(commands.join("\n"), env()));
      const other = commands.join("\n").replace("alice@example.com", "mallory@example.com");
      expect((await run(other, env())).output).toContain("expected SAN value");
    } finally {
      images.stop();
    }
  });
});

describe("docs/integrations/npm.md", () => {
  it("publishes with provenance, and verifies it", async () => {
    const [publish = "", verify = ""] = blocksOf("npm.md", "js").map((code) =>
      code
        .replaceAll("https://HOST", stack.url)
        .replaceAll("https://REGISTRY", registry.url)
        .replaceAll("alice@example.com", SIGNER),
    );
    writeFileSync(join(folder, "package.json"), '{"name": "app", "version": "1.0.0", "license": "Apache-2.0"}');
    writeFileSync(join(folder, "publish.mjs"), publish);
    writeFileSync(join(folder, "verify.mjs"), verify);
    writeFileSync(join(folder, "other.mjs"), verify.replace(SIGNER, "mallory@example.com"));
    writeFileSync(join(folder, "root.json"), await (await fetch(`${stack.url}/tuf/root.json`)).text());
    symlinkSync(join(interopFolder("npm"), "node_modules"), join(folder, "node_modules"));
    const [install = "", ...rest] = (blocksOf("npm.md", "sh")[0] ?? "").split("\n");
    expect(install).toBe(`npm install --no-save libnpmpublish@${LIBNPMPUBLISH}`);
    const job = { CI: "true", GITLAB_CI: "true", SIGSTORE_ID_TOKEN: token, NPM_TOKEN: "secret" };
    expectSuccess(await run(rest.join("\n"), job));
    expectSuccess(await run("node verify.mjs"));
    const other = await run("node other.mjs");
    expect([other.code, other.output]).toEqual([1, expect.stringContaining("certificate identity error")]);
  });
});
