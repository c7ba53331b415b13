// SPDX-License-Identifier: Apache-2.0
// `sigedge rotate` refuses some rotations, and continues an interrupted one. test/interop/rotations.test.ts runs every
// rotation.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createRotatingDeployments,
  type Ended,
  PASSPHRASE,
  type RotatingDeployments,
  readSigned,
  runRotate,
  variablesOf,
} from "../../test/support/trust/rotating-deployment.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { readDeployment, workerSettings } from "../deployment/deployment.ts";

let deployments: RotatingDeployments;
let fresh: string;
let deployment: string;

beforeAll(async () => {
  deployments = await createRotatingDeployments();
  fresh = deployments.fresh;
}, 60_000);
afterAll(() => deployments.remove());
beforeEach(() => {
  deployment = deployments.copy();
  vi.stubEnv("SIGEDGE_PASSPHRASE", PASSPHRASE);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const run = (...args: readonly string[]): Promise<Ended> => runRotate(deployment, ...args);

/** The text of every file, by path. */
const tree = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(deployment, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, "utf8")]),
  );

const settings = (): Readonly<Record<string, string>> => variablesOf(deployment);

describe("refused, without a change", () => {
  it.each<[string, readonly string[], number]>([
    ["name one part to rotate", [], 2],
    ["name one part to rotate", ["ca", "tsa"], 2],
    ["--wait must be a number of days", ["ca", "--wait", "soon"], 2],
    ["rekor cannot be rotated", ["rekor"], 1],
    ["constructor cannot be rotated", ["constructor"], 1],
    ["apply to logs only", ["ca", "--name", "x"], 1],
    ["the issuing CA was made on", ["ca"], 1],
    ["the timestamp authority was made on", ["tsa-root"], 1],
    ["the token key was made on", ["oidc"], 1],
    ["root version 1 was made on", ["tuf-root"], 1],
    ["no rotation is under way", ["ca", "--finish"], 1],
    ["no rotation is under way", ["oidc", "--finish"], 1],
    ["no rotation is under way", ["oidc-seal", "--finish"], 1],
    ["name the connector with --connector SLUG; the deployment has none", ["connector-secret"], 1],
    ["the deployment has none", ["connector-secret", "--connector", "github"], 1],
    ["has one step", ["tuf-online", "--finish"], 1],
    ["--url https://HOST", ["signature-log"], 1],
    ["has the host name of the signature log signature", ["signature-log", "--url", "https://sign.example.com"], 1],
    [
      "the log certificate exists already",
      ["certificate-log", "--url", "https://b.example.com", "--name", "certificate"],
      1,
    ],
    ["must be 1 to 32 characters of a-z", ["signature-log", "--url", "https://b.example.com", "--name", "A"], 1],
    ["no rotation of the signature log is under way", ["signature-log", "--finish"], 1],
  ])("%s: %j", async (message, args, code) => {
    const before = tree();
    const ended = await run(...args);
    expect([ended.code, ended.out]).toEqual([code, ""]);
    expect(ended.error).toContain(message);
    expect(tree()).toEqual(before);
  });

  it("anything without the passphrase, or with a wrong one", async () => {
    const before = tree();
    vi.stubEnv("SIGEDGE_PASSPHRASE", undefined);
    expect((await run("ca", "--again")).error).toContain("the passphrase of the offline keys is missing");
    vi.stubEnv("SIGEDGE_PASSPHRASE", "another passphrase");
    expect((await run("ca", "--again")).error).toContain("the passphrase does not open ca-root.key.pem");
    expect((await run("tuf-root", "--again")).error).toContain("the passphrase does not open");
    expect(tree()).toEqual(before);
  });

  it("a dry run shows changes and makes none, without the passphrase", async () => {
    const before = tree();
    vi.stubEnv("SIGEDGE_PASSPHRASE", undefined);
    for (const args of [["ca"], ["tuf-root"], ["oidc"], ["signature-log", "--url", "https://b.example.com"]]) {
      const ended = await run(...args, "--again", "--dry-run", "--json");
      expect(JSON.parse(ended.out)).toMatchObject({ dryRun: true, what: args[0] });
      expect((JSON.parse(ended.out) as { changes: string[] }).changes.length).toBeGreaterThan(0);
    }
    expect(tree()).toEqual(before);
  });

  it("a dry run of what is too recent says so, and shows what --again would change", async () => {
    const ended = await run("ca", "--dry-run", "--json");
    const { changes, next } = JSON.parse(ended.out) as { changes: string[]; next: string[] };
    expect(changes.length).toBeGreaterThan(0);
    expect(next[0]).toContain("the issuing CA was made on");
    expect((await run("ca", "--finish", "--dry-run")).error).toContain("no rotation is under way");
  });

  it("anything without the offline keys, unless --offline names their folder", async () => {
    const away = join(deployment, "..", `away-${Date.now()}`);
    renameSync(join(deployment, "offline"), away);
    for (const what of ["ca", "tsa-root", "tuf-targets"])
      expect((await run(what, "--again")).error).toContain("give their folder with --offline DIR");
    const ended = await run("ca", "--again", "--offline", away);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.out).toContain(`rotate ca --finish --dir ${deployment} --offline ${away}`);
  });

  it("a new root with too few root keys, until enough are there", async () => {
    const offline = join(deployment, "offline");
    for (const n of [1, 2]) renameSync(join(offline, `tuf-root-${n}.key.pem`), join(offline, `lost-${n}`));
    expect((await run("tuf-root", "--again")).error).toContain("2 keys of the root before must sign");
    const before = readdirSync(offline).length;
    for (const n of [1, 2]) renameSync(join(offline, `lost-${n}`), join(offline, `tuf-root-${n * 10}.key.pem`));
    const ended = await run("tuf-root", "--again");
    expect(ended).toMatchObject({ code: 0 });
    // Names the files to destroy, and none of those in use.
    expect(ended.out).toContain("destroy tuf-root-10.key.pem, tuf-root-20.key.pem, tuf-root-3.key.pem once");
    // Uses the keys that the first run created.
    expect(readdirSync(offline)).toHaveLength(before);
  });
});

describe("a rotation under way", () => {
  it("does not begin again, nor as another rotation, nor finish too early", async () => {
    expect(await run("ca", "--again")).toMatchObject({ code: 0 });
    const begun = tree();
    expect(settings()["OTHER_CA_CHAINS"]).toContain("BEGIN CERTIFICATE");
    expect((await run("ca", "--again")).out).toContain("Nothing to change now");
    expect((await run("ca-root", "--again")).error).toContain("the rotation ca began on");
    expect((await run("ca-root", "--finish")).error).toContain("the rotation ca began on");
    expect((await run("ca", "--finish")).error).toContain("wait, or shorten the wait");
    expect(tree()).toEqual(begun);
    for (const [path] of Object.entries(begun)) expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
  });

  it("continues where signing failed", async () => {
    const targets = join(deployment, "offline", "tuf-targets.key.pem");
    const text = readFileSync(targets);
    rmSync(targets);
    expect((await run("ca", "--again")).error).toContain("1 key of the targets role must sign");
    const chain = settings()["OTHER_CA_CHAINS"];
    writeFileSync(targets, text, { mode: 0o600 });
    expect((await run("ca")).out).toContain("new targets");
    expect(settings()["OTHER_CA_CHAINS"]).toBe(chain);
    expect((await run("ca")).out).toContain("Nothing to change now");
  });

  it("finishes once, even after an interruption between chain and key", async () => {
    expect(await run("tsa", "--again")).toMatchObject({ code: 0 });
    const before = settings();
    const next = join(deployment, "next", "tsa");
    const coming = readFileSync(join(next, "tsa-chain.pem"), "utf8");
    // The state that a process leaves if it dies before it writes the key.
    mkdirSync(join(deployment, "former"));
    renameSync(join(deployment, "keys", "tsa-chain.pem"), join(deployment, "former", "tsa-2026-01-01-aaaaaaaa.pem"));
    writeFileSync(join(deployment, "keys", "tsa-chain.pem"), coming);
    expect(workerSettings(valueOf(readDeployment(deployment)) ?? expect.fail()).ok).toBe(false);
    expect(await run("tsa", "--finish", "--wait", "0")).toMatchObject({ code: 0 });
    expect(existsSync(next)).toBe(false);
    expect(settings()).toMatchObject({ TSA_CHAIN: coming, OTHER_TSA_CHAINS: before["TSA_CHAIN"] });
    expect((await run("tsa", "--finish", "--wait", "0", "--no-check")).error).toContain("no rotation is under way");
  });

  it("keeps the chains in the operator's settings, and signs again where signing failed", async () => {
    const byHand = readFileSync(join(fresh, "keys", "tsa-chain.pem"), "utf8");
    const file = join(deployment, "deployment.json");
    const json = JSON.parse(readFileSync(file, "utf8")) as { settings: Record<string, string> };
    json.settings["OTHER_CA_CHAINS"] = byHand;
    writeFileSync(file, JSON.stringify(json));
    const inUse = settings()["CA_CHAIN"] ?? "";
    expect(await run("ca", "--again")).toMatchObject({ code: 0 });
    const signed = readFileSync(join(deployment, "trust.json"));
    expect(await run("ca", "--finish", "--wait", "0", "--no-check")).toMatchObject({ code: 0 });
    expect(settings()["OTHER_CA_CHAINS"]).toBe(byHand + inUse);
    writeFileSync(join(deployment, "trust.json"), signed);
    expect((await run("ca", "--finish")).out).toContain("new targets");
    expect((await run("ca", "--finish")).error).toContain("no rotation is under way");
  });

  it("is refused if its chains do not fit into a setting", async () => {
    const file = join(deployment, "deployment.json");
    const json = JSON.parse(readFileSync(file, "utf8")) as { settings: Record<string, string> };
    json.settings["OTHER_CA_CHAINS"] = readFileSync(join(fresh, "keys", "tsa-chain.pem"), "utf8").repeat(13);
    writeFileSync(file, JSON.stringify(json));
    const before = tree();
    expect((await run("ca", "--again")).error).toMatch(/OTHER_CA_CHAINS is \d+ bytes long, and 20000 fit/);
    expect(tree()).toEqual(before);
  });

  it("finishes without an answer of the deployment only with --no-check", async () => {
    const begun = await run("oidc", "--again");
    expect(begun).toMatchObject({ code: 0 });
    const fetch = vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("fetch failed"));
    expect((await run("oidc", "--finish", "--wait", "0")).error).toContain("--no-check");
    fetch.mockRestore();
    expect(await run("oidc", "--finish", "--wait", "0", "--no-check")).toMatchObject({ code: 0 });
    expect(settings()["OTHER_OIDC_KEYS"]).toContain("BEGIN PUBLIC KEY");
  });

  it("opens one log, and freezes none before it is announced", async () => {
    const open = ["signature-log", "--url", "https://b.example.com"];
    expect(await run(...open)).toMatchObject({ code: 0 });
    const begun = tree();
    expect((await run(...open)).out).toContain("Nothing to change now");
    expect((await run("signature-log", "--url", "https://c.example.com")).error).toContain("under way");
    expect((await run("signature-log", "--finish", "--no-check")).error).toContain(
      "the new log is not announced to clients yet",
    );
    expect((await run("signature-log", "--finish", "--name", "signature")).error).toContain(
      "apply to the first step only",
    );
    expect(tree()).toEqual(begun);
    expect(settings()["SHARDS"]).toContain('"name": "signature-2"');
  });
});

describe("rekor-v1-log", () => {
  const expectLog = (): void => {
    const { SHARDS = "" } = settings();
    expect(JSON.parse(SHARDS)).toEqual([{ name: "rekor-v1", kind: "rekor-v1", url: "https://sign.example.com" }]);
    expect(existsSync(join(deployment, "keys", "shards", "rekor-v1", "log.key.pem"))).toBe(true);
    const { root, files } = readSigned(deployment);
    expect(root["tlogs"]).toMatchObject([
      { baseUrl: "https://sign.example.com" },
      { baseUrl: "https://sign.example.com/rekor-v1" },
    ]);
    expect(JSON.parse(files["signing_config.v0.2.json"] ?? "")).toMatchObject({
      rekorTlogUrls: [{ majorApiVersion: 2 }, { majorApiVersion: 1 }],
    });
  };

  it("is there in a new deployment", () => expectLog());

  it("opens the first log of its kind in an older deployment, at its address and in one step", async () => {
    rmSync(join(deployment, "shards.json"));
    rmSync(join(deployment, "keys", "shards"), { recursive: true });
    expect((await run("rekor-v1-log", "--dry-run")).out).toContain("the rekor-v1 log rekor-v1");
    expect(settings()["SHARDS"]).toBeUndefined();
    expect(await run("rekor-v1-log")).toMatchObject({ code: 0 });
    expectLog();
  });

  it("is left out by an empty list and new documents, before the first deployment", async () => {
    writeFileSync(join(deployment, "shards.json"), "[]");
    expect(await run("signing-config")).toMatchObject({ code: 0 });
    expect(readSigned(deployment).root["tlogs"]).toHaveLength(1);
  });

  it("needs another host name for the next one", async () => {
    expect((await run("rekor-v1-log")).error).toMatch(/--url https:\/\/HOST|days/);
  });
});

describe("signing-config", () => {
  it("is signed again once the providers changed, however young the keys are", async () => {
    expect((await run("signing-config")).out).toContain("Nothing to change now");
    writeFileSync(join(deployment, "oidc-providers.json"), '["login.example.com"]');
    expect((await run("signing-config")).error).toContain("OIDC_PROVIDERS [0].url is not a URL");
    writeFileSync(join(deployment, "oidc-providers.json"), '["https://login.example.com"]');
    expect((await run("signing-config")).out).toContain("trust.json: new targets");
    const trust = readFileSync(join(deployment, "trust.json"), "utf8");
    expect(trust).toContain("https://login.example.com");
    expect((await run("signing-config")).out).toContain("Nothing to change now");
  });
});

describe("the secret that seals a sign-in", () => {
  const seals = (): readonly string[] => {
    const read = valueOf(readDeployment(deployment)) ?? expect.fail("no deployment");
    return (valueOf(workerSettings(read)).secrets["OIDC_SEAL_KEY"] ?? "").split(/\s+/);
  };

  it("opens before it seals, and the former one opens afterwards", async () => {
    const [former] = seals();
    expect((await run("oidc-seal")).out).toContain("rotate oidc-seal --finish");
    const [first, next, ...more] = seals();
    expect([first, more]).toEqual([former, []]);
    expect(next).not.toBe(former);
    const again = await run("oidc-seal");
    expect(again.out).toContain("Nothing to change now");
    expect((await run("oidc-seal", "--finish")).error).toContain("wait");
    expect(seals()).toEqual([former, next]);
    expect(await run("oidc-seal", "--finish", "--wait", "0")).toMatchObject({ code: 0 });
    expect(seals()).toEqual([next, former]);
    await run("oidc-seal");
    await run("oidc-seal", "--finish", "--wait", "0");
    expect(seals()).toHaveLength(2);
    expect(seals()).not.toContain(former);
  });

  it("that others may have opens nothing at once", async () => {
    await run("oidc-seal");
    const known = seals();
    expect((await run("oidc-seal", "--compromised")).out).toContain("at once");
    expect(seals()).toHaveLength(1);
    expect(known).not.toContain(seals()[0]);
  });
});

it("the client secret of a connector is replaced by one from a file, and is never shown", async () => {
  const row = { type: "oidc", config: { issuer: "https://id.example.net", clientID: "id" } };
  writeFileSync(join(deployment, "connectors.yaml"), JSON.stringify([row]), { mode: 0o600 });
  const secrets = join(deployment, "keys", "connector-secrets.json");
  writeFileSync(secrets, '{"oidc":"former","other":"kept"}', { mode: 0o600 });
  const file = join(deployment, "new-secret.txt");
  writeFileSync(file, "new-one\n", { mode: 0o600 });
  const replace = ["connector-secret", "--connector", "oidc", "--secret-file", file, "--no-check"] as const;
  const ended = await run(...replace);
  expect(ended).toMatchObject({ code: 0, error: "" });
  expect(ended.out).toContain("then delete the former client secret at id.example.net");
  expect(ended.out).not.toContain("new-one");
  expect(JSON.parse(readFileSync(secrets, "utf8"))).toEqual({ oidc: "new-one", other: "kept" });
  expect(statSync(secrets).mode & 0o077).toBe(0);
  expect((await run(...replace)).error).toContain("this is the client secret that oidc has");
});
