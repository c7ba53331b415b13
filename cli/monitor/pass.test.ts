// SPDX-License-Identifier: Apache-2.0
// Passes over one log that is good, that grows, and that lies in every way: events and exit codes.

import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ecdsaSigner,
  entryRecord,
  makeRekordBody,
  ServedLog,
  type ServedRecord,
  witnessSigner,
} from "../../test/support/logs/served-log.ts";
import { PassLab } from "../../test/support/monitor/pass-lab.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { verifiersOf } from "../served-log/trust.ts";
import { coverageLine } from "./coverage.ts";
import { NOTHING_LISTED } from "./scan/targets.ts";

const ORIGIN = "log.example.com";
const SIZE = 300;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
const strangerSpki = stranger.publicKey.export({ type: "spki", format: "der" });
const signer = ecdsaSigner(ORIGIN);
const witness = witnessSigner("witness.example.org");
const records = (count: number, name = "artifact"): readonly ServedRecord[] =>
  Array.from({ length: count }, (_, i) => entryRecord(makeRekordBody(privateKey, spki, `${name} ${i}`)));
const originals = records(SIZE);
const watchedRecord = (message: string): ServedRecord =>
  entryRecord(makeRekordBody(stranger.privateKey, strangerSpki, message));

let log: ServedLog;
let url: string;
let lab: PassLab;

beforeAll(async () => {
  log = new ServedLog(ORIGIN, "entries", [signer, witness]);
  url = await log.serve();
});
beforeEach(() => {
  log.files.clear();
  log.answers.clear();
  log.rewrite(0, originals);
  log.asked.length = 0;
  lab = new PassLab(() => ({
    ...NOTHING_LISTED,
    logs: [{ url, kind: "signature", origin: ORIGIN, vkeys: [signer.vkey], isEnded: false }],
    isVouchedFor: true,
  }));
  lab.parts = { witnesses: { verifiers: valueOf(verifiersOf([witness.vkey])), policy: null } };
  let mine: string | null = null;
  lab.isWatched = (entry) => {
    // The first entry of every history is by the log's own test key; a stranger's has another.
    if (entry.index === 0) mine ??= entry.publicKey;
    return mine !== null && entry.publicKey !== mine;
  };
});
afterAll(() => log.stop());

const flip =
  (at: number) =>
  (bytes: Buffer): Buffer => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };

describe("a good log", () => {
  test("is read from its beginning, and then only where it grows", async () => {
    const first = await lab.run();
    expect(first).toMatchObject({ code: 0, kinds: [] });
    expect(first.coverages.map(coverageLine)).toEqual([
      `scanned [0, 300) of log ${ORIGIN} at 2026-09-21T14:13:20Z, no gap`,
    ]);
    log.append(records(300, "later"));
    log.asked.length = 0;
    const second = await lab.run();
    expect(second.coverages).toMatchObject([{ from: 300, to: 600, gaps: [], size: 600 }]);
    expect(second.code).toBe(0);
    expect(log.asked).not.toContain("tile/entries/000");
  });

  test("has an unexpected entry, which is told once", async () => {
    log.append([watchedRecord("a"), ...records(300, "more"), watchedRecord("b")]);
    const first = await lab.run();
    expect(first.code).toBe(1);
    expect(first.events.map(({ key }) => key)).toEqual([
      "match.unexpected/mine/log.example.com/300",
      "match.unexpected/mine/log.example.com/601",
    ]);
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
    expect(lab.posted).toEqual(first.events.map(({ key }) => key));
  });

  test.each([0, 1, 255, 256, 257, 512])("of %i entries is read, and read on", async (size) => {
    log.files.clear();
    log.rewrite(0, [...originals, ...originals].slice(0, size));
    expect(await lab.run()).toMatchObject({ code: 0, coverages: [{ from: 0, to: size }] });
    log.append([watchedRecord("later")]);
    expect(await lab.run()).toMatchObject({ code: size === 0 ? 0 : 1, coverages: [{ from: size, to: size + 1 }] });
  });

  test.each([[255], [256], [299], ["now" as const]])(
    "is read from %s on, and says what was never scanned",
    async (first) => {
      log.append([watchedRecord("early"), ...records(300)]);
      lab.parts = { ...lab.parts, first };
      lab.isWatched = ({ index }) => index === 300 || index === 601;
      const from = first === "now" ? 601 : first;
      const { code, coverages } = await lab.run();
      expect(coverages.map(coverageLine)[0]).toMatch(`no gap; entries [0, ${from}) were never scanned`);
      expect(code).toBe(first === "now" ? 0 : 1);
      log.append([watchedRecord("late")]);
      expect(await lab.run()).toMatchObject({ code: 1, coverages: [{ from: 601, to: 602, neverScanned: from }] });
    },
  );
});

describe("a log that lies", () => {
  test("forks: exit code 2, with both notes as evidence, and in every pass until somebody decides", async () => {
    await lab.run();
    const good = log.files.get("checkpoint")?.toString();
    log.rewrite(250, [...records(50, "other"), watchedRecord("hidden")]);
    const forked = await lab.run();
    expect(forked.code).toBe(2);
    expect(forked.kinds).toEqual(["log.inconsistent", "witness.equivocated"]);
    const evidence = JSON.parse(lab.evidence.get("fork") ?? "") as Record<string, string>;
    expect(evidence["older"]).toBe(good);
    expect(evidence["newer"]).toBe(log.files.get("checkpoint")?.toString());
    expect(forked.coverages).toMatchObject([{ gaps: [{ from: 300, to: null }] }]);
    const again = await lab.run();
    expect(again.code).toBe(2);
    expect(again.events.map(({ key }) => key)).toEqual(forked.events.map(({ key }) => key));
    expect(lab.posted).toHaveLength(2);
  });

  test("forks at the same size", async () => {
    await lab.run();
    log.rewrite(250, records(50, "other"));
    expect(await lab.run()).toMatchObject({ code: 2, kinds: ["log.inconsistent", "witness.equivocated"] });
  });

  test("forks, and its witness signs only one history", async () => {
    await lab.run();
    log.rewrite(250, records(80, "other"));
    log.sign({ signers: [signer] });
    const { code, kinds } = await lab.run();
    expect(code).toBe(2);
    expect(kinds).toEqual(["witness.lost", "log.unreachable", "log.inconsistent"]);
  });

  test("forks, and hides the tiles that prove it", async () => {
    await lab.run();
    log.rewrite(250, records(400, "other"));
    log.damage("tile/0/000", flip(3));
    const { code, kinds } = await lab.run();
    expect(code).toBe(2);
    expect(kinds).toContain("log.inconsistent");
  });

  test.each([299, 256, 1, 0])("shrinks to %i entries", async (size) => {
    await lab.run();
    log.files.clear();
    log.rewrite(0, originals.slice(0, size));
    const { code, kinds } = await lab.run();
    expect(code).toBe(2);
    expect(kinds).toEqual(["log.inconsistent"]);
    log.rewrite(0, originals);
    expect(await lab.run()).toMatchObject({ code: 0 });
  });

  const DAMAGES: readonly [what: string, damage: () => void][] = [
    ["rewrites a tile", () => log.damage("tile/0/000", flip(32 * 5))],
    ["rewrites the open tile", () => log.damage("tile/0/001.p/44", flip(0))],
    ["rewrites an upper tile", () => log.damage("tile/1/000.p/1", flip(31))],
    ["drops an entry", () => log.damage("tile/entries/001.p/44", (bytes) => bytes.subarray(2 + bytes.readUInt16BE(0)))],
    ["truncates a bundle", () => log.damage("tile/entries/000", (bytes) => bytes.subarray(0, -1))],
    [
      "changes an entry",
      () =>
        log.damage("tile/entries/000", (bytes) =>
          Buffer.from(bytes.toString("latin1").replace(/"digest":"./, '"digest":"/'), "latin1"),
        ),
    ],
    ["signs a root that is not that of its entries", () => log.sign({ root: Buffer.alloc(32, 1) })],
  ];

  test.each(DAMAGES)("%s, at the first pass", async (what, damage) => {
    damage();
    const { code, kinds } = await lab.run();
    expect(kinds).toContain("log.inconsistent");
    expect(code).toBe(2);
    expect((await lab.run()).code).toBe(2);
    log.files.clear();
    log.append([watchedRecord("after")]);
    const healed = await lab.run();
    // Who has signed a wrong root, has signed it for good.
    if (what.startsWith("signs"))
      return expect(healed).toMatchObject({ code: 2, kinds: ["log.inconsistent", "witness.equivocated"] });
    expect(healed.kinds).toContain("match.unexpected");
    expect(healed.coverages).toMatchObject([{ to: 301, gaps: [] }]);
    expect(healed.code).toBe(1);
  });

  test.each(DAMAGES)("%s, where it grew", async (_, damage) => {
    log.rewrite(0, originals.slice(0, 20));
    await lab.run();
    log.append(originals.slice(20));
    damage();
    expect((await lab.run()).code).toBe(2);
  });

  test("signs with another key of its name", async () => {
    await lab.run();
    log.sign({ signers: [ecdsaSigner(ORIGIN), witness] });
    expect(await lab.run()).toMatchObject({ code: 2, kinds: ["key.changed"] });
  });

  test("lists another key than before: an event once, if somebody vouches for it, and in every pass otherwise", async () => {
    await lab.run();
    const next = ecdsaSigner(ORIGIN);
    log.sign({ signers: [next, signer, witness] });
    const { targets } = lab;
    const change = (isVouchedFor: boolean) => () => {
      const found = targets();
      if (typeof found === "string") throw new Error(found);
      const logs = found.logs.map((target) => ({ ...target, vkeys: [...target.vkeys, next.vkey] }));
      return { ...found, logs, isVouchedFor };
    };
    lab.targets = change(false);
    for (const _ of [1, 2]) expect(await lab.run()).toMatchObject({ code: 2, kinds: ["key.changed"] });
    lab.targets = change(true);
    expect(await lab.run()).toMatchObject({ code: 2, kinds: ["key.changed"] });
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
  });

  test("grows after it was frozen", async () => {
    const root = log.files.get("checkpoint")?.toString().split("\n")[2] ?? "";
    log.sign({ text: `${ORIGIN}\n${SIZE}\n${root}\nLog frozen — Mon Jan  2 15:04:05 UTC 2026\n` });
    expect((await lab.run()).code).toBe(0);
    log.append([watchedRecord("late")]);
    const { code, kinds } = await lab.run();
    expect(code).toBe(2);
    expect(kinds).toEqual(["shard.inactive_grew", "match.unexpected"]);
    expect((await lab.run()).kinds).toEqual(["shard.inactive_grew"]);
  });
});

describe("a log that cannot be read", () => {
  test("is unreachable: exit code 3, one event, and one when it is back", async () => {
    await lab.run();
    log.answers.set("checkpoint", 503);
    const [first, second] = [await lab.run(), await lab.run()];
    for (const { code, kinds, coverages } of [first, second]) {
      expect([code, kinds]).toEqual([3, ["log.unreachable"]]);
      expect(coverages).toMatchObject([{ gaps: [{ from: 300, to: null }] }]);
    }
    expect(lab.posted).toHaveLength(1);
    log.answers.clear();
    expect(await lab.run()).toMatchObject({ code: 0, kinds: ["recovered"] });
  });

  test("misses a bundle: a gap, which the entries of the tree fill later, and no others", async () => {
    log.append([watchedRecord("after the gap")]);
    const bundle = log.files.get("tile/entries/000") ?? Buffer.alloc(0);
    log.files.delete("tile/entries/000");
    lab.isWatched = ({ index }) => index === 100 || index === 300;
    const first = await lab.run();
    expect(first.kinds).toEqual(["match.unexpected", "log.gap"]);
    expect(first.code).toBe(1);
    expect(first.coverages).toMatchObject([{ to: 301, gaps: [{ from: 0, to: 256 }] }]);
    expect(await lab.run()).toMatchObject({ code: 3, kinds: ["log.gap"] });
    log.files.set("tile/entries/000", Buffer.concat([bundle.subarray(0, -1), Buffer.of(32)]));
    expect((await lab.run()).code).toBe(3);
    log.files.set("tile/entries/000", bundle);
    const filled = await lab.run();
    expect(filled.kinds).toEqual(["match.unexpected", "recovered"]);
    expect(filled.coverages).toMatchObject([{ gaps: [] }]);
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
  });

  test("misses a bundle and its tile: the rest waits", async () => {
    for (const path of ["tile/entries/000", "tile/0/000"]) log.damage(path);
    const { code, kinds, coverages } = await lab.run();
    expect([code, kinds]).toEqual([3, ["log.gap"]]);
    expect(coverages).toMatchObject([{ to: 0, gaps: [{ from: 0, to: 300 }] }]);
  });

  test("has entries that nobody can parse: each is an event, and the next entries are read", async () => {
    log.append([entryRecord(Buffer.from("{")), watchedRecord("next"), entryRecord(Buffer.from('{"kind":"new"}'))]);
    const { code, kinds } = await lab.run();
    expect(kinds).toEqual(["entry.unparseable", "match.unexpected", "entry.unparseable"]);
    expect(code).toBe(1);
    expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
  });

  test("loses its witness: could not tell", async () => {
    log.sign({ signers: [signer] });
    expect(await lab.run()).toMatchObject({ code: 3, kinds: ["witness.lost", "log.unreachable"] });
  });

  test("is not listed any more: it is watched on, and is a gap", async () => {
    await lab.run();
    log.append([watchedRecord("unlisted")]);
    const { targets } = lab;
    lab.targets = () => ({ ...NOTHING_LISTED, isVouchedFor: true });
    expect(await lab.run()).toMatchObject({ code: 1, kinds: ["log.gap", "match.unexpected"] });
    expect(await lab.run()).toMatchObject({ code: 3, kinds: ["log.gap"] });
    lab.targets = targets;
    expect(await lab.run()).toMatchObject({ code: 0, kinds: ["recovered"] });
  });

  test("is watched by the keys that are known, while the trusted root cannot be read", async () => {
    await lab.run();
    log.append([watchedRecord("meanwhile")]);
    lab.targets = () => "no TUF today";
    expect(await lab.run()).toMatchObject({ code: 1, kinds: ["log.unreachable", "match.unexpected"] });
    expect((await lab.run()).code).toBe(3);
  });

  test("is none, as the trusted root was never read: could not tell", async () => {
    lab.targets = () => "no TUF today";
    expect(await lab.run()).toMatchObject({ code: 3, kinds: ["log.unreachable"], coverages: [] });
  });
});
