// SPDX-License-Identifier: Apache-2.0
// Takes one deployment through every rotation with the command that operators run. Sigstore's own packages sign in each
// epoch, and at the end every bundle verifies with the trusted root that tuf-js finds from root version 1.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundle } from "@sigstore/bundle";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { findFreePort, localUrl } from "../../cli/address.ts";
import { createDeployment } from "../../cli/deployment/create.ts";
import { readDeployment, workerSettings } from "../../cli/deployment/deployment.ts";
import { ROOT } from "../../cli/root.ts";
import { type Instance, readInstanceOverTuf, readJson, sign, verify } from "../../cli/signing/sigstore-js.ts";
import { requestToken } from "../../local/dev-issuer.ts";
import { runStack, type Stack } from "../../local/stack.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { valueOf } from "../support/value-of.ts";

// The runtime restarts for every step, and each command is a process.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 120_000 });

const EMAIL = "alice@example.com";
const PASSPHRASE = "correct horse battery staple";

let folder: string;
let deployment: string;
let port: number;
let url: string;
let stack: Stack | null = null;

interface Epoch {
  readonly name: string;
  readonly data: Buffer;
  readonly bundle: Bundle;
  readonly instance: Instance;
}
const epochs: Epoch[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-rotations-"));
  deployment = join(folder, "deployment");
  port = valueOf(await findFreePort(0));
  url = localUrl(port);
  const publicUrl = valueOf(parsePublicUrl(url));
  valueOf(
    await createDeployment({
      folder: deployment,
      name: "sigedge-test",
      publicUrl,
      issuers: "none",
      passphrase: PASSPHRASE,
    }),
  );
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Deploys the folder's current settings and trust file, like `sigedge deploy`. */
async function deploy(): Promise<void> {
  await stack?.stop();
  const { secrets, vars } = valueOf(
    workerSettings(valueOf(readDeployment(deployment)) ?? expect.fail("no deployment")),
  );
  const trust = { TRUST_FILE: readFileSync(join(deployment, "trust.json"), "utf8") };
  const state = join(folder, "state");
  stack = await runStack({ port, state, settings: { ...vars, ...secrets, ...trust }, log: () => undefined });
  expect(await readJson(`${url}/healthz`)).toMatchObject({ status: "SERVING" });
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, SIGEDGE_PASSPHRASE: PASSPHRASE };
  const script = join(ROOT, "cli", "sigedge.mjs");
  return new Promise((done) => {
    execFile(
      process.execPath,
      [script, "rotate", ...args, "--dir", deployment, "--json"],
      { env },
      (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

/** Rotates without a wait: everything here is minutes old, and clients cache nothing. */
const rotate = (...args: readonly string[]): Promise<readonly string[]> => rotateSlowly(...args, "--wait", "0");

/** Rotates, and returns one line per change. */
async function rotateSlowly(...args: readonly string[]): Promise<readonly string[]> {
  const ended = await command(...args, "--again");
  expect(ended.code, `rotate ${args.join(" ")}: ${ended.stderr}`).toBe(0);
  return (JSON.parse(ended.stdout) as { changes: readonly string[] }).changes;
}

async function refusal(...args: readonly string[]): Promise<string> {
  const ended = await command(...args);
  expect(ended.code, ended.stdout).toBe(1);
  return ended.stderr;
}

/** A client that fetches everything now. */
function newClient(): Promise<Instance> {
  return readInstanceOverTuf(url, mkdtempSync(join(folder, "client-")));
}

const check = (instance: Instance, { bundle, data }: Pick<Epoch, "bundle" | "data">): string =>
  verify(instance, bundle, { identity: EMAIL, issuer: `${url}/oidc`, data });

/** Signs, and verifies with a client that last fetched before the step: no client is cut off. */
async function signEpoch(name: string, before: Instance | null): Promise<void> {
  const instance = await newClient();
  const data = Buffer.from(`signed ${name}`);
  const bundle = await sign(instance, {
    identityToken: await requestToken(url, { email: EMAIL }),
    data,
    attestationType: null,
  });
  const epoch = { name, data, bundle, instance };
  expect([name, check(instance, epoch)]).toEqual([name, EMAIL]);
  if (before !== null) expect([name, check(before, epoch)]).toEqual([name, EMAIL]);
  epochs.push(epoch);
}

const newest = (): Instance => epochs.at(-1)?.instance ?? expect.fail("nothing has been signed yet");
const usedLog = ({ bundle }: Epoch): string =>
  String(bundle.verificationMaterial.tlogEntries[0]?.logId?.keyId.toString("hex"));

/** One step: the command, a deployment, and a signature that clients of the previous step verify. */
async function step(...args: readonly string[]): Promise<readonly string[]> {
  const changes = await rotate(...args);
  await deploy();
  await signEpoch(`after rotate ${args.join(" ")}`, newest());
  return changes;
}

/** Opens a log a week ahead and lets that week pass, by moving its `from` into the past. */
async function openLog(kind: "signature" | "certificate", at: string): Promise<void> {
  expect((await rotateSlowly(`${kind}-log`, "--url", at)).join()).toContain(`the ${kind} log ${kind}-2`);
  await deploy();
  await signEpoch(`${kind} log announced`, newest());
  const file = join(deployment, "shards.json");
  const rows = JSON.parse(readFileSync(file, "utf8")) as readonly { readonly name: string; from?: string }[];
  const from = new Date(Date.now() - 60_000).toISOString().replace(/\.\d+Z$/, "Z");
  for (const row of rows) if (row.name === `${kind}-2`) row.from = from;
  writeFileSync(file, JSON.stringify(rows), { mode: 0o600 });
  if (kind === "certificate") {
    await deploy();
    await signEpoch("certificate log used", newest());
  }
}

it("a deployment goes through every rotation, and every bundle verifies at the end", async () => {
  mkdirSync(join(folder, "state"));
  await deploy();
  await signEpoch("before any rotation", null);

  // The first rotation tries every step too early.
  expect(await rotate("ca", "--dry-run")).toHaveLength(2);
  await rotate("ca");
  expect(await refusal("ca", "--finish", "--wait", "0")).toContain("does not serve the new trusted root yet");
  expect(await refusal("ca", "--finish")).toContain("wait, or shorten the wait");
  expect(await rotate("ca")).toEqual([]);
  await deploy();
  await signEpoch("ca announced", newest());
  await step("ca", "--finish");
  expect(await refusal("ca", "--finish")).toContain("no rotation is under way");
  for (const what of ["ca-root", "tsa", "tsa-root"]) {
    await step(what);
    await step(what, "--finish");
  }

  const next = url.replace("localhost", "127.0.0.2").replace("127.0.0.1", "127.0.0.2");
  await rotate("oidc");
  expect(await refusal("oidc", "--finish", "--wait", "0")).toContain("does not serve the new key yet");
  await deploy();
  // A token signed by the former key is valid until it expires.
  const token = await requestToken(url, { email: EMAIL });
  await step("oidc", "--finish");
  const late = {
    data: Buffer.from("late"),
    bundle: await sign(newest(), { identityToken: token, data: Buffer.from("late"), attestationType: null }),
  };
  expect(check(newest(), late)).toBe(EMAIL);

  await openLog("certificate", next);
  await step("certificate-log", "--finish");

  await openLog("signature", next);
  expect((await step("signature-log")).join()).toContain("whose signing config names signature-2");
  const [before, after] = epochs.slice(-2).map(usedLog);
  expect(after).not.toBe(before);
  await step("signature-log", "--finish");

  for (const what of ["tuf-root", "tuf-targets", "tuf-online", "tuf-expiry"]) {
    await step(what);
  }

  const client = await newClient();
  expect(epochs.map((epoch) => [epoch.name, check(client, epoch)])).toEqual(epochs.map(({ name }) => [name, EMAIL]));
  expect(check(client, late)).toBe(EMAIL);
  expect(epochs.length).toBeGreaterThan(18);
});
