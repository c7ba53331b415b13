// SPDX-License-Identifier: Apache-2.0
// Installs the package as npm publishes it into an empty folder, on the machine's own Node. What works in a clone
// works without one, keeps its state in that folder and writes nothing to node_modules.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { findFreePort, localUrl } from "../../../cli/address.ts";
import { ROOT } from "../../../cli/root.ts";
import { readInstance, sign } from "../../../cli/signing/sigstore-js.ts";
import { bundleWorker, LOCAL_ENTRY, minifyWorker } from "../../../local/bundle.ts";
import { requestToken } from "../../../local/dev-issuer.ts";
import { listenerPid } from "../../support/process/listener.ts";
import { valueOf } from "../../support/value-of.ts";
import { type Running, snapshot, type UserFolder, userFolder } from "./folder.ts";

/** Compressed. What the package depends on is 200 times that: workerd, Node, wrangler. */
const MAX_PACKED_BYTES = 1792 * 1024;

const packed = inject("packed");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
};

let user: UserFolder;
let installed: string;
let untouched: readonly string[];

beforeAll(async () => {
  user = userFolder();
  await user.run(`npm install --no-audit --no-fund ${packed.tarball}`);
  installed = join(user.path, "node_modules", "sigedge");
  untouched = snapshot(join(user.path, "node_modules"));
});

afterAll(() => user.remove());

const read = (path: string): string => readFileSync(join(installed, path), "utf8");

describe("the tarball", () => {
  it("is small", () => expect(packed.bytes).toBeLessThan(MAX_PACKED_BYTES));

  it("holds what runs and what wrangler bundles, no test, no key, and nobody's trust root", () => {
    const tops = new Set(packed.files.map((file) => file.split("/")[0]));
    expect([...tops].toSorted((a = "", b = "") => a.localeCompare(b))).toEqual(
      "cli deployment dist docs LICENSE migrations package.json README.md shared tsconfig.json web workers wrangler.toml".split(
        " ",
      ),
    );
    expect(packed.files.filter((file) => /\.test\.|\.pem$|\.dev\.vars|^cli\/.*\.ts$/.test(file))).toEqual([]);
    expect(JSON.parse(read("deployment/trust.json"))).toEqual({});
  });

  it("holds the sources of this version, and a Worker that was built from them", async () => {
    for (const file of packed.files.filter((path) => /^(?:workers|shared|web|migrations)\//.test(path)))
      expect(read(file), file).toBe(readFileSync(join(ROOT, file), "utf8"));
    expect(read("dist/worker.mjs")).toBe(await minifyWorker(await bundleWorker(LOCAL_ENTRY)));
  });

  it("depends on every package that it imports", () => {
    const scripts = readdirSync(join(installed, "dist")).filter((file) => file.endsWith(".js"));
    const text = scripts.map((file) => read(`dist/${file}`)).join("\n");
    const imports = text.matchAll(/^(?:import|export|\}) .*?from "([^".][^"]*)";$|\bimport\("([^".][^"]*)"\)/gm);
    const names = Array.from(
      imports,
      ([, atOnce, late]) => (atOnce ?? late ?? "").match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? "",
    );
    const packages = [...new Set(names)].filter((name) => !name.startsWith("node:") && name !== "esbuild");
    expect(packages.length).toBeGreaterThan(5);
    expect(Object.keys(manifest.dependencies)).toEqual(expect.arrayContaining(packages));
  });
});

describe("npx sigedge", () => {
  it("--version prints the package's version, and --help its commands", async () => {
    expect((await user.run("npx sigedge --version")).stdout).toContain(manifest.version);
    const { stdout } = await user.run("npx sigedge --help");
    for (const command of ["start", "demo", "init", "deploy", "audit"]) expect(stdout).toContain(`  ${command} `);
  });

  it("demo runs to its end", async () => {
    const { stdout, stderr } = await user.run("npx sigedge demo");
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((line) => line.startsWith("✓"))).toHaveLength(13);
  });

  it("init and deploy --dry-run work in the current folder, with the deployment's own trust root", async () => {
    writeFileSync(join(user.path, "passphrase.txt"), "correct horse battery staple\n");
    await user.run("npx sigedge init --url https://sign.example.com --passphrase-file passphrase.txt");
    const folder = join(user.path, ".sigedge-deploy");
    const config = JSON.parse(readFileSync(join(folder, "wrangler.json"), "utf8")) as Record<string, unknown>;
    expect(config).toMatchObject({
      main: "../node_modules/sigedge/workers/index.ts",
      alias: { "#trust-file": join(folder, "trust.json") },
      build: {},
    });
    // The folder may be in a repository of theirs, and it holds keys.
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("*\n");
    const built = await user.run("npx sigedge deploy --dry-run");
    expect(built.stdout).toContain("Nothing was sent");
    const out = join(user.path, "bundle");
    await user.run(`npx wrangler deploy --dry-run --config ${join(folder, "wrangler.json")} --outdir ${out}`);
    const script = readdirSync(out).find((file) => file.endsWith(".js")) ?? "";
    const { roots } = (JSON.parse(readFileSync(join(folder, "trust.json"), "utf8")) as Record<string, TrustTexts>)[
      "https://sign.example.com"
    ] as TrustTexts;
    const keyId = /"keyid": "([0-9a-f]{64})"/.exec(roots[0] ?? "")?.[1];
    expect(readFileSync(join(out, script), "utf8")).toContain(keyId);
    // Another project may have a Worker in this folder: what a bare `wrangler deploy` deploys is not ours to change.
    expect(existsSync(join(user.path, ".wrangler", "deploy"))).toBe(false);
  });

  it("doctor builds the deployment, and finds nobody at its address", async () => {
    const { code, stdout } = await user.start("npx sigedge doctor").ended;
    expect([code, stdout]).toEqual([1, expect.stringContaining("✓ the plan's limits")]);
  });

  it("dev-vars, which writes to a clone, refuses", async () => {
    expect((await user.run("npx sigedge dev-vars", 1)).stderr).toMatch(/^sigedge dev-vars: works in a clone only.*\n$/);
  });

  it("a Node that is too old, and no other at hand: one clear line, exit 2", async () => {
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '20.11.0' })";
    const env = {
      NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(pretend)}"`,
      SIGEDGE_OWN_NODE: "1",
    };
    const { code, stderr } = await user.start("node node_modules/sigedge/cli/sigedge.mjs --version", env).ended;
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^sigedge: Node 20\.11\.0 is too old.*install scripts.*\n$/),
    ]);
  });
});

interface TrustTexts {
  readonly roots: readonly string[];
}

describe("npx sigedge start", () => {
  let port: number;
  let running: Running;

  beforeAll(async () => {
    port = valueOf(await findFreePort(0));
    running = user.start(`node_modules/.bin/sigedge start --port ${port}`);
    await untilHealthy(port, running);
  });

  afterAll(() => running.process.kill("SIGKILL"));

  it("keeps its state in the current folder", () => {
    expect(readdirSync(join(user.path, ".sigedge"))).toEqual(expect.arrayContaining(["keys", "storage", "tuf"]));
  });

  it("signs, and audit proves the log on worker threads", async () => {
    const url = localUrl(port);
    const token = await requestToken(url, { email: "alice@example.com" });
    const signing = { identityToken: token, data: Buffer.from("released\n"), attestationType: null };
    await sign(await readInstance(url), signing);
    for (const flags of ["", "--ct"]) {
      const { stdout } = await user.run(`npx sigedge audit ${url} ${flags} --jobs 2 --json`);
      expect(JSON.parse(stdout)).toMatchObject({ verdict: "good" });
    }
  });

  it("ends in order at SIGTERM, and frees its port", async () => {
    running.process.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
    expect(listenerPid(port)).toBeNull();
  });

  it("leaves nothing behind when npx is told to end, which does not tell us", async () => {
    const npx = user.start(`npx sigedge start --port ${port}`);
    await untilHealthy(port, npx);
    npx.process.kill("SIGTERM");
    await vi.waitUntil(() => listenerPid(port) === null, { timeout: 10_000, interval: 50 });
  });
});

it("writes nothing to node_modules", () => {
  expect(snapshot(join(user.path, "node_modules"))).toEqual(untouched);
});

/** Resolves when /healthz answers 200; rejects with what the process printed if it ends before. */
async function untilHealthy(port: number, { ended }: Running): Promise<void> {
  const failed = ended.then(({ stderr }) => Promise.reject(new Error(stderr)));
  const isHealthy = async (): Promise<boolean> =>
    (await fetch(`${localUrl(port)}/healthz`).catch(() => null))?.status === 200;
  await Promise.race([failed, vi.waitUntil(isHealthy, { timeout: 60_000, interval: 100 })]);
}
