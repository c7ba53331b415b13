// SPDX-License-Identifier: Apache-2.0
// From a fresh clone to a deployment that signs, with the unmodified wrangler against a stand-in for Cloudflare:
// composed, composed by wrangler alone, and split. Runs the commands of docs/deploy.md exactly as printed there.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { readJson } from "../../cli/signing/sigstore-js.ts";
import { DECLARATIONS } from "../../workers/declarations.ts";
import type { Binding } from "../support/cloudflare/account.ts";
import { type StandIn, startStandIn } from "../support/cloudflare/stand-in.ts";
import { type Checkout, createCheckout, type Ended } from "../support/process/checkout.ts";

const SECRETS = [
  "CA_KEY",
  "TSA_KEY",
  "SIGNATURE_LOG_KEY",
  "SIGNATURE_LOG_ED25519_KEY",
  "CERTIFICATE_LOG_KEY",
  "SHARD_KEYS",
  "OIDC_KEY",
  "OIDC_SEAL_KEY",
  "OIDC_SUBJECT_KEY",
  "TUF_KEY",
];

// wrangler takes seconds to start, and each test starts it about twelve times.
vi.setConfig({ testTimeout: 600_000 });

let checkout: Checkout;
let cloud: StandIn;
let state: string;

beforeEach(async () => {
  checkout = createCheckout();
  state = mkdtempSync(join(tmpdir(), "sigedge-cloud-"));
  cloud = await startStandIn({
    state,
    front: ({ workers }) => (workers.has("sigedge-gateway") ? "sigedge-gateway" : "sigedge"),
  });
});

afterEach(async () => {
  await cloud.stop();
  checkout.remove();
  rmSync(state, { recursive: true, force: true });
});

async function run(line: string, env: Readonly<Record<string, string>> = cloud.env): Promise<Ended> {
  const ended = await checkout.run(line, env);
  expect(ended.code, `${line}\n${ended.stdout}${ended.stderr}`).toBe(0);
  return ended;
}

const bindingsOf = (worker: string): readonly Binding[] => cloud.account.latestVersion(worker).bindings;
const namesOf = (worker: string, type: string): readonly string[] =>
  bindingsOf(worker)
    .filter((binding) => binding.type === type)
    .map(({ name }) => name)
    .toSorted();

/** Reads the commands of a section of docs/deploy.md, with the address replaced by the stand-in's. */
function walk(section: string): readonly string[] {
  const text = readFileSync(join(ROOT, "docs", "deploy.md"), "utf8");
  const [, block] = new RegExp(`<!-- walked: ${section} -->\\n+\`\`\`sh\\n([^\`]*)\`\`\``).exec(text) ?? [];
  if (block === undefined) throw new Error(`docs/deploy.md has no section ${section}`);
  return block
    .replaceAll("https://sign.example.com", cloud.url)
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, ""))
    .filter((line) => line !== "");
}

describe("composed", () => {
  it("runs the ten-minute path of docs/deploy.md twice", async () => {
    const lines = walk("ten minutes");
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) await run(line);
    expect(namesOf("sigedge", "secret_text")).toEqual(SECRETS.toSorted());
    const plain = ["ACCEPT", "CA_CHAIN", "ISSUERS", "PUBLIC_URL", "SHARDS", "TSA_CHAIN"];
    expect(namesOf("sigedge", "plain_text")).toEqual(plain);
    expect([...cloud.account.buckets]).toEqual(["sigedge-tiles"]);
    expect([...cloud.account.databases.values()]).toEqual(["sigedge-index"]);

    expect((await fetch(`${cloud.url}/tuf/1.root.json`)).status).toBe(200);
    const root = await readJson(`${cloud.url}/trusted_root.json`);
    const again = await run("npx sigedge init && npx sigedge deploy --json");
    expect(JSON.parse(again.stdout.slice(again.stdout.lastIndexOf("\n{") + 1))).toMatchObject({
      url: cloud.url,
      tried: true,
    });
    expect(await readJson(`${cloud.url}/trusted_root.json`)).toEqual(root);
    expect(cloud.unknownCalls).toEqual([]);
  });

  it("decides nothing when it fails, and replaces nothing that another folder made", async () => {
    const made = await run(`npx sigedge init --url ${cloud.url}`);
    expect(made.stdout).toContain("deployment/trust.json changed");
    const deployment = join(checkout.folder, ".sigedge-deploy", "deployment.json");
    const shape = (): unknown => (JSON.parse(readFileSync(deployment, "utf8")) as { shape: unknown }).shape;
    const noLogin = { ...cloud.env, CLOUDFLARE_API_TOKEN: "" };
    expect((await checkout.run("npx sigedge deploy --no-smoke-test", noLogin)).code).toBe(1);
    expect([shape(), cloud.account.workers.size, cloud.account.databases.size]).toEqual([null, 0, 0]);
    await run("npx sigedge deploy --no-smoke-test");
    expect(shape()).toBe("composed");
    const before = cloud.account.latestVersion("sigedge").id;
    const trustFile = join(checkout.folder, "deployment", "trust.json");
    const tracked = readFileSync(trustFile, "utf8");
    expect(Object.keys(JSON.parse(tracked) as object)).toEqual([cloud.url]);
    const other = await run("npx sigedge init --url https://other.example.com --dir other --name sigedge");
    expect([other.stdout.includes("deployment/trust.json"), readFileSync(trustFile, "utf8")]).toEqual([false, tracked]);
    for (const line of [
      "npx sigedge deploy --no-smoke-test --dir other",
      "npx sigedge deploy --split --no-smoke-test --dir other",
    ]) {
      expect((await checkout.run(line, cloud.env)).code).toBe(1);
    }
    const refused = await checkout.run("npx sigedge deploy --no-smoke-test --dir other", cloud.env);
    expect(refused.stderr).toContain(`the Worker sigedge, which answers for ${cloud.url}`);
    expect(cloud.account.latestVersion("sigedge").id).toBe(before);
    await run("npx sigedge deploy --no-smoke-test --dir other --adopt");
    expect(cloud.account.latestVersion("sigedge").id).not.toBe(before);
    expect(cloud.unknownCalls).toEqual([]);
  });

  it("deploys with a bare `npx wrangler deploy`", async () => {
    await run(`npx sigedge init --url ${cloud.url}`);
    const first = await run("npx wrangler deploy");
    expect(first.stdout).toContain(`secrets: ${SECRETS.length} uploaded`);
    expect(namesOf("sigedge", "secret_text")).toEqual(SECRETS.toSorted());
    expect(await readJson(`${cloud.url}/healthz`)).toMatchObject({ status: "SERVING" });
    expect(await readJson(`${cloud.url}/api/search?email=a@example.com`)).toMatchObject({ hits: [] });
    expect((await run("npx wrangler deploy")).stdout).toContain("secrets: all there");
    expect(cloud.unknownCalls).toEqual([]);
  });

  it("deploys by hand, command by command of docs/deploy.md", async () => {
    for (const line of walk("by hand")) await run(line);
    expect(await readJson(`${cloud.url}/healthz`)).toMatchObject({ status: "SERVING" });
    expect(await readJson(`${cloud.url}/api/search?email=a@example.com`)).toMatchObject({ hits: [] });
    expect(cloud.unknownCalls).toEqual([]);
  });

  it("initializes and builds a fresh clone without a network, an address or a terminal", async () => {
    // Every call to Cloudflare goes to a closed port.
    const offline = { CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:9/client/v4", HTTPS_PROXY: "http://127.0.0.1:9" };
    const ended = await run("npx sigedge init && npx wrangler deploy --dry-run", offline);
    expect(ended.stdout).toContain("--dry-run: exiting now.");
    expect(ended.stdout).toContain("nothing is created, no secret uploaded");
    expect(existsSync(join(checkout.folder, ".sigedge-deploy", "keys", "ca.key.pem"))).toBe(true);
    expect((await checkout.run("npx wrangler deploy", cloud.env)).code).not.toBe(0);
    expect(cloud.account.workers.size).toBe(0);
  });

  it("keeps wrangler from deploying another section, or running a development server, by mistake", async () => {
    await run(`npx sigedge init --url ${cloud.url}`);
    const other = await checkout.run("npx wrangler deploy -e gateway", cloud.env);
    expect([other.code === 0, cloud.account.workers.size]).toEqual([false, 0]);
    expect(other.stderr).toContain("does not match the target environment");
    const dev = await checkout.run("timeout 60 npx wrangler dev --port 0", {});
    expect(dev.stdout + dev.stderr).toContain("npx wrangler dev -c wrangler.toml");
  });
});

describe("split", () => {
  it("deploys a Worker for each service, each with its own secrets only, and signs", async () => {
    for (const line of walk("split")) await run(line);
    const services = ["ca", "tsa", "log", "sequencer", "trust", "oidc", "witness", "monitor", "web"] as const;
    for (const service of services) {
      const { settings } = DECLARATIONS[service];
      const own = SECRETS.filter((name) => name in settings);
      expect(namesOf(`sigedge-${service}`, "secret_text"), service).toEqual(own.toSorted());
      for (const name of namesOf(`sigedge-${service}`, "plain_text")) expect(settings, service).toHaveProperty(name);
    }
    expect(namesOf("sigedge-gateway", "secret_text")).toEqual([]);
    expect(namesOf("sigedge-gateway", "plain_text")).toEqual(["PUBLIC_URL", "SHARDS"]);
    expect(cloud.account.workers.has("sigedge")).toBe(false);
    const composed = await checkout.run("npx wrangler deploy", cloud.env);
    expect(composed.code).not.toBe(0);
    expect(cloud.account.workers.has("sigedge")).toBe(false);
    expect(cloud.unknownCalls).toEqual([]);
  });
});

afterAll(() => {
  // The tests left this checkout unchanged.
  const redirect = join(ROOT, ".wrangler", "deploy", "config.json");
  if (existsSync(redirect)) expect(Date.now() - statSync(redirect).mtimeMs).toBeGreaterThan(600_000);
});
