// SPDX-License-Identifier: Apache-2.0
// `sigedge rotate` records the key that it takes out of use, planned or because others may have it.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { spkiSha256 } from "../../test/support/authority/fingerprint.ts";
import {
  createRotatingDeployments,
  type Ended,
  PASSPHRASE,
  type RotatingDeployments,
  readSigned,
  runRotate,
  type SignedDocuments,
  variablesOf,
} from "../../test/support/trust/rotating-deployment.ts";

const HOUR_MS = 3_600_000;
/** Within the validity of what `sigedge init` made a moment ago: it starts an hour earlier. */
const SINCE = `${new Date(Date.now() - HOUR_MS / 2).toISOString().slice(0, 19)}Z`;
const URL_B = "https://b.example.com";

let deployments: RotatingDeployments;
let deployment: string;
beforeAll(async () => {
  deployments = await createRotatingDeployments();
}, 60_000);
afterAll(() => deployments.remove());
beforeEach(() => {
  deployment = deployments.copy();
  vi.stubEnv("SIGEDGE_PASSPHRASE", PASSPHRASE);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const run = (...args: readonly string[]): Promise<Ended> => runRotate(deployment, ...args);
const textOf = (...path: readonly string[]): string => readFileSync(join(deployment, ...path), "utf8");
const certificatesOf = (pem: string): readonly string[] => pem.split(/(?<=-----END CERTIFICATE-----\n)/);

const signed = (): SignedDocuments => readSigned(deployment);

interface Row {
  readonly sha256: string;
  readonly retired: string;
  readonly compromised?: boolean;
}
const rows = (): readonly Row[] => JSON.parse(textOf("retired-keys.json")) as readonly Row[];

describe.each([
  { what: "ca", file: "ca-chain.pem", list: "certificateAuthorities", setting: "OTHER_CA_CHAINS", keys: 1 },
  { what: "ca-root", file: "ca-chain.pem", list: "certificateAuthorities", setting: "OTHER_CA_CHAINS", keys: 2 },
  { what: "tsa", file: "tsa-chain.pem", list: "timestampAuthorities", setting: "OTHER_TSA_CHAINS", keys: 1 },
  { what: "tsa-root", file: "tsa-chain.pem", list: "timestampAuthorities", setting: "OTHER_TSA_CHAINS", keys: 2 },
])("rotate $what", ({ what, file, list, setting, keys }) => {
  it("--compromised ends the trust in the former key at the time of --since, in one step", async () => {
    const former = textOf("keys", file);
    const ended = await run(what, "--compromised", "--since", SINCE);
    expect(ended).toMatchObject({ code: 0, error: "" });
    expect(ended.out).toContain("delete the former versions of the Worker");
    expect(textOf("keys", file)).not.toBe(former);
    expect(existsSync(join(deployment, "next", what.slice(0, 3)))).toBe(false);
    const expected = certificatesOf(former)
      .slice(0, keys)
      .map((pem) => ({ sha256: spkiSha256(pem), retired: SINCE, compromised: true }));
    expect(rows()).toMatchObject(expected);
    const { files, root } = signed();
    expect(root[list]).toHaveLength(2);
    expect(root[list]?.[0]).not.toHaveProperty("validFor.end");
    expect(root[list]?.[1]).toMatchObject({ validFor: { end: SINCE } });
    const pemFiles = Object.entries(files).filter(([name]) => name.endsWith(".pem"));
    for (const [, text] of pemFiles) expect(text).not.toContain(certificatesOf(former)[0]);
    const variables = variablesOf(deployment);
    expect(variables[setting]).toBe(former);
    expect(JSON.parse(variables["RETIRED_KEYS"] ?? "")).toEqual(expected);
  });

  it("--finish gives the operator a day to deploy", async () => {
    const former = textOf("keys", file);
    expect(await run(what, "--again")).toMatchObject({ code: 0 });
    const before = Date.now();
    const ended = await run(what, "--finish", "--wait", "0", "--no-check");
    expect(ended).toMatchObject({ code: 0 });
    const [row] = rows();
    expect(row).toMatchObject({ sha256: spkiSha256(former) });
    expect(row).not.toHaveProperty("compromised");
    const at = Date.parse(row?.retired ?? "");
    expect(at - before).toBeGreaterThan(24 * HOUR_MS - 1000);
    expect(at - Date.now()).toBeLessThanOrEqual(24 * HOUR_MS);
    expect(ended.out).toContain(`before ${row?.retired}`);
    expect(signed().root[list]?.[1]).toMatchObject({ validFor: { end: row?.retired } });
  });

  it("--compromised uses the announced key, unless it is under a root that others may have", async () => {
    const kind = what.slice(0, 3).replace("-", "");
    expect(await run(kind, "--again")).toMatchObject({ code: 0 });
    const announced = textOf("next", kind, file);
    expect(await run(what, "--compromised")).toMatchObject({ code: 0, error: "" });
    expect(textOf("keys", file) === announced).toBe(what === kind);
    expect(existsSync(join(deployment, "next", kind))).toBe(false);
  });

  it("--compromised signs where signing failed, and does not replace the new key", async () => {
    const signedBefore = readFileSync(join(deployment, "trust.json"));
    expect(await run(what, "--compromised", "--since", SINCE)).toMatchObject({ code: 0 });
    const made = textOf("keys", file);
    const expected = signed();
    writeFileSync(join(deployment, "trust.json"), signedBefore);
    expect(await run(what, "--compromised", "--since", SINCE)).toMatchObject({ code: 0 });
    expect([textOf("keys", file), signed()]).toEqual([made, expected]);
    expect((await run(what, "--compromised")).error).toContain("taken out as compromised already");
    expect(textOf("keys", file)).toBe(made);
    expect(await run(what, "--compromised", "--again")).toMatchObject({ code: 0 });
    expect(textOf("keys", file)).not.toBe(made);
  });
});

describe("rotate oidc", () => {
  it.each([false, true])("--compromised retires the former key in one step, announced: %s", async (isAnnounced) => {
    const former = spkiSha256(textOf("keys", "oidc.key.pem"));
    if (isAnnounced) expect(await run("oidc", "--again")).toMatchObject({ code: 0 });
    const announced = isAnnounced ? textOf("next", "oidc", "oidc.key.pem") : null;
    expect(await run("oidc", "--compromised", "--since", SINCE)).toMatchObject({ code: 0, error: "" });
    expect(rows()).toEqual([{ sha256: former, retired: SINCE, compromised: true, what: "oidc" }]);
    expect(spkiSha256(variablesOf(deployment)["OTHER_OIDC_KEYS"] ?? "")).toBe(former);
    if (announced !== null) expect(textOf("keys", "oidc.key.pem")).toBe(announced);
    expect((await run("oidc", "--compromised")).error).toContain("taken out as compromised already");
  });
});

describe.each([
  { kind: "signature", list: "tlogs", others: 1 },
  { kind: "certificate", list: "ctlogs", others: 0 },
])("rotate $kind-log", ({ kind, list, others }) => {
  /** The rows of this kind, whose first log has none before it is frozen. */
  const shards = (): unknown =>
    (JSON.parse(textOf("shards.json")) as { name: string }[]).filter(({ name }) => name.startsWith(kind));

  it("--compromised freezes the log and opens the next one in one step", async () => {
    const former = spkiSha256(textOf("keys", `${kind}-log.key.pem`));
    expect((await run(`${kind}-log`, "--compromised")).error).toContain("--url https://HOST");
    const ended = await run(`${kind}-log`, "--compromised", "--since", SINCE, "--url", URL_B);
    expect(ended).toMatchObject({ code: 0, error: "" });
    expect(shards()).toEqual([
      { name: kind, frozen: true },
      { name: `${kind}-2`, kind, url: URL_B },
    ]);
    expect(rows()).toMatchObject([{ sha256: former, retired: SINCE, compromised: true }]);
    const { files, root } = signed();
    const [retired, ...trusted] = root[list] ?? [];
    expect(retired).toMatchObject({ publicKey: { validFor: { end: SINCE } } });
    expect(trusted).toHaveLength(1 + others);
    for (const log of trusted) expect(log).not.toHaveProperty("publicKey.validFor.end");
    if (kind === "signature") expect(files["signing_config.v0.2.json"]).toContain(URL_B);
    const pemFiles = Object.entries(files).filter(([name]) => name.endsWith(".pub"));
    expect(pemFiles.map(([, text]) => spkiSha256(text))).not.toContain(former);
    expect((await run(`${kind}-log`, "--compromised", "--url", URL_B)).error).toContain("compromised already");
  });

  it("--compromised uses the announced log at once", async () => {
    expect(await run(`${kind}-log`, "--again", "--url", URL_B)).toMatchObject({ code: 0 });
    expect(await run(`${kind}-log`, "--compromised")).toMatchObject({ code: 0, error: "" });
    expect(shards()).toEqual([
      { name: kind, frozen: true },
      { name: `${kind}-2`, kind, url: URL_B },
    ]);
  });
});

describe("--since", () => {
  it.each([
    ["--since needs --compromised", ["ca", "--since", SINCE]],
    ["--since must be a time in UTC", ["ca", "--compromised", "--since", "yesterday"]],
    ["--since must be a time in UTC", ["ca", "--compromised", "--since", "2026-02-30T00:00:00+01:00"]],
    ["--since must not be in the future", ["ca", "--compromised", "--since", "9999-01-01"]],
    ["run it without --finish", ["ca", "--compromised", "--finish"]],
    ["takes the former key out at once; run it without --compromised", ["tuf-online", "--compromised"]],
  ])("%s", async (message, args) => {
    expect((await run(...args)).error).toContain(message);
    expect(existsSync(join(deployment, "retired-keys.json"))).toBe(false);
  });

  it("before the first use of a key removes it from what clients trust", async () => {
    expect(await run("ca", "--compromised", "--since", "2020-01-01")).toMatchObject({ code: 0 });
    expect(signed().root["certificateAuthorities"]).toHaveLength(1);
  });
});

it("an operator may change a time, and signs it with --finish", async () => {
  expect(await run("ca", "--compromised")).toMatchObject({ code: 0 });
  const file = join(deployment, "retired-keys.json");
  writeFileSync(file, textOf("retired-keys.json").replace(/"retired": "[^"]+"/, `"retired": "${SINCE}"`));
  expect((await run("ca", "--finish")).out).toContain("new targets");
  expect(signed().root["certificateAuthorities"]?.[1]).toMatchObject({ validFor: { end: SINCE } });
});

it("a key in use that is retired is an error", async () => {
  const sha256 = spkiSha256(textOf("keys", "tsa-chain.pem"));
  writeFileSync(join(deployment, "retired-keys.json"), JSON.stringify([{ sha256, retired: SINCE }]));
  expect((await run("oidc", "--again")).error).toContain("retires the tsa key in keys/");
});

it("fifteen rotations fit, and clients keep every one of them", async () => {
  const start = Date.now();
  for (let n = 1; n <= 15; n++) {
    vi.useFakeTimers({ toFake: ["Date"], now: start + n * 40 * 24 * HOUR_MS });
    for (const what of ["ca", "oidc"]) {
      const ended = await run(what, "--compromised", "--again");
      expect([what, n, ended.error]).toEqual([what, n, ""]);
    }
  }
  expect(signed().root["certificateAuthorities"]).toHaveLength(16);
  const variables = variablesOf(deployment);
  const bytes = Object.values(variables).map((text) => Buffer.byteLength(text));
  expect(Math.max(...bytes)).toBeLessThanOrEqual(5000);
  expect(readdirSync(join(deployment, "former"))).toHaveLength(30);
  const [newest] = readdirSync(join(deployment, "former")).toReversed();
  expect(Object.values(variables).join("")).toContain(textOf("former", newest ?? ""));
}, 120_000);

it("a rotation without its keys changes nothing", async () => {
  rmSync(join(deployment, "offline", "tuf-targets.key.pem"));
  const former = textOf("keys", "ca-chain.pem");
  rmSync(join(deployment, "offline", "ca-root.key.pem"));
  expect((await run("ca", "--compromised")).error).toContain("ca-root");
  expect(textOf("keys", "ca-chain.pem")).toBe(former);
});
