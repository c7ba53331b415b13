// SPDX-License-Identifier: Apache-2.0
// Runs `sigedge backup` and `sigedge restore` on a stack in workerd that loses a part of its storage, then all of it.

import { X509Certificate } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../cli/address.ts";
import { wranglerBucket } from "../../cli/backup/buckets.ts";
import { BackupFolder } from "../../cli/backup/folder.ts";
import { restoreLog } from "../../cli/backup/restore.ts";
import { openStateBucket } from "../../local/local-bucket.ts";
import { decodeBackup, encodeBackup } from "../../shared/logs/backup.ts";
import { unixMs } from "../../shared/time.ts";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import {
  artifactRequest,
  clientKey,
  postArtifacts,
  postRaw,
  readCheckpoint,
  sha256Hex,
  tilePath,
} from "../support/logs/log-client.ts";
import type { LogEntryJson } from "../support/logs/log-entry.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { valueOf } from "../support/value-of.ts";

const key = clientKey();
const artifacts = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `artifact ${from + i}`);

/** The keys of the certificates of the stack's CA, which its entries name. */
const issuerKeys = (): readonly string[] =>
  (stack.vars["CA_CHAIN"] ?? "")
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((pem) => pem !== "")
    .map((pem) => `certificate/issuer/${sha256Hex(new X509Certificate(pem).raw)}`);

let folder: string;
let state: string;
let stack: TestStack;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-backup-"));
  state = join(folder, "state");
  stack = await startStack({ state, vars: { ACCEPT: "open" } });
  await postArtifacts(stack.url, key, artifacts(0, 300));
  await requestCertificateFor(stack, { email: "alice@example.com", key });
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function sigedge(...args: readonly string[]): Promise<{ code: number | null; json: unknown; stderr: string }> {
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args: [...args, "--json"] }).ended;
  return { code, json: stdout === "" ? null : JSON.parse(stdout), stderr };
}

const files = (path: string): readonly string[] => new BackupFolder(path).keys("");

/** Starts the stack on a copy of its state folder with some of the storage removed. */
async function startOn(lose: (storage: string) => void): Promise<TestStack> {
  const copy = mkdtempSync(join(folder, "copy-"));
  await stack.stop();
  cpSync(state, copy, { recursive: true });
  lose(join(copy, "storage"));
  return await startStack({ state: copy, port: stack.port, vars: { ACCEPT: "open" } });
}

describe("sigedge backup", () => {
  it("copies every log of a running stack, then only new entries", async () => {
    await expect.poll(async () => (await fetch(`${stack.url}/api/meta/0`)).status, { timeout: 10_000 }).toBe(200);
    const first = await sigedge("backup", join(folder, "copy"), "--state", state);
    expect(first.stderr).toBe("");
    expect(first).toMatchObject({
      code: 0,
      json: {
        logs: [
          { log: "signature", treeSize: 301, newFiles: 5 },
          { log: "certificate", treeSize: 1, newFiles: 4 },
          { log: "rekor-v1", treeSize: 1, newFiles: 2 },
        ],
      },
    });
    expect(files(join(folder, "copy"))).toEqual(
      [
        "certificate/backup/0000000000000001",
        ...issuerKeys(),
        "certificate/log.json",
        "rekor-v1/backup/0000000000000001",
        "rekor-v1/log.json",
        "signature/backup/0000000000000301",
        "signature/log.json",
        "signature/meta/0",
        "signature/tile/0/000",
        "signature/tile/entries/000",
      ].toSorted(),
    );
    await postArtifacts(stack.url, key, artifacts(300, 30));
    const second = await sigedge("backup", join(folder, "copy"), "--state", state, "--log", "signature");
    expect(second).toMatchObject({ code: 0, json: { logs: [{ treeSize: 331, newFiles: 1 }] } });
    expect(files(join(folder, "copy"))).toContain("signature/backup/0000000000000331");
    expect(files(join(folder, "copy"))).not.toContain("signature/backup/0000000000000301");
  });

  it("names what is wrong", async () => {
    expect(await sigedge("backup", folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--state DIR") as string,
    });
    expect(await sigedge("backup", folder, "--state", folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("not the state folder") as string,
    });
    expect(await sigedge("restore", join(folder, "nothing"), "--state", join(folder, "new"))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("has no backup of a log") as string,
    });
  });
});

describe("sigedge restore", () => {
  it("restores the bucket of a log that still has its storage: the log runs again", async () => {
    const { treeSize } = await readCheckpoint(stack.url);
    let lost = await startOn((storage) => rmSync(join(storage, "r2"), { recursive: true }));
    try {
      expect((await postRaw(lost.url, artifactRequest(key, "refused"))).status).toBe(503);
      const copy = lost.state;
      await lost.stop();
      const restored = await sigedge("restore", join(folder, "copy"), "--state", copy);
      expect(restored).toMatchObject({ code: 0, json: { logs: [{}, {}, { treeSize: 331, opens: "own-storage" }] } });
      lost = await startStack({ state: copy, port: stack.port, vars: { ACCEPT: "open" } });
      expect((await readCheckpoint(lost.url)).treeSize).toBe(treeSize);
      expect((await fetch(`${lost.url}/${tilePath(0, 0)}`)).status).toBe(200);
      const posted = await postRaw(lost.url, artifactRequest(key, "taken again"));
      const entry = (await posted.json()) as LogEntryJson;
      expect([posted.status, entry.logIndex]).toEqual([201, String(treeSize)]);
    } finally {
      await lost.stop();
    }
  });

  it("restores into a bucket that has the log's own copy of the tail: intact, or without its tiles", async () => {
    const state2 = mkdtempSync(join(folder, "partly-"));
    const backup = new BackupFolder(join(folder, "copy"));
    const tailKey = "signature/backup/0000000000000331";
    const tail = valueOf(decodeBackup(backup.read(tailKey) ?? new Uint8Array()));
    const own = new BackupFolder(join(folder, "own-copy"));
    own.write("signature/log.json", backup.read("signature/log.json") ?? new Uint8Array());
    own.write(tailKey, encodeBackup({ ...tail, createdAt: unixMs(tail.createdAt + 7_200_000) }));
    const put = await openStateBucket(state2);
    await put.put(own, [tailKey, "signature/log.json"], () => undefined);
    await put.close();
    for (const what of ["without tiles", "intact"]) {
      const restored = await sigedge("restore", backup.path, "--state", state2, "--log", "signature");
      expect(restored, what).toMatchObject({ code: 0, stderr: "", json: { logs: [{ treeSize: 331 }] } });
    }
    const bucket = await openStateBucket(state2);
    expect(await bucket.get(tailKey)).toEqual(own.read(tailKey));
    for (const path of backup.keys("signature/").filter((name) => name !== tailKey))
      expect(await bucket.get(path)).toEqual(backup.read(path));
    await bucket.close();
  });

  it("refuses a copy of the tail that is of another tree, and says what to do", async () => {
    const state3 = mkdtempSync(join(folder, "damaged-tail-"));
    const backup = new BackupFolder(join(folder, "copy"));
    const other = new BackupFolder(join(folder, "damaged-tail"));
    const tailKey = "signature/backup/0000000000000331";
    const tail = valueOf(decodeBackup(backup.read(tailKey) ?? new Uint8Array()));
    other.write(tailKey, encodeBackup({ ...tail, entries: tail.entries.toReversed() }));
    const bucket = await openStateBucket(state3);
    await bucket.put(other, [tailKey], () => undefined);
    await bucket.close();
    const { code, stderr } = await sigedge("restore", backup.path, "--state", state3, "--log", "signature");
    expect([code, stderr]).toEqual([1, expect.stringContaining("of another tree; restore into an empty bucket")]);
  });

  it("refuses while a stack runs on the state folder: stop it first", async () => {
    const running = mkdtempSync(join(folder, "running-"));
    const port = valueOf(await findFreePort(0));
    const start = runCommand("cli/sigedge.mjs", { args: ["start", "--port", String(port), "--state", running] });
    try {
      await start.says("Sigedge is running");
      const { code, stderr } = await sigedge("restore", join(folder, "copy"), "--state", running);
      expect([code, stderr]).toEqual([1, expect.stringContaining("stop it first")]);
    } finally {
      start.process.kill("SIGTERM");
      await start.ended;
    }
  });

  it("makes a log readable that lost everything but its keys; the log accepts no entry", async () => {
    let lost = await startOn((storage) => rmSync(storage, { recursive: true }));
    const copy = lost.state;
    await lost.stop();
    // Without a request the object has not opened, so it has not created a new log.
    rmSync(join(copy, "storage"), { recursive: true });
    const restored = await sigedge("restore", join(folder, "copy"), "--state", copy);
    expect(restored).toMatchObject({ code: 0, json: { logs: [{}, {}, { treeSize: 331, opens: "read-only" }] } });
    const bucket = await openStateBucket(copy);
    const backup = new BackupFolder(join(folder, "copy"));
    for (const issuer of issuerKeys()) expect(await bucket.get(issuer)).toEqual(backup.read(issuer));
    await bucket.close();
    lost = await startStack({ state: copy, port: stack.port, vars: { ACCEPT: "open" } });
    try {
      const shown = await readCheckpoint(lost.url);
      expect(shown.treeSize).toBe(331);
      for (const index of [0, 5, 255, 256, 330])
        expect((await fetch(`${lost.url}/api/entries/${index}`)).status).toBe(200);
      expect((await fetch(`${lost.url}/api/proof/consistency?from=257&to=331`)).status).toBe(200);
      for (const path of [tilePath(0, 1, 75), tilePath("entries", 1, 75), tilePath(1, 0, 1)])
        expect((await fetch(`${lost.url}/${path}`)).status).toBe(200);
      for (const artifact of ["a new one", "artifact 3"])
        expect((await postRaw(lost.url, artifactRequest(key, artifact))).status).toBe(503);
      expect(await (await fetch(`${lost.url}/metrics`)).text()).toContain('sigedge_log_running{log="signature"} 0');
    } finally {
      await lost.stop();
    }
  });

  it("writes no damaged object, and nothing over another log", async () => {
    const damaged = join(folder, "damaged");
    cpSync(join(folder, "copy"), damaged, { recursive: true });
    writeFileSync(join(damaged, "signature/tile/entries/000"), "x");
    const target = join(folder, "empty");
    expect(await sigedge("restore", damaged, "--state", target)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("tile 0 of the signature log does not match its bundle") as string,
    });
    cpSync(join(folder, "copy"), damaged, { recursive: true });
    rmSync(join(damaged, "signature/meta/0"));
    expect((await sigedge("restore", damaged, "--state", target)).stderr).toContain("signature/meta/0 is missing");
    cpSync(join(folder, "copy"), damaged, { recursive: true });
    const [issuer = ""] = issuerKeys();
    for (const damage of [() => rmSync(join(damaged, issuer)), () => writeFileSync(join(damaged, issuer), "x")]) {
      damage();
      expect((await sigedge("restore", damaged, "--state", target)).stderr).toContain(
        `${issuer} is missing or damaged`,
      );
    }
    const other = await startStack({ state: target, vars: { ACCEPT: "open" } });
    await postArtifacts(other.url, key, artifacts(0, 1));
    await other.stop();
    expect(await sigedge("restore", join(folder, "copy"), "--state", target)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("belongs to another signature log") as string,
    });
  });

  it("reads and writes R2 through wrangler", { timeout: 300_000 }, async () => {
    const persisted = join(folder, "wrangler");
    const bucket = wranglerBucket({ bucket: "sigedge-tiles", where: ["--local", "--persist-to", persisted] });
    const copy = new BackupFolder(join(folder, "copy"));
    expect(await bucket.get("signature/log.json")).toBeNull();
    const result = await restoreLog(copy, "signature", { bucket, onProgress: () => undefined });
    expect(result).toEqual({ ok: true, value: { treeSize: 331, objects: 5 } });
    for (const name of copy.keys("signature/")) expect(await bucket.get(name)).toEqual(copy.read(name));
    expect(readdirSync(persisted).length).toBeGreaterThan(0);
  });
});
