// SPDX-License-Identifier: Apache-2.0
// `sigedge monitor` over a real stack: the subjects of attestations, what ends, authorities, and the cross-check of
// certificates with entries, which must find the traces of a stolen token and of a stolen CA key and be silent about
// everybody else.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { targetsOfRoot } from "../../cli/monitor/scan/targets.ts";
import { httpSource } from "../../cli/served-log/log-source.ts";
import { readPublishedRoot } from "../../cli/served-log/published-root.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { unixMs } from "../../shared/time.ts";
import { FakeCertificateLog, makeCaMaterial } from "../support/authority/ca.ts";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import { runStolenCa, type Served, VICTIM, victimToken } from "../support/authority/thief.ts";
import {
  artifactRequest,
  attestationRequest,
  type ClientKey,
  clientKey,
  postEntry,
  readCheckpoint,
  sha256Hex,
} from "../support/logs/log-client.ts";
import { PassLab, type PassResult } from "../support/monitor/pass-lab.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { valueOf } from "../support/value-of.ts";

const MINUTE = 60_000;

let stack: TestStack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-monitor-"));
  stack = await startStack({ vars: { ACCEPT: "open" } });
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A monitor of all logs of the stack, whose clock is this far ahead, and which watches one address. */
async function watchAddress(address: string): Promise<PassLab> {
  const root = valueOf(await readPublishedRoot(stack.url));
  const lab = new PassLab(() => targetsOfRoot(root, { only: [], now: Date.now(), isVouchedFor: true }));
  lab.isWatched = ({ certificate }) => certificate?.names.some(({ value }) => value === address) ?? false;
  return lab;
}

/** Runs a pass as if it were so many minutes later. */
function runAfter(lab: PassLab, minutes: number): Promise<PassResult> {
  lab.now = Date.now() + minutes * MINUTE;
  return lab.run();
}

const crossChecks = ({ events }: PassResult): readonly string[] =>
  events.map(({ key }) => key).filter((key) => key.startsWith("certificate."));

const useCertificate = (key: ClientKey, artifact: string, certificate: Uint8Array): Promise<unknown> =>
  postEntry(stack.url, artifactRequest(key, artifact, certificate));

test("a certificate that is asked for and never used is told after its time, and once", async () => {
  const email = "stolen-token@example.com";
  const lab = await watchAddress(email);
  await requestCertificateFor(stack, { key: clientKey(), email });
  expect(crossChecks(await runAfter(lab, 0))).toEqual([]);
  expect(crossChecks(await runAfter(lab, 14))).toEqual([]);
  const late = await runAfter(lab, 16);
  expect(crossChecks(late)).toEqual([expect.stringMatching(/^certificate\.unused\/.*%2Fct\/\d+$/)]);
  expect(late.code).toBe(1);
  expect(late.events.at(-1)).toMatchObject({ details: { minutes: 15, entry: { identity: email } } });
  expect(crossChecks(await runAfter(lab, 90))).toEqual([]);
});

test("an entry whose certificate the stolen key of the CA issued past the log is told", async () => {
  const { CA_CHAIN = "", CA_KEY = "" } = stack.vars;
  const url = stack.url;
  const trustedRoot = await (await fetch(`${url}/api/v2/trusted_root.json`)).text();
  const hidden = new FakeCertificateLog(() => unixMs(Date.now()));
  const ca: Served = await runStolenCa({ url, trustedRoot } as never, { CA_CHAIN, CA_KEY }, hidden);
  try {
    const key = clientKey();
    const email = "ceo@corp.example";
    const lab = await watchAddress(email);
    const thief = { url: ca.url, token: () => Promise.resolve(victimToken()) };
    const certificate = await requestCertificateFor(thief, { key, email });
    await useCertificate(key, "forged", certificate);
    // The certificate log may be some minutes late.
    expect(crossChecks(await runAfter(lab, 3))).toEqual([]);
    const found = await runAfter(lab, 7);
    expect(crossChecks(found)).toEqual([expect.stringMatching(/^certificate\.unlogged\/localhost\/\d+$/)]);
    expect(found.code).toBe(1);
    expect(crossChecks(await runAfter(lab, 90))).toEqual([]);
  } finally {
    await ca.stop();
  }
});

/** The minutes of each pass after the certificate, and the kind of log that it cannot read. */
type Passes = readonly (readonly [minutes: number, hidden?: LogKind])[];

const HONEST: readonly (readonly [what: string, before: Passes, after: Passes])[] = [
  ["one pass long after it", [], [[300]]],
  ["passes between certificate and entry", [[0], [5]], [[16], [300]]],
  ["passes before the certificate is due and after", [], [[0], [14], [16], [300]]],
  ["the certificate log is read later", [], [[20, "certificate"], [80, "certificate"], [90], [300]]],
  ["the signature log is read later", [], [[20, "signature"], [80, "signature"], [90], [300]]],
  ["each log fails in turn, in the middle of the signature", [[0, "certificate"]], [[20, "signature"], [90], [300]]],
];

test.each(HONEST)("no alert for whoever signs as usual: %s", async (what, before, after) => {
  const email = "honest@example.com";
  const lab = await watchAddress(email);
  const told: string[] = [];
  const pass = async ([minutes, hidden]: Passes[number]): Promise<void> => {
    const found = lab.targets();
    const logs = typeof found === "string" ? [] : found.logs;
    const urls = new Set(logs.filter(({ kind }) => kind === hidden).map(({ url }) => url));
    lab.parts = { openSource: (url) => (urls.has(url) ? UNREADABLE : httpSource(url, [1])) };
    told.push(...crossChecks(await runAfter(lab, minutes)));
  };
  const { key, certificate } = await requestLogged(email);
  for (const one of before) await pass(one);
  await useCertificate(key, what, certificate);
  for (const one of after) await pass(one);
  expect(told).toEqual([]);
});

test("no alert for whoever uses a certificate while a pass reads for hours", async () => {
  const email = "patient@example.com";
  const lab = await watchAddress(email);
  const { key, certificate } = await requestLogged(email);
  lab.parts = { onProgress: () => (lab.now += 20 * MINUTE) };
  const told = [...crossChecks(await runAfter(lab, 0))];
  await useCertificate(key, "after the heads were read", certificate);
  lab.parts = {};
  told.push(...crossChecks(await runAfter(lab, 120)));
  expect(told).toEqual([]);
});

test("a certificate may be used in a log of Rekor v1: while that cannot be read, nobody can tell", async () => {
  const email = "v1@example.com";
  await requestLogged(email);
  const withV1 = await watchAddress(email);
  const { targets } = withV1;
  withV1.targets = () => {
    const found = targets();
    if (typeof found === "string") return found;
    const signature = found.logs.find(({ kind }) => kind === "signature");
    if (signature === undefined) return "no signature log";
    const log = { ...signature, kind: "rekor-v1", url: "http://127.0.0.1:1", origin: "v1.example" } as const;
    return { ...found, logs: [...found.logs, log] };
  };
  expect(crossChecks(await runAfter(withV1, 20))).toEqual([]);
  expect(crossChecks(await runAfter(await watchAddress(email), 20))).toHaveLength(1);
});

test("a checkpoint that is some minutes old is no proof that a certificate is missing", async () => {
  const email = "cached@example.com";
  const lab = await watchAddress(email);
  const url = await certificateLogUrl();
  const old = await httpSource(url).read("checkpoint", 100_000);
  const { key, certificate } = await requestLogged(email);
  await useCertificate(key, "cached", certificate);
  const cached = (from: string): ReturnType<typeof httpSource> => {
    const source = httpSource(from, [1]);
    const isOld = (path: string): boolean => from === url && path === "checkpoint";
    return { read: async (path, max) => (isOld(path) ? old : source.read(path, max)) };
  };
  lab.parts = { openSource: cached };
  const told = [...crossChecks(await runAfter(lab, 4))];
  lab.parts = {};
  told.push(...crossChecks(await runAfter(lab, 120)));
  expect(told).toEqual([]);
});

const certificateLogUrl = async (): Promise<string> => {
  const found = targetsOfRoot(valueOf(await readPublishedRoot(stack.url)), { only: [], now: 0, isVouchedFor: true });
  return found.logs.find(({ kind }) => kind === "certificate")?.url ?? "";
};

/** Requests a certificate, and waits until the certificate log shows it, as it does long before a pass is due. */
async function requestLogged(email: string): Promise<{ readonly key: ClientKey; readonly certificate: Uint8Array }> {
  const url = await certificateLogUrl();
  const before = (await readCheckpoint(url)).treeSize;
  const key = clientKey();
  const certificate = await requestCertificateFor(stack, { key, email });
  await expect.poll(async () => (await readCheckpoint(url)).treeSize, { timeout: 10_000 }).toBeGreaterThan(before);
  return { key, certificate };
}

const UNREADABLE: ReturnType<typeof httpSource> = {
  read: () => Promise.resolve({ kind: "unreadable", reason: "the test says so" }),
};

/** Runs the command with a configuration. Gives `<selector> <index>` of each alert of the signature log. */
async function findBy(
  name: string,
  config: string,
): Promise<{ readonly alerts: readonly string[]; readonly stderr: string }> {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, config);
  const args = ["monitor", stack.url, "--config", file, "--state", join(folder, `${name}.json`), "--json"];
  const { stdout, stderr } = await runCommand("cli/sigedge.mjs", { args }).ended;
  const lines = stdout.split("\n").filter((line) => line.includes('"match.unexpected"') && !line.includes("%2Fct/"));
  const events = lines.map((line) => JSON.parse(line) as { details: { selector: string; entry: { index: number } } });
  return { alerts: events.map(({ details }) => `${details.selector} ${details.entry.index}`), stderr };
}

test("entries are told apart by the authority of their certificate", async () => {
  const { CA_CHAIN = "", CA_KEY = "" } = stack.vars;
  const trustedRoot = await (await fetch(`${stack.url}/api/v2/trusted_root.json`)).text();
  const foreign = makeCaMaterial(unixMs(Date.now()));
  const indexes: number[] = [];
  for (const material of [{ CA_CHAIN, CA_KEY }, foreign]) {
    const log = new FakeCertificateLog(() => unixMs(Date.now()));
    const ca = await runStolenCa({ url: stack.url, trustedRoot } as never, material, log);
    const key = clientKey();
    const requester = { url: ca.url, token: () => Promise.resolve(victimToken()) };
    const certificate = await requestCertificateFor(requester, { key, email: VICTIM.identity });
    await ca.stop();
    const entry = await postEntry(stack.url, artifactRequest(key, `by ${indexes.length}`, certificate));
    indexes.push(Number(entry.logIndex));
  }
  const [own, other] = indexes;
  const { alerts, stderr } = await findBy(
    "authorities",
    `watch:
  - { name: ours, identity: ${VICTIM.identity}, authority: own }
  - { name: strangers, authority: other }
  - { name: releases, identity: ${VICTIM.identity}, expected: [{ identity: ${VICTIM.identity}, authority: own }] }
`,
  );
  expect(alerts, stderr).toContain(`ours ${own}`);
  expect(alerts.filter((alert) => alert.endsWith(` ${other}`)).toSorted()).toEqual([
    `releases ${other}`,
    `strangers ${other}`,
  ]);
  expect(alerts.filter((alert) => alert.startsWith("releases"))).toEqual([`releases ${other}`]);
  // The same with a configuration of rekor-monitor, which names the stranger's root.
  const [issuer = "", root = ""] = foreign.CA_CHAIN.match(/-----BEGIN[\s\S]+?END CERTIFICATE-----\n/g) ?? [];
  writeFileSync(join(folder, "root.pem"), root);
  writeFileSync(join(folder, "issuer.pem"), issuer);
  const found = await findBy(
    "rekor-monitor",
    `monitoredValues: { certIdentities: [{ certSubject: "^ceo@corp\\\\.example$" }] }
caRootsFile: ${join(folder, "root.pem")}
caIntermediatesFile: ${join(folder, "issuer.pem")}
`,
  );
  expect(found.alerts, found.stderr).toEqual([expect.stringMatching(new RegExp(` ${other}$`))]);
}, 120_000);

test("the command finds an attestation by a subject, and says what ends", async () => {
  const subject = sha256Hex("an artifact of a release");
  await postEntry(stack.url, attestationRequest(clientKey(), ["aa".repeat(32), subject]));
  const config = join(folder, "monitor.yaml");
  writeFileSync(
    config,
    `watch:\n  - name: artifact\n    digest: sha256:${subject}\n  - name: other\n    digest: sha256:${"bb".repeat(32)}\nlimits:\n  expiry-days: 366\n`,
  );
  const args = ["monitor", stack.url, "--config", config, "--state", join(folder, "state.json"), "--json"];
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args }).ended;
  const events = stdout
    .split("\n")
    .filter((line) => line.includes('"type":"event"'))
    .map((line) => JSON.parse(line) as { readonly kind: string; readonly details: Record<string, unknown> });
  const matches = events.filter(({ kind }) => kind === "match.unexpected");
  expect(matches, stderr).toMatchObject([{ details: { selector: "artifact", entry: { what: "attestation" } } }]);
  const ends = events.filter(({ kind }) => kind === "expiry.near").map(({ details }) => details["what"]);
  expect(ends).toEqual(expect.arrayContaining(["the TUF metadata root", "the TUF metadata targets"]));
  expect(ends).not.toContain("the TUF metadata timestamp");
  expect(code).toBe(1);
});
