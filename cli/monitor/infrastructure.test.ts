// SPDX-License-Identifier: Apache-2.0
// The events of infrastructure that a pass decides by time: a log that no longer signs or grows, a monitor that is
// behind, and what ends soon. Each comes once, is told when it is over, and not before.

import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { unixMs } from "../../shared/time.ts";
import { makeCaMaterial } from "../../test/support/authority/ca.ts";
import {
  ecdsaSigner,
  entryRecord,
  makeRekordBody,
  type NoteSigner,
  ServedLog,
  type ServedRecord,
  treeHeadSigner,
} from "../../test/support/logs/served-log.ts";
import { LIMITS, PassLab } from "../../test/support/monitor/pass-lab.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { readTrustedRoot } from "../served-log/trusted-root.ts";
import { listExpiries } from "./scan/expiry.ts";
import { NOTHING_LISTED } from "./scan/targets.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 1_790_000_000_000;
const ORIGIN = "log.example.com";
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });
const records = (from: number, count: number): readonly ServedRecord[] =>
  Array.from({ length: count }, (_, i) => entryRecord(makeRekordBody(privateKey, spki, `artifact ${from + i}`)));

const opened: ServedLog[] = [];
afterEach(async () => {
  for (const log of opened.splice(0)) await log.stop();
});

interface Watched {
  readonly log: ServedLog;
  readonly lab: PassLab;
}

async function watchLog(kind: LogKind, signer: NoteSigner, served: readonly ServedRecord[]): Promise<Watched> {
  const log = new ServedLog(ORIGIN, kind === "certificate" ? "data" : "entries", [signer]);
  opened.push(log);
  log.append(served);
  const url = await log.serve();
  const lab = new PassLab(() => ({
    ...NOTHING_LISTED,
    logs: [{ url, kind, origin: ORIGIN, vkeys: [signer.vkey], isEnded: false }],
    isVouchedFor: true,
  }));
  lab.now = START;
  return { log, lab };
}

describe("a log that has a time in its head", () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signedAt = (at: number): NoteSigner => treeHeadSigner(ORIGIN, keys, at);

  async function watchCertificates(): Promise<Watched> {
    const watched = await watchLog("certificate", signedAt(START), []);
    watched.lab.parts = { limits: { ...LIMITS, staleMs: DAY } };
    return watched;
  }

  test("stalls when it signs no newer head in time: one event, exit code 3, until it signs again", async () => {
    const { log, lab } = await watchCertificates();
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
    lab.now = START + DAY;
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
    lab.now++;
    const key = `log.stalled/${ORIGIN}/${START}`;
    for (const _ of [1, 2]) {
      const { code, events } = await lab.run();
      expect(code).toBe(3);
      expect(events).toMatchObject([{ kind: "log.stalled", key, class: "infrastructure", details: { size: 0 } }]);
      lab.now += HOUR;
    }
    expect(lab.posted).toEqual([key]);
    log.sign({ signers: [signedAt(lab.now)] });
    expect(await lab.run()).toMatchObject({ code: 0, kinds: ["recovered"] });
  });

  test("has not recovered because it cannot be reached", async () => {
    const { log, lab } = await watchCertificates();
    lab.now = START + 2 * DAY;
    expect((await lab.run()).kinds).toEqual(["log.stalled"]);
    log.answers.set("checkpoint", 503);
    expect((await lab.run()).kinds).toEqual(["log.unreachable"]);
    log.answers.clear();
    expect((await lab.run()).kinds).toEqual(["log.stalled", "recovered"]);
    expect(lab.posted).toHaveLength(3);
  });

  test("need not sign after it was frozen", async () => {
    const { log, lab } = await watchCertificates();
    const root = log.files.get("checkpoint")?.toString().split("\n")[2] ?? "";
    log.sign({ text: `${ORIGIN}\n0\n${root}\nLog frozen\n` });
    lab.now = START + 2 * DAY;
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
  });
});

describe("a log without a time in its head", () => {
  test("stalls only where somebody has said how busy it is", async () => {
    const { log, lab } = await watchLog("signature", ecdsaSigner(ORIGIN), records(0, 3));
    lab.parts = { limits: { ...LIMITS, staleMs: DAY } };
    await lab.run();
    lab.now += 30 * DAY;
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
    lab.parts = { limits: { ...LIMITS, idleMs: 2 * DAY } };
    const stalled = await lab.run();
    expect(stalled).toMatchObject({ code: 3, kinds: ["log.stalled"] });
    expect(stalled.events[0]?.key).toBe(`log.stalled/${ORIGIN}/${START}`);
    log.append(records(3, 1));
    expect(await lab.run()).toMatchObject({ code: 0, kinds: ["recovered"] });
    lab.now += 2 * DAY;
    expect((await lab.run()).kinds).toEqual([]);
    lab.now++;
    expect((await lab.run()).kinds).toEqual(["log.stalled"]);
  });
});

describe("a monitor", () => {
  test("lags when the log has grown by more than the limit while it read", async () => {
    const { log, lab } = await watchLog("signature", ecdsaSigner(ORIGIN), records(0, 300));
    let growth = 101;
    const limits = { ...LIMITS, lagEntries: 100 };
    const onProgress = (): void => {
      if (growth > 0) log.append(records(log.size, growth));
      growth = 0;
      lab.now += HOUR;
    };
    lab.parts = { limits, onProgress };
    const first = await lab.run();
    expect(first).toMatchObject({ code: 0, kinds: ["monitor.lagging"] });
    expect(first.events).toMatchObject([{ log: ORIGIN, details: { entries: 101, seconds: 3 * 3600 } }]);
    growth = 100;
    expect((await lab.run()).kinds).toEqual(["recovered"]);
    expect(lab.posted).toHaveLength(2);
  });

  test("has not recovered because a pass was stopped in its middle, or because the log is gone", async () => {
    const { log, lab } = await watchLog("signature", ecdsaSigner(ORIGIN), records(0, 300));
    log.files.delete("tile/entries/000");
    expect((await lab.run()).kinds).toEqual(["log.gap"]);
    log.append(records(300, 300));
    // Appending has written the bundle again.
    log.files.delete("tile/entries/000");
    let asked = 0;
    lab.parts = { isStopped: () => asked++ > 1 };
    expect((await lab.run()).kinds).toEqual([]);
    lab.parts = { isStopped: () => true };
    expect((await lab.run()).kinds).toEqual([]);
    lab.parts = {};
    log.answers.set("checkpoint", 503);
    expect((await lab.run()).kinds).toEqual(["log.unreachable"]);
    log.answers.clear();
    expect((await lab.run()).kinds).toEqual(["log.gap", "recovered"]);
  });
});

describe("the end of a key, an authority or metadata", () => {
  const ends = (notAfter: number) => [{ what: "the TUF metadata root", notAfter, mostMs: DAY }];

  test("is told once while it is near, and not as over while the trusted root cannot be read", async () => {
    const { lab } = await watchLog("signature", ecdsaSigner(ORIGIN), records(0, 3));
    const { targets } = lab;
    const found = targets();
    if (typeof found === "string") throw new Error(found);
    lab.targets = () => ({ ...found, expiries: ends(START + 2 * DAY) });
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
    lab.now = START + DAY;
    const key = `expiry.near/the%20TUF%20metadata%20root/${START + 2 * DAY}`;
    for (const _ of [1, 2]) {
      const near = await lab.run();
      expect(near).toMatchObject({ code: 0, kinds: ["expiry.near"] });
      expect(near.events[0]?.key).toBe(key);
    }
    expect(lab.posted).toEqual([key]);
    const good = lab.targets;
    lab.targets = () => "no TUF today";
    expect((await lab.run()).kinds).toEqual(["log.unreachable"]);
    lab.targets = good;
    lab.now = START + 3 * DAY;
    expect((await lab.run()).kinds).toEqual(["expiry.near", "recovered"]);
    lab.targets = () => ({ ...found, expiries: ends(START + 30 * DAY) });
    expect((await lab.run()).kinds).toEqual(["recovered"]);
  });

  const pem = makeCaMaterial(unixMs(START)).CA_CHAIN;
  const certificates = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END/g)].map(([, text = ""]) => ({
    rawBytes: text.replaceAll("\n", ""),
  }));
  const authority = (end?: string): object => ({
    certChain: { certificates },
    validFor: { start: "2020-01-01T00:00:00Z", end },
  });
  const logKey = (baseUrl: string, end?: string): object => ({
    baseUrl,
    publicKey: { rawBytes: spki.toString("base64"), validFor: { end } },
  });
  const whatEnds = (root: object): readonly (readonly [string, string])[] =>
    listExpiries(valueOf(readTrustedRoot(Buffer.from(JSON.stringify(root))))).map(({ what, notAfter }) => [
      what,
      new Date(notAfter).toISOString(),
    ]);

  test("is that of the instance of its kind that lasts longest", () => {
    const [SOON, LATER] = ["2026-12-01T00:00:00.000Z", "2027-12-01T00:00:00.000Z"];
    expect(whatEnds({ tlogs: [logKey("https://a", SOON), logKey("https://b")] })).toEqual([]);
    expect(whatEnds({ tlogs: [logKey("https://a", SOON), logKey("https://b", LATER)] })).toEqual([
      ["the key of the signature log https://b", LATER],
    ]);
    expect(whatEnds({ ctlogs: [logKey("https://a/ct", SOON)] })).toEqual([
      ["the key of the certificate log https://a/ct", SOON],
    ]);
    expect(whatEnds({ certificateAuthorities: [authority(SOON)] })).toEqual([
      [expect.stringMatching(/^the certificate authority .*CN=/), SOON],
    ]);
    expect(whatEnds({ timestampAuthorities: [authority(SOON)] })).toEqual([
      [expect.stringMatching(/^the timestamp authority .*CN=/), SOON],
    ]);
    // Without an end of the trust, the chain's certificates end it.
    const [[, end] = ["", ""]] = whatEnds({ certificateAuthorities: [authority()] });
    expect(Date.parse(end)).toBeGreaterThan(START);
  });
});
