// SPDX-License-Identifier: Apache-2.0
// Promises of Sigedge that no specification demands: each entry is logged once, times do not go back, and sidecars hold
// only what is possible. Logs are written by test/support/logs/served-log.ts.

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ecdsaSigner,
  entryRecord,
  makeRekordBody,
  ServedLog,
  type ServedRecord,
  SIGNED_AT_MS,
} from "../../test/support/logs/served-log.ts";
import { valueOf } from "../../test/support/value-of.ts";
import type { Finding } from "../served-log/findings.ts";
import { httpSource } from "../served-log/log-source.ts";
import { logOfVkeys, verifiersOf } from "../served-log/trust.ts";
import { type AuditOptions, type AuditReport, audit } from "./audit.ts";
import { SeenEntries } from "./seen-entries.ts";
import { SeenSidecars } from "./seen-sidecars.ts";
import type { Progress } from "./state.ts";

const ORIGIN = "log.example.com";
const SIZE = 520;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });
const signer = ecdsaSigner(ORIGIN);
const bodyOf = (message: string, key: KeyObject = privateKey): Buffer => makeRekordBody(key, spki, message);
const originals: readonly ServedRecord[] = Array.from({ length: SIZE }, (_, i) => entryRecord(bodyOf(`artifact ${i}`)));
const FIRST_TIME_MS = SIGNED_AT_MS - 10_000_000;

let log: ServedLog;
let url: string;
let folder: string;
/** The line of the sidecar of each entry. */
let lines: { timestamp: unknown; hints: unknown }[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-order-"));
  log = new ServedLog(ORIGIN, "entries", [signer]);
  url = await log.serve();
});
beforeEach(() => {
  lines = Array.from({ length: 1100 }, (_, i) => ({
    timestamp: FIRST_TIME_MS + 1000 * Math.floor(i / 3),
    hints: null,
  }));
  log.files.clear();
  log.answers.clear();
  log.rewrite(0, originals);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await log.stop();
});

/** Writes the sidecars of full bundles, and what the service says of each entry of the tail. */
function serveLines(): void {
  const full = Math.floor(log.size / 256);
  for (let bundle = 0; bundle < full; bundle++) {
    const text = lines.slice(256 * bundle, 256 * (bundle + 1)).map((line) => `${JSON.stringify(line)}\n`);
    log.files.set(`api/meta/${bundle}`, Buffer.from(text.join("")));
  }
  for (let index = 256 * full; index < log.size; index++) {
    const { timestamp: timestampMs, hints } = lines[index] ?? {};
    log.files.set(`api/entries/${index}?log=main`, Buffer.from(JSON.stringify({ timestampMs, hints })));
  }
}

interface Run extends AuditReport {
  readonly saved: Progress | null;
}

async function run(change: Partial<AuditOptions> = {}): Promise<Run> {
  let saved: Progress | null = null;
  const source = httpSource(url, [1]);
  const report = await audit({
    log: valueOf(logOfVkeys(url, [signer.vkey], null)),
    verifiers: valueOf(verifiersOf([signer.vkey])),
    listedVerifiers: [],
    source,
    service: { source, kind: "signature", name: "main" },
    checks: { signatures: false, order: true, policy: null },
    policy: null,
    keyEnds: new Map(),
    jobs: 0,
    audited: null,
    progress: null,
    seenFrom: () => new SeenEntries(),
    sidecars: new SeenSidecars(),
    remember: () => undefined,
    save: (progress) => (saved = progress),
    onProgress: () => undefined,
    now: () => 0,
    time: () => SIGNED_AT_MS,
    ...change,
  });
  return { ...report, saved };
}

/** The order of P-256. */
const N = 0xffffffff_00000000_ffffffff_ffffffff_bce6faad_a7179e84_f3b9cac2_fc632551n;

/** The same entry with the signature (r, n − s), which anybody can compute. */
function otherForm(body: Buffer): Buffer {
  const [, base64 = ""] = /"content":"([^"]+)"/.exec(body.toString()) ?? [];
  const der = Buffer.from(base64, "base64");
  const rLength = der[3] ?? 0;
  const s = BigInt(`0x${der.subarray(6 + rLength).toString("hex")}`);
  const digits = (N - s).toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
  const positive = (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  const parts = Buffer.concat([der.subarray(2, 4 + rLength), Buffer.of(2, positive.length), positive]);
  const negated = Buffer.concat([Buffer.of(0x30, parts.length), parts]);
  return Buffer.from(body.toString().replace(base64, negated.toString("base64")));
}

test("a log that keeps its promises is good, by any number of threads", async () => {
  serveLines();
  for (const jobs of [0, 2]) expect(await run({ jobs })).toMatchObject({ verdict: "good", entriesRead: SIZE });
});

describe("an entry that is logged twice", () => {
  const first = bodyOf("artifact 7 again");
  const rows: readonly [string, number, Buffer, number, Buffer][] = [
    ["next to each other", 7, first, 8, first],
    ["in different bundles", 7, first, 300, first],
    ["in the tail", 7, first, SIZE - 1, first],
    ["with the other signature that anybody can make of the first", 7, first, 400, otherForm(first)],
  ];
  test.each(rows)("%s makes the log bad", async (...[, earlier, body, leafIndex, again]) => {
    const records = [...originals];
    records[earlier] = entryRecord(body);
    records[leafIndex] = entryRecord(again);
    log.rewrite(0, records);
    serveLines();
    for (const signatures of [true, false]) {
      const report = await run({ checks: { signatures, order: true, policy: null } });
      expect(report.findings.listed).toEqual([{ code: "entry_repeated", leafIndex, earlier }]);
      expect(report.verdict).toBe("bad");
    }
  });

  test("is no finding in a log that does not promise it", async () => {
    log.rewrite(0, [entryRecord(first), entryRecord(first)]);
    expect(await run({ checks: { signatures: true, order: false, policy: null }, service: null })).toMatchObject({
      verdict: "good",
    });
  });

  test("is found by an audit that continues another", async () => {
    const file = join(folder, "seen");
    const seenFrom = (size: number): SeenEntries | null => SeenEntries.resume(file, size);
    serveLines();
    const before = await run({ seenFrom });
    expect(before).toMatchObject({ verdict: "good", saved: { treeSize: 512 } });
    expect(statSync(file).size).toBe(512 * 32);
    log.append([entryRecord(bodyOf("new")), originals[100] ?? expect.fail("no entry")]);
    serveLines();
    const report = await run({ seenFrom, progress: before.saved });
    expect(report).toMatchObject({ verdict: "bad", startedAt: 512 });
    expect(report.findings.listed).toEqual([{ code: "entry_repeated", leafIndex: SIZE + 1, earlier: 100 }]);
  });

  test("is found again from the beginning where the file of identities is shorter than the state says", async () => {
    const file = join(folder, "short");
    const seenFrom = (size: number): SeenEntries | null => SeenEntries.resume(file, size);
    serveLines();
    const before = await run({ seenFrom });
    truncateSync(file, 511 * 32);
    log.append([originals[100] ?? expect.fail("no entry")]);
    serveLines();
    expect(await run({ seenFrom, progress: before.saved })).toMatchObject({ verdict: "bad", startedAt: 0 });
  });
});

describe("the times and hints of a signature log", () => {
  const HINTS = {
    payloadHash: `sha256:${"ab".repeat(32)}`,
    subjectDigests: [`sha256:${"cd".repeat(32)}`],
    predicateType: "https://slsa.dev/provenance/v1",
  };
  const timeAt = (index: number): number => FIRST_TIME_MS + 1000 * Math.floor(index / 3);
  const rows: readonly [string, () => void, readonly Finding[]][] = [
    [
      "one in the past",
      () => set(5, { timestamp: 1_577_836_800_000 }),
      [{ code: "time_went_back", leafIndex: 5, time: 1_577_836_800_000, before: timeAt(4) }],
    ],
    [
      "zero",
      () => set(300, { timestamp: 0 }),
      [{ code: "time_went_back", leafIndex: 300, time: 0, before: timeAt(299) }],
    ],
    [
      "one in the past at the start of a bundle",
      () => set(256, { timestamp: FIRST_TIME_MS }),
      [{ code: "time_went_back", leafIndex: 256, time: FIRST_TIME_MS, before: timeAt(255) }],
    ],
    [
      "one in the past in the tail",
      () => set(515, { timestamp: 1 }),
      [{ code: "time_went_back", leafIndex: 515, time: 1, before: timeAt(514) }],
    ],
    [
      "hints without a payload hash",
      () => set(9, { hints: { ...HINTS, payloadHash: "sha256:" } }),
      [{ code: "hints_invalid", leafIndex: 9 }],
    ],
    [
      "hints with a digest twice",
      () => set(9, { hints: { ...HINTS, subjectDigests: ["sha1:00", "sha1:00"] } }),
      [{ code: "hints_invalid", leafIndex: 9 }],
    ],
    [
      "hints with words for a digest",
      () => set(9, { hints: { ...HINTS, subjectDigests: ["somebody else's"] } }),
      [{ code: "hints_invalid", leafIndex: 9 }],
    ],
  ];
  const set = (index: number, change: object): void => {
    const line = lines[index] ?? expect.fail("no line");
    lines[index] = { ...line, ...change };
  };

  test("may be those of an attestation", async () => {
    set(9, { hints: HINTS });
    serveLines();
    expect(await run()).toMatchObject({ verdict: "good" });
  });

  test.each(rows)("%s: bad", async (_, damage, found) => {
    damage();
    serveLines();
    const report = await run();
    expect(report.findings.listed).toEqual(found);
    expect(report.verdict).toBe("bad");
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ["a line too few", (bytes) => bytes.subarray(bytes.indexOf("\n") + 1)],
    ["a line too many", (bytes) => Buffer.concat([bytes, Buffer.from('{"timestamp":1,"hints":null}\n')])],
    ["a line that is not JSON", (bytes) => Buffer.concat([Buffer.from("x"), bytes])],
    ["no end", (bytes) => bytes.subarray(0, -1)],
    ["nothing in it", () => Buffer.alloc(0)],
  ])("a sidecar with %s: bad", async (_, damage) => {
    serveLines();
    log.damage("api/meta/1", damage);
    const report = await run();
    expect(report.findings.listed).toEqual([{ code: "sidecar_malformed", path: "api/meta/1" }]);
    expect(report.verdict).toBe("bad");
  });

  test("that cannot be read leave the question open", async () => {
    serveLines();
    log.answers.set("api/meta/0", 403);
    expect(await run()).toMatchObject({
      verdict: "could not tell",
      findings: { listed: [{ code: "resource_unreadable", path: "api/meta/0" }] },
    });
  });

  test.each([SIGNED_AT_MS + 600_001, Date.UTC(9999, 11, 31)])(
    "%d, in the future: could not tell",
    async (timestamp) => {
      set(3, { timestamp });
      serveLines();
      const report = await run();
      expect(report.findings.listed).toEqual([{ code: "time_in_future", leafIndex: 3, time: timestamp }]);
      expect(report.verdict).toBe("could not tell");
    },
  );

  test("that no timestamp can be, are damage", async () => {
    set(3, { timestamp: Number.MAX_SAFE_INTEGER });
    serveLines();
    const report = await run();
    expect(report.findings.listed).toMatchObject([{ code: "sidecar_malformed" }]);
    expect(report.verdict).toBe("bad");
  });

  test("of a log whose service no longer says that it is Sigedge: could not tell", async () => {
    serveLines();
    const report = await run({ service: null });
    expect(report.findings.listed).toEqual([{ code: "resource_missing", path: "api/logs" }]);
    expect(report.verdict).toBe("could not tell");
  });

  test.each<[string, object]>([
    ["times that are as possible", { timestamp: timeAt(254) + 1 }],
    ["hints that nobody has signed", { hints: HINTS }],
  ])("other than at an earlier audit, with %s: bad", async (_, change) => {
    const file = join(folder, "state.json.sidecars");
    const audited = async (sidecars: SeenSidecars): Promise<Run> => {
      serveLines();
      const report = await run({ sidecars });
      sidecars.save();
      return report;
    };
    expect(await audited(new SeenSidecars(file))).toMatchObject({ verdict: "good" });
    set(255, change);
    // Once noticed, it is noticed again.
    for (const sidecars of [SeenSidecars.resume(file), SeenSidecars.resume(file)]) {
      const report = await audited(sidecars);
      expect(report.findings.listed).toEqual([{ code: "sidecar_changed", path: "api/meta/0" }]);
      expect(report.verdict).toBe("bad");
    }
    // Who has never read another one cannot know.
    expect(await audited(new SeenSidecars())).toMatchObject({ verdict: "good" });
  });

  test("are compared across audits", async () => {
    serveLines();
    const before = await run();
    set(512, { timestamp: timeAt(511) - 1 });
    serveLines();
    const report = await run({ progress: before.saved });
    expect(report.findings.listed).toMatchObject([{ code: "time_went_back", leafIndex: 512 }]);
  });
});
