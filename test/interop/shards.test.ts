// SPDX-License-Identifier: Apache-2.0
// Several logs at once, each on its own host: opened, written to, frozen, across restarts and a kill, with unmodified
// clients. One trusted root verifies every entry of every log at any time.

import { spawnSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bundle } from "@sigstore/bundle";
import { X509Certificate } from "@sigstore/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../cli/address.ts";
import { ROOT } from "../../cli/root.ts";
import { type Instance, readInstance, readJson, sign, verify } from "../../cli/signing/sigstore-js.ts";
import { fetchCheckpoint } from "../support/logs/check-log.ts";
import { artifactRequest, clientKey, postEntry, postRaw } from "../support/logs/log-client.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ALICE = "alice@example.com";
const DATA = Buffer.from("an artifact\n");
const FROZEN_LINE = /^Log frozen \u2014 \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}$/;
const FREEZE_FIRST = [
  { name: "signature", frozen: true },
  { name: "certificate", frozen: true },
];

/** Without a TUF repository signed earlier, the documents are built from the running settings. */
const WITHOUT_TUF = { TUF_KEY: "", TRUST_FILE: "" };
/** On an idle machine a killed workerd is back in half a second. */
const BACK_WITHIN_MS = 40_000;
/** How long an isolate serves a cached tree head. */
const HEAD_KEPT_MS = 1100;

let stack: TestStack;
let state: string;
/** The host of the shards. */
let shardUrl: string;
let shards: readonly object[];
const key = clientKey();

/** Settings that open the shards, with further rows. */
const withRows = (...rows: readonly object[]): Record<string, string> => ({
  SHARDS: JSON.stringify([...shards, ...rows]),
});
const checkpointText = async (url: string): Promise<string> => (await fetch(`${url}/checkpoint`)).text();
const signDocument = async (instance: Instance): Promise<Bundle> =>
  sign(instance, { identityToken: await stack.token(ALICE), data: DATA, attestationType: null });
const verifySigner = (instance: Instance, bundle: Bundle): string =>
  verify(instance, bundle, { identity: ALICE, issuer: `${stack.url}/oidc`, data: DATA });

/** True once workerd is back. Requests a path without a log, since a request for a log opens it. */
const isServing = (): Promise<boolean> =>
  fetch(`${stack.url}/oidc/jwks`).then(
    ({ ok }) => ok,
    () => false,
  );

/** The states of these logs in /api/logs. */
async function statesOf(names: readonly string[]): Promise<readonly string[]> {
  const { logs } = (await readJson(`${stack.url}/api/logs`)) as { logs: { name: string; state: string }[] };
  return logs.filter(({ name }) => names.includes(name)).map(({ state: found }) => found);
}

/** The origin of a bundle's checkpoint, and the log that signed its SCT. */
function logsOf(instance: Instance, bundle: Bundle): { readonly signature: string; readonly certificate: string } {
  const [entry] = bundle.verificationMaterial.tlogEntries;
  const { content } = bundle.verificationMaterial;
  const [leaf] = content.$case === "x509CertificateChain" ? content.x509CertificateChain.certificates : [];
  const der = content.$case === "certificate" ? content.certificate.rawBytes : (leaf?.rawBytes ?? Buffer.of());
  const [sct] = X509Certificate.parse(Buffer.from(der)).extSCT?.signedCertificateTimestamps ?? [];
  const ctlog = instance.trustedRoot.ctlogs.find(({ logId }) => sct !== undefined && logId?.keyId.equals(sct.logID));
  return {
    signature: entry?.inclusionProof?.checkpoint?.envelope.split("\n")[0] ?? "",
    certificate: ctlog?.baseUrl ?? "",
  };
}

beforeAll(async () => {
  const port = await findFreePort(0);
  if (!port.ok) throw new Error(port.error);
  state = mkdtempSync(join(tmpdir(), "sigedge-shards-"));
  shardUrl = `http://127.0.0.2:${port.value}`;
  shards = [
    { name: "sig-2", kind: "signature", url: shardUrl },
    { name: "ct-2", kind: "certificate", url: shardUrl },
  ];
  writeFileSync(join(state, "shards.json"), JSON.stringify(shards));
  stack = await startStack({ port: port.value, state, vars: { SHARDS: "", ACCEPT: "open", ...WITHOUT_TUF } });
});
afterAll(async () => {
  await stack.stop();
  rmSync(state, { recursive: true, force: true });
});

const bundles: Bundle[] = [];
let lastCheckpoints: readonly string[];

describe("logs opened one after the other", () => {
  it("the first logs accept entries while there are no others", async () => {
    const instance = await readInstance(stack.url);
    expect(instance.trustedRoot.tlogs).toHaveLength(1);
    const bundle = await signDocument(instance);
    expect(logsOf(instance, bundle)).toEqual({ signature: "localhost", certificate: `${stack.url}/ct` });
    bundles.push(bundle);
    expect((await fetch(`${shardUrl}/checkpoint`).catch(() => null))?.status ?? 421).toBe(421);
  });

  it("a row opens another log, to which clients are directed; the older ones still accept entries", async () => {
    await stack.restart(withRows());
    const instance = await readInstance(stack.url);
    expect(instance.signingConfig.rekorTlogUrls.map(({ url }) => url)).toEqual([shardUrl]);
    expect(instance.trustedRoot.tlogs.map(({ baseUrl }) => baseUrl)).toEqual([stack.url, shardUrl]);
    expect(instance.trustedRoot.ctlogs.map(({ baseUrl }) => baseUrl)).toEqual([`${stack.url}/ct`, `${shardUrl}/ct`]);
    const bundle = await signDocument(instance);
    expect(logsOf(instance, bundle)).toEqual({ signature: "127.0.0.2", certificate: `${shardUrl}/ct` });
    bundles.push(bundle);
    for (const one of bundles) expect(verifySigner(instance, one)).toBe(ALICE);
    // A client that writes to a log's URL gets that log, whichever the signing config offers.
    const [first, second] = [
      await postEntry(stack.url, artifactRequest(key, "one")),
      await postEntry(shardUrl, artifactRequest(key, "one")),
    ];
    const originOf = (envelope: string | undefined): string | undefined => envelope?.split("\n")[0];
    expect(originOf(first.inclusionProof.checkpoint.envelope)).toBe("localhost");
    expect(originOf(second.inclusionProof.checkpoint.envelope)).toBe("127.0.0.2");
    expect(first.logId.keyId).not.toBe(second.logId.keyId);
  });

  it("each host serves its own log only", async () => {
    for (const path of ["tile/0/000.p/2", "tile/entries/000.p/2", "ct/tile/data/000.p/1", "api/entries/1"]) {
      const read = async (url: string): Promise<string> => {
        const response = await fetch(`${url}/${path}`);
        expect([path, response.status]).toEqual([path, 200]);
        return await response.text();
      };
      expect(await read(stack.url)).not.toBe(await read(shardUrl));
    }
    expect(await readJson(`${shardUrl}/api/entries/0`)).toMatchObject({ log: "sig-2" });
    expect(await readJson(`${shardUrl}/api/entries/0?log=certificate`)).toMatchObject({ log: "ct-2" });
    expect(await readJson(`${stack.url}/api/entries/0?log=ct-2`)).toMatchObject({ log: "ct-2" });
    expect(await readJson(`${shardUrl}/api/proof/inclusion?index=1`)).toMatchObject({ log: "sig-2" });
    expect((await fetch(`${stack.url}/api/entries/0?log=sig-3`)).status).toBe(400);
    for (const path of [
      "api/v2/signingCert",
      "api/v1/timestamp",
      "trusted_root.json",
      "oidc/jwks",
      "api/search?email=a@b",
      "",
    ]) {
      expect([path, (await fetch(`${shardUrl}/${path}`)).status]).toEqual([path, 421]);
    }
  });

  it("search covers all logs and names the log of each hit", async () => {
    const found = async (): Promise<unknown> => {
      const page = (await readJson(`${stack.url}/api/search?email=${ALICE}`)) as { hits: { log: string }[] };
      return page.hits.map(({ log }) => log).toSorted();
    };
    await expect.poll(found, { timeout: 20_000 }).toEqual(["certificate", "ct-2", "sig-2", "signature"]);
    expect(await readJson(`${stack.url}/api/search?email=${ALICE}&log=sig-2`)).toMatchObject({
      hits: [{ log: "sig-2" }],
    });
    expect(await readJson(`${stack.url}/api/logs`)).toMatchObject({
      logs: [
        { name: "signature", kind: "signature", url: stack.url, origin: "localhost", state: "running", frozenAt: null },
        { name: "certificate", kind: "certificate", url: `${stack.url}/ct`, state: "running" },
        { name: "sig-2", kind: "signature", url: shardUrl, origin: "127.0.0.2", state: "running" },
        { name: "ct-2", kind: "certificate", url: `${shardUrl}/ct`, state: "running" },
      ],
    });
  });
});

describe("freezing the first logs", () => {
  it("ends them with a final checkpoint of the same tree", { timeout: 180_000 }, async () => {
    const urls = [stack.url, `${stack.url}/ct`];
    const before = await Promise.all(urls.map(fetchCheckpoint));
    await stack.restart(withRows(...FREEZE_FIRST));
    // A log freezes when it opens, at the first call; killed around it, it still freezes once.
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      const text = await checkpointText(stack.url).catch(() => "");
      if (text.includes("Log frozen")) seen.add(text);
    };
    for (const milliseconds of [3, 12, 40]) {
      await expect.poll(isServing, { timeout: BACK_WITHIN_MS }).toBe(true);
      const looks = [0, 2, 4, 8, 16, 32].map((wait) => sleep(wait).then(look));
      await sleep(milliseconds);
      process.kill(stack.workerdPid(), "SIGKILL");
      await Promise.all(looks);
    }
    // Reads do not wait for a log to open.
    await expect
      .poll(() => statesOf(["signature", "certificate"]).catch(() => []), { timeout: BACK_WITHIN_MS })
      .toEqual(["frozen", "frozen"]);
    await sleep(HEAD_KEPT_MS);
    await look();
    expect(seen.size).toBe(1);
    lastCheckpoints = await Promise.all(urls.map(checkpointText));
    expect(await Promise.all(urls.map(fetchCheckpoint))).toEqual(before);
    expect(lastCheckpoints[0]?.split("\n")[3]).toMatch(FROZEN_LINE);
    // A certificate log has no extension line, since its clients reject them.
    expect(lastCheckpoints[1]?.split("\n")[3]).toBe("");
  });

  it("answers every write with 405 and the URL of the log that accepts entries", async () => {
    for (const body of [artifactRequest(key, "two"), artifactRequest(key, "one"), {}]) {
      const response = await postRaw(stack.url, body);
      expect([response.status, response.headers.get("cache-control")]).toEqual([405, "no-store"]);
      expect(await response.text()).toBe(
        `This log has been frozen, please switch to the latest log. It is ${shardUrl}\n`,
      );
    }
    const chain = await fetch(`${stack.url}/ct/ct/v1/add-pre-chain`, { method: "POST", body: "{}" });
    expect([chain.status, await chain.text()]).toEqual([
      405,
      `This log has been frozen, please switch to the latest log. It is ${shardUrl}/ct\n`,
    ]);
    expect(await readJson(`${stack.url}/healthz`)).toMatchObject({ status: "SERVING", problems: [] });
  });

  it("keeps reads, and signing into the others; one trusted root verifies everything", async () => {
    const instance = await readInstance(stack.url);
    bundles.push(await signDocument(instance));
    for (const bundle of bundles) expect(verifySigner(instance, bundle)).toBe(ALICE);
    const [tlog, shard] = instance.trustedRoot.tlogs.map(({ publicKey }) => publicKey?.validFor);
    const [ctlog, ctShard] = instance.trustedRoot.ctlogs.map(({ publicKey }) => publicKey?.validFor);
    for (const validFor of [tlog, ctlog]) expect(validFor?.end?.getTime()).toBeGreaterThan(Date.now() + 7_000_000);
    for (const validFor of [shard, ctShard]) expect(validFor?.end).toBeUndefined();
    expect((await fetch(`${stack.url}/tile/entries/000.p/2`)).status).toBe(200);
    expect(await readJson(`${stack.url}/api/entries/1`)).toMatchObject({ log: "signature" });
  });

  it("happens once: a kill does not change the final checkpoint", async () => {
    process.kill(stack.workerdPid(), "SIGKILL");
    const read = async (): Promise<readonly string[]> => {
      const texts = await Promise.all([checkpointText(stack.url), checkpointText(`${stack.url}/ct`)]).catch(() => []);
      return texts;
    };
    await expect.poll(read, { timeout: BACK_WITHIN_MS }).toEqual(lastCheckpoints);
  });

  it("is final: settings that revoke it change nothing and are reported", async () => {
    await stack.restart(withRows());
    const response = await postRaw(stack.url, artifactRequest(key, "three"));
    expect([response.status, await response.text()]).toEqual([405, expect.stringContaining(shardUrl)]);
    expect(await checkpointText(stack.url)).toBe(lastCheckpoints[0]);
    const instance = await readInstance(stack.url);
    expect(instance.signingConfig.rekorTlogUrls.map(({ url }) => url)).toEqual([shardUrl]);
    const health = await fetch(`${stack.url}/healthz`);
    expect([health.status, await health.json()]).toMatchObject([
      503,
      {
        status: "DEGRADED",
        problems: [
          expect.stringMatching(
            /^the log signature has been frozen since .*Z, permanently: freeze it in SHARDS again$/,
          ),
          expect.stringMatching(/^the log certificate has been frozen since/),
        ],
      },
    ]);
    const metrics = await (await fetch(`${stack.url}/metrics`)).text();
    for (const [log, frozen] of [
      ["signature", 1],
      ["certificate", 1],
      ["sig-2", 0],
      ["ct-2", 0],
    ] as const) {
      expect(metrics).toContain(`sigedge_log_frozen{log="${log}"} ${frozen}\n`);
      expect(metrics).toContain(`sigedge_log_frozen_against_settings{log="${log}"} ${frozen}\n`);
      expect(metrics).toContain(`sigedge_log_running{log="${log}"} ${1 - frozen}\n`);
    }
  });

  it("of the newest log, revoked in the settings, does not stop the CA: it uses the next log", async () => {
    const third = { name: "ct-3", kind: "certificate", url: shardUrl.replace("127.0.0.2", "127.0.0.3") };
    await stack.restart({ SHARDS: JSON.stringify([...shards.slice(0, 1), { ...shards[1], frozen: true }]) });
    await expect.poll(() => statesOf(["ct-2"]), { timeout: 20_000 }).toEqual(["frozen"]);
    const keys = JSON.parse(stack.vars["SHARD_KEYS"] ?? "{}") as Record<string, { ecdsa: string }>;
    const ecdsa = clientKey().privateKey.export({ format: "pem", type: "pkcs8" });
    await stack.restart({
      SHARDS: JSON.stringify([third, ...shards]),
      SHARD_KEYS: JSON.stringify({ ...keys, "ct-3": { ecdsa } }),
    });
    const again = await readInstance(stack.url);
    const bundle = await signDocument(again);
    expect(logsOf(again, bundle).certificate).toBe(`${third.url}/ct`);
    for (const one of [...bundles, bundle]) expect(verifySigner(again, one)).toBe(ALICE);
  });

  it("allows the index to be rebuilt, one log by name", () => {
    const args = ["cli/sigedge.mjs", "reindex", "--state", state, "--log", "sig-2", "--fresh"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("the index of the sig-2 log is complete")]);
  });

  it("leaves logs that an audit finds good", async () => {
    const root = join(state, "root.json");
    writeFileSync(root, JSON.stringify(await readJson(`${stack.url}/trusted_root.json`)));
    for (const url of [stack.url, `${stack.url}/ct`]) {
      const memory = join(state, `audit-${encodeURIComponent(url)}.json`);
      const args = ["cli/sigedge.mjs", "audit", url, "--trusted-root", root, "--jobs", "0", "--state", memory];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
      expect([url, status, stdout + stderr]).toEqual([url, 0, expect.any(String)]);
    }
  });
});

describe("a log whose storage is lost", () => {
  it("is frozen beside a new one: writers are directed there, and the old proofs still verify", async () => {
    const folder = join(state, "storage");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file));
    const lost = files.find((file) => file.endsWith(".sqlite") && originOfDatabase(file) === "127.0.0.2");
    if (lost === undefined) throw new Error("no database holds the log");
    for (const file of files) if (file.startsWith(lost)) rmSync(file);
    const pem = (privateKey: KeyObject): string => privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const keys = JSON.parse(stack.vars["SHARD_KEYS"] ?? "{}") as object;
    const ecdsa = pem(clientKey().privateKey);
    const newUrl = shardUrl.replace("127.0.0.2", "127.0.0.4");
    await stack.restart({
      SHARDS: JSON.stringify([
        ...FREEZE_FIRST,
        { ...shards[0], frozen: true },
        shards[1],
        { name: "sig-4", kind: "signature", url: newUrl },
        { name: "ct-4", kind: "certificate", url: newUrl },
      ]),
      SHARD_KEYS: JSON.stringify({
        ...keys,
        "sig-4": { ecdsa, ed25519: pem(generateKeyPairSync("ed25519").privateKey) },
        "ct-4": { ecdsa: pem(clientKey().privateKey) },
      }),
    });
    const response = await postRaw(shardUrl, artifactRequest(key, "four"));
    expect([response.status, await response.text()]).toEqual([405, expect.stringContaining(newUrl)]);
    await expect.poll(() => statesOf(["sig-2", "sig-4"]), { timeout: 20_000 }).toEqual(["refusing", "running"]);
    const instance = await readInstance(stack.url);
    expect(instance.trustedRoot.tlogs.map(({ baseUrl }) => baseUrl)).toEqual([stack.url, shardUrl, newUrl]);
    expect(instance.trustedRoot.tlogs[1]?.publicKey?.validFor).toMatchObject({ start: new Date(0) });
    const bundle = await signDocument(instance);
    expect(logsOf(instance, bundle).signature).toBe("127.0.0.4");
    for (const one of [...bundles, bundle]) expect(verifySigner(instance, one)).toBe(ALICE);
    expect((await fetch(`${stack.url}/metrics`)).status).toBe(200);
  });
});

/** The origin of the log in a Durable Object's database; null if it holds none. */
function originOfDatabase(file: string): string | null {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return String(database.prepare("SELECT origin FROM log").get()?.["origin"]);
  } catch {
    return null;
  } finally {
    database.close();
  }
}
