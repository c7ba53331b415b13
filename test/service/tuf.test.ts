// SPDX-License-Identifier: Apache-2.0
// The TUF repository in workerd: read by tuf-js over HTTP, through a crash, and compared with what runs.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Updater } from "tuf-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJson } from "../../cli/signing/sigstore-js.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

let stack: TestStack;
let folder: string;

beforeAll(async () => {
  stack = await startStack();
  folder = mkdtempSync(join(tmpdir(), "sigedge-tuf-service-"));
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${stack.url}${path}`, init);
const timestamp = async () =>
  (await readJson(`${stack.url}/tuf/timestamp.json`)) as {
    readonly signed: { readonly version: number; readonly meta: { "snapshot.json": { version: number } } };
  };

async function updated(home: string, mirror = `${stack.url}/tuf`): Promise<Updater> {
  const updater = new Updater({
    metadataDir: home,
    metadataBaseUrl: mirror,
    targetDir: home,
    targetBaseUrl: `${mirror}/targets`,
  });
  await updater.refresh();
  return updater;
}
async function clientHome(): Promise<string> {
  const home = mkdtempSync(join(folder, "client-"));
  writeFileSync(join(home, "root.json"), await (await get("/tuf/1.root.json")).text());
  return home;
}
async function targetOf(updater: Updater, name: string): Promise<Buffer> {
  const info = await updater.getTargetInfo(name);
  if (info === undefined) throw new Error(`there is no ${name}`);
  return readFileSync(await updater.downloadTarget(info));
}

describe("a client with root 1", () => {
  it("gets every target; trusted root and signing config equal those served without TUF", async () => {
    const home = await clientHome();
    const updater = await updated(home);
    const targets = JSON.parse(readFileSync(join(home, "targets.json"), "utf8")) as {
      readonly signed: { readonly targets: Readonly<Record<string, { readonly custom?: unknown }>> };
    };
    const names = Object.keys(targets.signed.targets).toSorted();
    expect(names).toEqual([
      "ctfe.pub",
      "fulcio_intermediate_v1.crt.pem",
      "fulcio_v1.crt.pem",
      "rekor.pub",
      "rekor_1.pub",
      "signing_config.v0.2.json",
      "signing_config_rekor_v2.v0.2.json",
      "trusted_root.json",
      "tsa_leaf.crt.pem",
      "tsa_root.crt.pem",
    ]);
    for (const name of names) expect((await targetOf(updater, name)).length).toBeGreaterThan(100);
    const bytes = async (path: string): Promise<Buffer> => Buffer.from(await (await get(path)).arrayBuffer());
    const root = await targetOf(updater, "trusted_root.json");
    const config = await targetOf(updater, "signing_config.v0.2.json");
    expect(await bytes("/trusted_root.json")).toEqual(root);
    expect(await bytes("/signing_config.json")).toEqual(config);
    expect(await readJson(`${stack.url}/client_trust_config.json`)).toEqual({
      mediaType: "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
      trustedRoot: JSON.parse(root.toString()) as unknown,
      signingConfig: JSON.parse(config.toString()) as unknown,
    });
    const custom = Object.fromEntries(names.map((name) => [name, targets.signed.targets[name]?.custom]));
    expect(custom["trusted_root.json"]).toBeUndefined();
    expect(custom["rekor.pub"]).toEqual({ sigstore: { status: "Active", usage: "Rekor", uri: stack.url } });
  });

  it("may use a mirror URL with an additional slash", async () => {
    const updater = await updated(await clientHome(), `${stack.url}/tuf/`);
    expect((await targetOf(updater, "trusted_root.json")).length).toBeGreaterThan(1000);
  });
});

describe("every document", () => {
  it("is cacheable for as long as its name identifies it", async () => {
    const { signed } = await timestamp();
    const snapshot = `/tuf/${signed.meta["snapshot.json"].version}.snapshot.json`;
    const forever = "public, max-age=31536000, immutable";
    const caching = [
      ["/tuf/1.root.json", 200, forever],
      ["/tuf/root.json", 200, "public, max-age=60"],
      ["/tuf/timestamp.json", 200, "no-store"],
      [snapshot, 200, forever],
      ["/tuf/1.targets.json", 200, forever],
      ["/tuf/2.root.json", 404, "no-store"],
      ["/tuf/2.targets.json", 404, "no-store"],
      ["/tuf/targets/trusted_root.json", 404, "no-store"],
      ["/tuf/", 404, "no-store"],
      ["/tuf/constructor", 404, "no-store"],
    ] as const;
    for (const [path, status, control] of caching) {
      const response = await get(path);
      expect([path, response.status, response.headers.get("cache-control")]).toEqual([path, status, control]);
      expect(response.headers.get("content-type")).toBe("application/json");
      await response.body?.cancel();
    }
    expect(await (await get("/tuf/root.json")).text()).toBe(await (await get("/tuf/1.root.json")).text());
  });

  it("answers HEAD, 304, and other methods with 405", async () => {
    const head = await get("/tuf/1.root.json", { method: "HEAD" });
    const body = await (await get("/tuf/1.root.json")).text();
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(Buffer.byteLength(body))]);
    const headers = { "if-none-match": head.headers.get("etag") ?? "" };
    expect((await get("/tuf/1.root.json", { headers })).status).toBe(304);
    expect((await get("/tuf/1.root.json", { method: "PUT" })).status).toBe(405);
  });

  it("is smaller than clients' limits, and PEM has its own type", async () => {
    for (const path of ["timestamp.json", "1.root.json", "1.targets.json"]) {
      expect((await (await get(`/tuf/${path}`)).arrayBuffer()).byteLength).toBeLessThan(16_384);
    }
    const trusted = JSON.parse(stack.vars["TRUST_FILE"] ?? "") as Record<string, { files: Record<string, string> }>;
    const pem = trusted[stack.url]?.files["rekor.pub"] ?? "";
    const response = await get(`/tuf/targets/${createHash("sha256").update(pem).digest("hex")}.rekor.pub`);
    expect([response.headers.get("content-type"), await response.text()]).toEqual(["application/x-pem-file", pem]);
  });
});

describe("the running services and the signed targets", () => {
  it("agree, and everything that expires is counted down", async () => {
    const response = await get("/healthz");
    expect(response.status).toBe(200);
    const { expiries, ...rest } = (await response.json()) as {
      readonly expiries: readonly { readonly what: string; readonly secondsLeft: number }[];
    };
    expect(rest).toEqual({ status: "SERVING", problems: [] });
    const days = Object.fromEntries(expiries.map(({ what, secondsLeft }) => [what, Math.round(secondsLeft / 86_400)]));
    expect(days).toEqual({
      tuf_root: 365,
      tuf_targets: 365,
      tuf_snapshot: 90,
      tuf_timestamp: 7,
      ca_certificate: 1095,
      ca_root: 3650,
      tsa_certificate: 1095,
      tsa_root: 3650,
    });
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/^sigedge_expiry_seconds\{what="tuf_timestamp"\} 6\d{5}$/m);
    expect(metrics).toMatch(/^sigedge_trust_problems 0$/m);
  });
});

it("keeps version and bytes through a crash, and an earlier client can still update", async () => {
  const home = await clientHome();
  await updated(home);
  const before = await (await get("/tuf/timestamp.json")).text();
  process.kill(stack.workerdPid(), "SIGKILL");
  await expect
    .poll(() => get("/tuf/timestamp.json").then((response) => response.text(), String), { timeout: 20_000 })
    .toBe(before);
  await updated(home);
  await stack.restart();
  expect(await (await get("/tuf/timestamp.json")).text()).toBe(before);
});
