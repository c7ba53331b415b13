// SPDX-License-Identifier: Apache-2.0
// Subjects of attestations, which no leaf holds: a pass reads them from the service of the log where a selector asks
// for them, and says so where it cannot. What it cannot read hides no entry.

import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ecdsaSigner, entryRecord, makeRekordBody, ServedLog } from "../../test/support/logs/served-log.ts";
import { PassLab } from "../../test/support/monitor/pass-lab.ts";
import { MAX_GAPS, withGapOfHints } from "./scan/gaps.ts";
import { NOTHING_LISTED } from "./scan/targets.ts";
import type { Gap } from "./state/state.ts";

const ORIGIN = "log.example.com";
const SIZE = 260;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });
const signer = ecdsaSigner(ORIGIN);
const SUBJECT = `sha256:${"ab".repeat(32)}`;
const HINTS = { payloadHash: `sha256:${"cd".repeat(32)}`, subjectDigests: [SUBJECT], predicateType: "https://a/type" };
const SIDECAR = "api/meta/0";
const entryPath = (index: number): string => `api/entries/${index}?log=signature`;
const isAttestation = (index: number): boolean => index === 7 || index === 258;

let log: ServedLog;
let url: string;
let lab: PassLab;

/** Serves what Sigedge serves beside the tiles. */
function serveHints(change: (hints: object) => object = (hints) => hints): void {
  const hintsOf = (index: number): object | null => (isAttestation(index) ? change(HINTS) : null);
  const lines = Array.from(
    { length: 256 },
    (_, index) => `${JSON.stringify({ timestamp: 1000, hints: hintsOf(index) })}\n`,
  );
  log.files.set(SIDECAR, Buffer.from(lines.join("")));
  for (const index of [0, 256, 257, 258, 259]) {
    const entry = { log: "signature", index, timestampMs: 1000, hints: hintsOf(index) };
    log.files.set(entryPath(index), Buffer.from(JSON.stringify(entry)));
  }
}

beforeAll(async () => {
  log = new ServedLog(ORIGIN, "entries", [signer]);
  url = await log.serve();
});
beforeEach(() => {
  log.files.clear();
  log.answers.clear();
  log.rewrite(
    0,
    Array.from({ length: SIZE }, (_, i) => entryRecord(makeRekordBody(privateKey, spki, `artifact ${i}`))),
  );
  log.asked.length = 0;
  lab = new PassLab(() => ({
    ...NOTHING_LISTED,
    logs: [{ url, kind: "signature", origin: ORIGIN, vkeys: [signer.vkey], isEnded: false }],
    isVouchedFor: true,
  }));
  lab.parts = { readsHints: true };
  lab.isWatched = ({ digests }) => digests.includes(SUBJECT);
});
afterAll(() => log.stop());

const indexesOf = ({ events }: Awaited<ReturnType<PassLab["run"]>>): readonly (number | string)[] =>
  events.map(({ kind, details }) => ("entry" in details ? details.entry.index : kind));

test("a subject's digest is found in a full bundle and in the tail, of which only new entries are asked for", async () => {
  serveHints();
  const first = await lab.run();
  expect(indexesOf(first)).toEqual([7, 258]);
  expect(first.events).toMatchObject([{ details: { entry: { what: "attestation" } } }, {}]);
  expect(log.asked.filter((path) => path === SIDECAR)).toHaveLength(1);
  log.asked.length = 0;
  log.append([entryRecord(makeRekordBody(privateKey, spki, "later"))]);
  log.files.set(entryPath(260), Buffer.from(JSON.stringify({ log: "signature", timestampMs: 1, hints: HINTS })));
  expect(indexesOf(await lab.run())).toEqual([260]);
  expect(log.asked.filter((path) => path.startsWith("api/entries/")).toSorted()).toEqual([
    entryPath(0),
    entryPath(260),
  ]);
});

test("nothing is asked for where no selector needs it", async () => {
  serveHints();
  lab.parts = { readsHints: false };
  expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
  expect(log.asked.filter((path) => path.startsWith("api/"))).toEqual([]);
});

test("a log of other software has no subjects: nothing is missing", async () => {
  expect(await lab.run()).toMatchObject({ code: 0, kinds: [], coverages: [{ gaps: [] }] });
});

const FAILURES: readonly (readonly [what: string, damage: () => void])[] = [
  ["fails", () => log.answers.set(SIDECAR, 503)],
  ["has another number of lines", () => log.damage(SIDECAR, (bytes) => bytes.subarray(0, -5))],
  ["says what no attestation has", () => serveHints((hints) => ({ ...hints, subjectDigests: ["sha256:XY"] }))],
];

test.each(FAILURES)("a service that %s leaves a gap, hides no entry, and is tried once more", async (_, fail) => {
  serveHints();
  fail();
  // The digest in the leaf is watched all the same.
  lab.isWatched = ({ digests, index }) => digests.includes(SUBJECT) || index === 100;
  log.answers.set(entryPath(258), 503);
  const first = await lab.run();
  expect(indexesOf(first)).toEqual([100, "log.gap", "log.gap"]);
  expect(first.code).toBe(1);
  expect(first.coverages).toMatchObject([
    {
      to: 260,
      gaps: [
        { from: 0, to: 256 },
        { from: 256, to: 260 },
      ],
    },
  ]);
  expect(await lab.run()).toMatchObject({ code: 3, kinds: ["log.gap", "log.gap"] });
  log.answers.clear();
  serveHints();
  const healed = await lab.run();
  expect(indexesOf(healed)).toEqual([7, 100, 258, "recovered", "recovered"]);
  // The entry that was told before has the same key, and is not delivered again.
  expect(lab.posted.filter((key) => key.endsWith("/100"))).toHaveLength(1);
  expect(await lab.run()).toMatchObject({ code: 0, kinds: [] });
});

test("a service that does not answer leaves a gap too, which is none once no selector asks", async () => {
  serveHints();
  for (const path of ["api/logs", entryPath(0)]) log.answers.set(path, 503);
  expect(await lab.run()).toMatchObject({ code: 3, kinds: ["log.gap", "log.gap"] });
  lab.parts = { readsHints: false };
  expect(await lab.run()).toMatchObject({ code: 0, kinds: ["recovered", "recovered"] });
});

test("a silent service never stops the scan: beyond the limit the last gap grows", () => {
  const gap = (i: number): Gap => ({ from: i * 256, to: (i + 1) * 256, leaves: `${i}`, reason: "", lacks: "hints" });
  let gaps: readonly Gap[] = [];
  for (let i = 0; i < MAX_GAPS + 5; i++) gaps = withGapOfHints(gaps, gap(i));
  expect(gaps).toHaveLength(MAX_GAPS);
  expect(gaps.at(-1)).toMatchObject({ from: (MAX_GAPS - 1) * 256, to: (MAX_GAPS + 5) * 256, leaves: "" });
});
