// SPDX-License-Identifier: Apache-2.0
// No private key, token or passphrase leaves its place. The test makes a deployment, deploys it in every way, uses and
// misuses it, and searches everything observable (outputs, wrangler's debug logs, the Workers' logs, responses,
// arguments of every process, bundles, files) for the bytes of every secret in every encoding.

import { createPrivateKey, type KeyObject, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { operatorOf, signOperatorToken } from "../../cli/deployment/operator-issuer.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { type StandIn, startStandIn } from "../support/cloudflare/stand-in.ts";
import { type Checkout, createCheckout } from "../support/process/checkout.ts";
import { watchArguments } from "../support/process/process-arguments.ts";
import { startStack } from "../support/process/stack.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 900_000 });

// Generated: a literal would be found in this file itself.
const PASSPHRASE = `a passphrase ${randomBytes(16).toString("hex")}`;
const ONLINE = [
  "ca",
  "tsa",
  "signature-log",
  "signature-log-ed25519",
  "certificate-log",
  "shards/rekor-v1/log",
  "oidc",
  "tuf",
];
const OFFLINE = ["ca-root", "tsa-root", "operator-issuer", "tuf-root-1", "tuf-root-2", "tuf-root-3", "tuf-targets"];

/** Everything observed, by place. */
const observed = new Map<string, Buffer>();
const observe = (where: string, what: string | Buffer): void => void observed.set(where, Buffer.from(what));

/** Every form in which the bytes of a key can appear. */
const needles = new Map<string, Buffer>();

let checkout: Checkout;
let cloud: StandIn;
let state: string;
const deploymentFolder = (): string => join(checkout.folder, ".sigedge-deploy");

function addKey(name: string, key: KeyObject): void {
  const der = key.export({ type: "pkcs8", format: "der" });
  addBytes(`${name} (DER)`, der);
  const { d = "" } = key.export({ format: "jwk" });
  addBytes(`${name} (private part)`, Buffer.from(d, "base64url"));
}

function addBytes(name: string, bytes: Buffer): void {
  const withoutPadding = (text: string): string => text.replace(/=+$/, "");
  needles.set(`${name} raw`, bytes);
  needles.set(`${name} hex`, Buffer.from(bytes.toString("hex")));
  needles.set(`${name} base64`, Buffer.from(withoutPadding(bytes.toString("base64"))));
  needles.set(`${name} base64url`, Buffer.from(withoutPadding(bytes.toString("base64url"))));
}

/** The bytes as they are; without line breaks (PEM); and without line breaks that JSON and shells escape. */
function formsOf(haystack: Buffer): readonly Buffer[] {
  const text = haystack.toString("latin1");
  const joined = text.replace(/\s|\\r|\\n/g, "");
  return [haystack, Buffer.from(joined, "latin1"), Buffer.from(joined.toLowerCase(), "latin1")];
}

/** Searches everything observed for the needles: `needle in place`. */
function findNeedles(
  places: ReadonlyMap<string, Buffer>,
  allowed: (place: string, needle: string) => boolean,
): readonly string[] {
  const hits: string[] = [];
  for (const [place, haystack] of places) {
    const forms = formsOf(haystack);
    for (const [name, needle] of needles) {
      if (!allowed(place, name) && forms.some((form) => form.includes(needle))) hits.push(`${name} in ${place}`);
    }
  }
  return hits;
}

/** Every file except the packages that the checkout links to. */
function filesBelow(folder: string, files = new Map<string, Buffer>()): ReadonlyMap<string, Buffer> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) filesBelow(path, files);
    else if (entry.isFile()) files.set(path, readFileSync(path));
  }
  return files;
}

async function run(line: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code, stdout, stderr } = await checkout.run(line, { ...cloud.env, ...env });
  observe(`output of ${line}`, stdout + stderr);
  expect({ line, code, stderr }).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  checkout = createCheckout();
  state = mkdtempSync(join(tmpdir(), "sigedge-secrets-"));
  cloud = await startStandIn({ state, front: () => "sigedge" });
  writeFileSync(join(state, "passphrase"), `${PASSPHRASE}\n`, { mode: 0o600 });
  needles.set("passphrase", Buffer.from(PASSPHRASE.replaceAll(" ", "")));
  needles.set("API token", Buffer.from(cloud.token));
  const watch = watchArguments();
  const debugLogs = { WRANGLER_LOG: "debug", WRANGLER_LOG_PATH: join(checkout.folder, ".logs") };
  await run(`npx sigedge init --url ${cloud.url} --passphrase-file ${state}/passphrase`);
  await run("npx wrangler deploy --dry-run", debugLogs);
  await run("npx wrangler deploy", debugLogs);
  await run("npx sigedge deploy", { SIGEDGE_PASSPHRASE: PASSPHRASE });
  await run("npx sigedge deploy --split --dry-run");
  await provokeErrors();
  for (const [i, args] of watch.stop().entries()) observe(`process ${i}: ${args.slice(0, 80)}`, args);

  for (const name of ONLINE) {
    addKey(name, createPrivateKey(readFileSync(join(deploymentFolder(), "keys", `${name}.key.pem`))));
  }
  for (const name of OFFLINE) addKey(name, offlineKey(name));
});

afterAll(async () => {
  await cloud.stop();
  checkout.remove();
  rmSync(state, { recursive: true, force: true });
});

const offlineKey = (name: string): KeyObject =>
  createPrivateKey({
    key: readFileSync(join(deploymentFolder(), "offline", `${name}.key.pem`)),
    passphrase: PASSPHRASE,
  });

/** Provokes the errors of the commands and of the service. */
async function provokeErrors(): Promise<void> {
  const wrong = await checkout.run("npx sigedge deploy", { ...cloud.env, SIGEDGE_PASSPHRASE: `${PASSPHRASE} not` });
  observe("output with a wrong passphrase", wrong.stdout + wrong.stderr);
  expect(wrong.code).toBe(1);
  const unknown = await checkout.run("npx sigedge deploy --no-smoke-test", {
    ...cloud.env,
    CLOUDFLARE_API_TOKEN: "wrong",
  });
  observe("output with a wrong API token", unknown.stdout + unknown.stderr);
  expect(unknown.code).toBe(1);
  const publicUrl = parsePublicUrl(cloud.url);
  if (!publicUrl.ok) throw new Error(publicUrl.error.reason);
  const token = await signOperatorToken(offlineKey("operator-issuer"), operatorOf(publicUrl.value));
  needles.set("identity token", Buffer.from(token));
  needles.set("identity token's signature", Buffer.from(token.split(".")[2] ?? ""));
  const changed = `${token.slice(0, -8)}AAAAAAAA`;
  for (const [path, body] of [
    ["/api/v2/signingCert", { credentials: { oidcIdentityToken: token } }],
    ["/api/v2/signingCert", { credentials: { oidcIdentityToken: changed } }],
    ["/api/identity/explain", { credentials: { oidcIdentityToken: token } }],
    ["/api/v2/log/entries", { hashedRekordRequestV002: token }],
  ] as const) {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const response = await fetch(`${cloud.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    observe(`answer ${response.status} of ${path}`, JSON.stringify([...response.headers]) + (await response.text()));
  }
}

describe("the secrets of a deployment", () => {
  it("are found where they belong, so the search works", () => {
    const files = filesBelow(join(deploymentFolder(), "keys"));
    expect(new Set(findNeedles(files, () => false).map((hit) => hit.split(" in ")[0])).size).toBeGreaterThanOrEqual(
      ONLINE.length,
    );
    const secrets = new Map([["secrets.json", readFileSync(join(deploymentFolder(), "secrets.json"))]]);
    expect(findNeedles(secrets, () => false)).toContain("ca (DER) base64 in secrets.json");
  });

  it("are in no output, process argument or response", () => {
    expect([...observed.keys()].some((place) => place.startsWith("process ") && place.includes("wrangler"))).toBe(true);
    expect(findNeedles(observed, () => false)).toEqual([]);
  });

  it("are in no log of a Worker, and in no bundle", () => {
    const modules = cloud.account
      .latestVersion("sigedge")
      .modules.map(({ name, contents }) => [name, Buffer.from(contents)] as const);
    expect(cloud.logs.length).toBeGreaterThan(0);
    expect(findNeedles(new Map([["logs", Buffer.from(cloud.logs.join("\n"))], ...modules]), () => false)).toEqual([]);
    expect(modules.map(([, contents]) => contents.toString()).join("")).not.toContain("oidc/dev/token");
  });

  it("are in no file but their own, and wrangler's logs were searched too", () => {
    const files = filesBelow(checkout.folder);
    expect([...files.keys()].some((path) => path.includes("/.logs/"))).toBe(true);
    const own = new Set([...ONLINE.map((name) => join("keys", `${name}.key.pem`)), "secrets.json"]);
    const isOwn = (path: string): boolean => own.has(relative(deploymentFolder(), path));
    expect(findNeedles(files, isOwn)).toEqual([]);
    expect(findNeedles(filesBelow(join(state, "storage")), () => false)).toEqual([]);
  });

  it("are in files and folders that only their owner can open", () => {
    const entries = readdirSync(deploymentFolder(), { recursive: true, withFileTypes: true });
    expect(entries.length).toBeGreaterThan(15);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      // wrangler's bundles are in a folder that only the owner can open.
      if (path.includes("/.wrangler")) continue;
      expect([path, (statSync(path).mode & 0o777).toString(8)]).toEqual([path, entry.isDirectory() ? "700" : "600"]);
    }
    expect(statSync(deploymentFolder()).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(deploymentFolder(), "tmp"))).toEqual([]);
  });

  it("stay in their place in a local stack too", async () => {
    const stack = await startStack();
    try {
      await stack.token("alice@example.com");
      await fetch(`${stack.url}/api/v2/signingCert`, { method: "POST", body: "{}" });
      const folder = join(stack.state, "keys");
      for (const file of readdirSync(folder).filter((name) => name.endsWith(".key.pem"))) {
        addKey(`local ${file}`, createPrivateKey(readFileSync(join(folder, file))));
        expect((statSync(join(folder, file)).mode & 0o777).toString(8)).toBe("600");
      }
      const places = new Map(filesBelow(join(stack.state, "storage")));
      places.set("logs", Buffer.from(stack.logs.map(({ message }) => message).join("\n")));
      expect(findNeedles(places, () => false)).toEqual([]);
    } finally {
      await stack.stop();
    }
  });
});
