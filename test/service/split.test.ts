// SPDX-License-Identifier: Apache-2.0
// The services apart, as the [env.<name>] sections of wrangler.toml deploy them: ten Workers, each with its own
// settings only, joined by service bindings and Durable Object bindings, with the gateway in front. One unmodified
// client end to end.

import { createPrivateKey } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { findFreePort, LISTEN_ADDRESS, localUrl } from "../../cli/address.ts";
import { ROOT } from "../../cli/root.ts";
import { readInstance, readJson, sign, verify } from "../../cli/signing/sigstore-js.ts";
import { bundleWorker } from "../../local/bundle.ts";
import { openLocalSettings } from "../../local/settings.ts";
import { DECLARATIONS, settingNames } from "../../workers/declarations.ts";
import { signToken } from "../support/authority/identity-token.ts";
import { startUpstream, type Upstream } from "../support/oauth/upstream.ts";
import { runCommand } from "../support/process/command.ts";

// wrangler warns about every binding that a section lacks, which is intended.
vi.hoisted(() => vi.stubEnv("WRANGLER_LOG", "error"));

const ALICE = "alice@example.com";
const SHARD_HOST = "127.0.0.2";
const SENDER = "watch@sign.example.com";
const SERVICES = ["ca", "tsa", "log", "sequencer", "trust", "oidc", "witness", "monitor", "web"] as const;

let state: string;
let url: string;
let shardUrl: string;
let settings: Readonly<Record<string, string>>;
let runtime: Miniflare;
let upstream: Upstream;

type Settings = Readonly<Record<string, string>>;
const only = (names: readonly string[]): Settings =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name)));

/** One section of wrangler.toml as wrangler reads it, with its bundle. */
async function section(environment: string, bindings: Settings, more: object = {}): Promise<object> {
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"), environment);
  const { modulesRules: _rules, rootPath: _root, ...options } = workerOptions as Record<string, unknown>;
  const entry = environment === "ca" ? "test/support/authority/loopback-ca.ts" : (main ?? "");
  const contents = await bundleWorker(entry);
  return {
    ...options,
    ...more,
    name: `sigedge-${environment}`,
    bindings,
    modules: [{ type: "ESModule", path: `${environment}.mjs`, contents }],
  };
}

beforeAll(async () => {
  const port = await findFreePort(0);
  if (!port.ok) throw new Error(port.error);
  url = localUrl(port.value);
  state = mkdtempSync(join(tmpdir(), "sigedge-split-"));
  shardUrl = `http://${SHARD_HOST}:${port.value}`;
  const shards = [
    { name: "sig-2", kind: "signature", url: shardUrl, from: "2999-01-01T00:00:00Z" },
    { name: "ct-2", kind: "certificate", url: shardUrl, frozen: true },
  ];
  writeFileSync(join(state, "shards.json"), JSON.stringify(shards));
  const local = openLocalSettings({ port: port.value, state, accept: null });
  if (!local.ok) throw new Error(local.error);
  const watches = [{ id: "alice", name: ALICE, tell: { mail: ALICE } }];
  upstream = await startUpstream();
  const connector = { type: "oidc", name: "Work", config: { issuer: upstream.url, clientID: "sigedge" } };
  const connectors = {
    OIDC_CONNECTORS: JSON.stringify([connector]),
    OIDC_CONNECTOR_SECRETS: JSON.stringify({ oidc: upstream.clientSecret }),
  };
  settings = { ...local.value, ...connectors, MAIL_FROM: `Sigedge <${SENDER}>`, WATCHES: JSON.stringify(watches) };
  // As cli/deployment/wrangler-config.ts binds it.
  const mail = { email: { send_email: [{ name: "MAIL", allowed_sender_addresses: [SENDER] }] } };
  const gateway = await section("gateway", only(["PUBLIC_URL", "SHARDS"]));
  const services = await Promise.all(
    SERVICES.map((service) =>
      section(service, only(settingNames(DECLARATIONS[service].settings)), service === "monitor" ? mail : {}),
    ),
  );
  runtime = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        { ...gateway, unsafeDirectSockets: [LISTEN_ADDRESS, SHARD_HOST].map((host) => ({ host, port: port.value })) },
        ...services,
      ] as never,
      resourcePersistencePath: join(state, "storage"),
      cf: false,
      telemetry: { enabled: false },
      // It shows the mails that were sent.
      unsafeLocalExplorer: true,
      unsafeObservability: false,
      log: new Log(LogLevel.ERROR),
    }),
  );
  await runtime.ready;
  const index = await runtime.getD1Database("INDEX", "sigedge-sequencer");
  const folder = join(ROOT, "migrations");
  for (const file of readdirSync(folder).toSorted())
    await index.prepare(readFileSync(join(folder, file), "utf8")).run();
});

afterAll(async () => {
  upstream.stop();
  await runtime.dispose();
  rmSync(state, { recursive: true, force: true });
});

/** A token of the built-in issuer, signed here because the deployed service has no development issuer. */
async function identityToken(): Promise<string> {
  const { keys } = (await readJson(`${url}/oidc/jwks`)) as { keys: readonly { kid: string }[] };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: `${url}/oidc`, sub: ALICE, aud: "sigstore", iat: now, exp: now + 300 };
  const privateKey = createPrivateKey(settings["OIDC_KEY"] ?? "");
  const key = { privateKey, keyId: keys[0]?.kid ?? "", jwk: {} };
  const federated_claims = { connector_id: claims.iss, user_id: ALICE };
  return signToken({ ...claims, email: ALICE, email_verified: true, federated_claims }, key);
}

it("serves a client through the gateway: certificate, timestamp, entry, trust root, search", async () => {
  const instance = await readInstance(url);
  const data = Buffer.from("an artifact\n");
  const bundle = await sign(instance, { identityToken: await identityToken(), data, attestationType: null });
  expect(verify(instance, bundle, { identity: ALICE, issuer: `${url}/oidc`, data })).toBe(ALICE);
  await expect
    .poll(() => readJson(`${url}/api/search?email=${ALICE}`), { timeout: 5000 })
    .toMatchObject({ hits: [{ identity: ALICE }, { identity: ALICE }] });
});

interface KeptMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The mails that Miniflare has accepted in place of Cloudflare's mail service. */
async function readMails(): Promise<readonly KeptMail[]> {
  const answer = await runtime.dispatchFetch("http://localhost/cdn-cgi/local/explorer/api/local/email/sending");
  return ((await answer.json()) as { readonly result: readonly KeptMail[] }).result;
}

it("tells a team by Cloudflare's mail service, until one click ends it", async () => {
  await expect.poll(readMails, { timeout: 30_000, interval: 200 }).toHaveLength(1);
  const [mail] = await readMails();
  expect(mail).toMatchObject({ from: `"Sigedge" <${SENDER}>`, to: [ALICE] });
  expect(mail?.subject).toMatch(/^Unexpected (?:signature|certificate) by alice@example\.com, and 1 more$/);
  const { "List-Unsubscribe": link = "", ...others } = mail?.headers ?? {};
  expect(others).toEqual({ "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated" });
  const ended = await fetch(link.slice(1, -1), { method: "POST", body: new URLSearchParams(others) });
  expect([ended.status, await ended.text()]).toEqual([200, expect.stringContaining("These messages have ended")]);
});

it("signs a person in at a provider, whom the oidc service asks in an invocation of its own", async () => {
  const query = new URLSearchParams({
    client_id: "sigstore",
    redirect_uri: "http://localhost:43117/auth/callback",
    response_type: "code",
    scope: "openid email",
    code_challenge: "A".repeat(43),
    code_challenge_method: "S256",
    connector_id: upstream.url,
  });
  const begun = await fetch(`${url}/oidc/auth?${query.toString()}`, { redirect: "manual" });
  const [cookie = ""] = (begun.headers.get("set-cookie") ?? "").split(";");
  const there = await fetch(begun.headers.get("location") ?? "", { redirect: "manual" });
  const page = await fetch(there.headers.get("location") ?? "", { headers: { cookie } });
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(ALICE)]);
});

it.each([[], ["--ct"]])("has logs that pass an audit %s", async (...flags) => {
  const args = ["audit", url, ...flags, "--jobs", "0", "--json", "--state", join(state, `audit${flags.join("")}.json`)];
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args }).ended;
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: "good" });
});

it("has the front end of the composed Worker, except for what needs a log's binding", async () => {
  expect(await readJson(`${url}/healthz`)).toMatchObject({ status: "SERVING", problems: [] });
  expect(await (await fetch(`${url}/`)).text()).toContain("<title>Find out who signed a file · localhost");
  expect(await (await fetch(`${url}/entry/signature/1`)).text()).toContain(`${ALICE} signed a file`);
  const logs = await (await fetch(`${url}/logs`)).text();
  for (const text of ["<h1>Everything works</h1>", "How far the monitor has looked"]) expect(logs).toContain(text);
  expect((await fetch(`${url}/assets/site.css`)).headers.get("content-type")).toMatch(/^text\/css/);
  expect((await fetch(url.replace("localhost", "127.0.0.1"))).status).toBe(421);
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  const response = await fetch(`${url}/checkpoint`, { headers: { "x-request-id": "abc" } });
  expect([response.status, response.headers.get("x-request-id")]).toEqual([200, "abc"]);
});

it("serves tiles of both logs through the log service's own entrypoint: gzipped, in ranges, by ETag", async () => {
  for (const prefix of ["", "/api/v2", "/ct"]) {
    const bundle = `${url}${prefix}/tile/${prefix === "/ct" ? "data" : "entries"}/000.p/1`;
    const plain = await fetch(bundle, { headers: { "accept-encoding": "identity" } });
    const whole = Buffer.from(await plain.arrayBuffer());
    expect([plain.status, plain.headers.get("cache-control")]).toEqual([200, "public, max-age=60"]);
    const part = await fetch(bundle, { headers: { range: "bytes=1-2" } });
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, whole.subarray(1, 3)]);
    const known = await fetch(bundle, { headers: { "if-none-match": plain.headers.get("etag") ?? "" } });
    expect(known.status).toBe(304);
    expect((await fetch(`${url}${prefix}/tile/0/000`)).status).toBe(404);
  }
  // The genesis entry and the entry of the client.
  const two = `${url}/tile/entries/000.p/2`;
  const packed = await fetch(two, { headers: { "accept-encoding": "gzip" } });
  const plain = await fetch(two, { headers: { "accept-encoding": "identity" } });
  expect([packed.headers.get("content-encoding"), plain.headers.get("content-encoding")]).toEqual(["gzip", null]);
  expect(Buffer.from(await packed.arrayBuffer())).toEqual(Buffer.from(await plain.arrayBuffer()));
  const sidecars = await fetch(`${url}/api/meta/0`);
  expect([sidecars.status, sidecars.headers.get("cache-control")]).toEqual([404, "no-store"]);
});

it("serves further logs through the gateway, each on its host", async () => {
  const checkpoint = await fetch(`${shardUrl}/checkpoint`);
  expect([checkpoint.status, (await checkpoint.text()).split("\n")[0]]).toEqual([200, SHARD_HOST]);
  const submission = await fetch(`${shardUrl}/ct/ct/v1/add-chain`, { method: "POST", body: "{}" });
  expect([submission.status, await submission.text()]).toEqual([405, expect.stringContaining(`${url}/ct\n`)]);
  expect((await fetch(`${shardUrl}/trusted_root.json`)).status).toBe(421);
  expect(await readJson(`${url}/trusted_root.json`)).toMatchObject({
    tlogs: [{ baseUrl: url }, { baseUrl: shardUrl }],
    ctlogs: [{ baseUrl: `${url}/ct` }, { baseUrl: `${shardUrl}/ct` }],
  });
  expect(await readJson(`${url}/signing_config.json`)).toMatchObject({ rekorTlogUrls: [{ url }] });
});

it("has no development issuer", async () => {
  const response = await fetch(`${url}/oidc/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: ALICE }),
  });
  expect(response.status).toBe(404);
});
