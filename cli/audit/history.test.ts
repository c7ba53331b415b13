// SPDX-License-Identifier: Apache-2.0
// Forks against what an earlier audit saw, and their evidence, which is verified here as RFC 9162 §2.1.4.2 and
// c2sp.org/signed-note say, over node:crypto and without our code.

import { createHash, createPublicKey, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ecdsaSigner,
  entryRecord,
  ServedLog,
  SIGNED_AT_MS,
  treeHeadSigner,
} from "../../test/support/logs/served-log.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { type ForkEvidence, formatEvidence } from "../served-log/history.ts";
import { httpSource } from "../served-log/log-source.ts";
import type { SeenTree } from "../served-log/seen-tree.ts";
import { logOfVkeys, verifiersOf } from "../served-log/trust.ts";
import { type AuditOptions, type AuditReport, audit } from "./audit.ts";
import { SeenEntries } from "./seen-entries.ts";
import { SeenSidecars } from "./seen-sidecars.ts";
import type { Progress } from "./state.ts";

const ORIGIN = "fork.example.com";
const signer = ecdsaSigner(ORIGIN);
const record = (name: string): ReturnType<typeof entryRecord> => entryRecord(Buffer.from(name));
const history = (name: string, from: number, end: number): ReturnType<typeof record>[] =>
  Array.from({ length: end - from }, (_, i) => record(`${name} ${from + i}`));

let log: ServedLog;
let url: string;
beforeAll(async () => {
  log = new ServedLog(ORIGIN, "entries", [signer]);
  url = await log.serve();
});
afterAll(() => log.stop());

interface Run extends AuditReport {
  readonly saved: Progress | null;
  readonly remembered: number | null;
}

async function run(change: Partial<AuditOptions> = {}): Promise<Run> {
  let saved: Progress | null = null;
  let remembered: number | null = null;
  const report = await audit({
    log: valueOf(logOfVkeys(url, [signer.vkey], null)),
    verifiers: valueOf(verifiersOf([signer.vkey])),
    listedVerifiers: [],
    source: httpSource(url, [1]),
    service: null,
    checks: { signatures: false, order: false, policy: null },
    policy: null,
    keyEnds: new Map(),
    jobs: 0,
    audited: null,
    progress: null,
    seenFrom: () => new SeenEntries(),
    sidecars: new SeenSidecars(),
    remember: ({ treeSize }) => (remembered = treeSize),
    save: (progress) => (saved = progress),
    onProgress: () => undefined,
    now: () => 0,
    time: () => SIGNED_AT_MS,
    staleWaitsMs: [],
    ...change,
  });
  return { ...report, saved, remembered };
}

function auditedNow(): SeenTree {
  const checkpoint = log.files.get("checkpoint")?.toString() ?? "";
  const [, size, root = ""] = checkpoint.split("\n");
  return { size: Number(size), root, checkpoint, at: "2026-11-23T00:00:00Z" };
}

function serve(...records: readonly (readonly ReturnType<typeof record>[])[]): void {
  log.files.clear();
  log.rewrite(0, records.flat());
}

// ---- the third person ----

const node = (left: Buffer, right: Buffer): Buffer =>
  createHash("sha256")
    .update(Buffer.concat([Buffer.of(1), left, right]))
    .digest();

/** RFC 9162 §2.1.4.2, step by step. */
function isConsistent(
  first: number,
  second: number,
  roots: readonly [Buffer, Buffer],
  path: readonly Buffer[],
): boolean {
  if (first === second) return path.length === 0 && roots[0].equals(roots[1]);
  if (path.length === 0) return false;
  const isPower = (first & (first - 1)) === 0;
  const [start = Buffer.alloc(0), ...rest] = isPower ? [roots[0], ...path] : path;
  let fn = first - 1;
  let sn = second - 1;
  while (fn % 2 === 1) [fn, sn] = [fn >> 1, sn >> 1];
  let fr = start;
  let sr = start;
  for (const c of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [node(c, fr), node(c, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else sr = node(sr, c);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && fr.equals(roots[0]) && sr.equals(roots[1]);
}

interface Head {
  readonly size: number;
  readonly root: Buffer;
}

/** Verifies a note by its key of type 02, and reads its head. */
function readSigned(note: string, vkey: string): Head {
  const [text = "", signatures = ""] = note.split(/(?<=\n)\n/);
  const key = createPublicKey({
    key: Buffer.from(vkey.split("+").slice(2).join("+"), "base64").subarray(1),
    format: "der",
    type: "spki",
  });
  const signature = Buffer.from(signatures.trim().split(" ")[2] ?? "", "base64").subarray(4);
  expect(verify("sha256", Buffer.from(text), key, signature)).toBe(true);
  const [origin, size, root = ""] = text.split("\n");
  expect(origin).toBe(ORIGIN);
  return { size: Number(size), root: Buffer.from(root, "base64") };
}

/** Verifies the evidence of a fork with nothing but the log's key and RFC 9162. */
function isProof(file: string, vkey: string): boolean {
  const { olderSize, newerSize, older, newer, newerRootAtOlderSize, consistencyProof } = JSON.parse(
    file,
  ) as ForkEvidence;
  const [a, b] = [readSigned(older, vkey), readSigned(newer, vkey)];
  expect([a.size, b.size]).toEqual([olderSize, newerSize]);
  const proven = Buffer.from(newerRootAtOlderSize ?? "", "base64");
  const path = (consistencyProof ?? []).map((hash) => Buffer.from(hash, "base64"));
  return (
    isConsistent(olderSize, newerSize, [proven, b.root], path) &&
    !isConsistent(olderSize, newerSize, [a.root, b.root], path) &&
    !proven.equals(a.root)
  );
}

describe("a fork against what an earlier audit saw", () => {
  // Sizes of the older and of the newer tree, and the first entry that differs.
  test.each([
    [1, 1, 0],
    [2, 3, 1],
    [3, 7, 0],
    [4, 5, 3],
    [255, 256, 200],
    [256, 257, 0],
    [256, 512, 255],
    [300, 300, 299],
    [300, 301, 10],
    [300, 900, 299],
    [512, 1030, 100],
    [700, 1024, 600],
  ])(
    "of %d entries in a tree of %d that differs from entry %d on: is proven to anyone",
    async (older, newer, differs) => {
      serve(history("a", 0, older));
      const first = await run();
      expect(first).toMatchObject({ verdict: "good", evidence: null, remembered: older });
      const audited = auditedNow();
      serve(history("a", 0, differs), history("b", differs, newer));
      for (const progress of [null, first.saved]) {
        const report = await run({ audited, progress });
        expect(report).toMatchObject({ verdict: "bad", remembered: null, startedAt: 0 });
        expect(report.findings.listed.map(({ code }) => code)).toEqual(["tree_forked"]);
        const file = formatEvidence(report.evidence ?? expect.fail("no evidence"), [signer.vkey]);
        expect(isProof(file, signer.vkey)).toBe(true);
      }
    },
  );

  test("that is none is not proven, and its head is remembered", async () => {
    for (const [older, newer] of [
      [1, 2],
      [255, 257],
      [300, 300],
      [300, 1030],
    ] as const) {
      serve(history("a", 0, older));
      const audited = auditedNow();
      log.append(history("a", older, newer));
      expect(await run({ audited })).toMatchObject({ verdict: "good", evidence: null, remembered: newer });
    }
  });

  test("is found by the entries where tiles cannot be read", async () => {
    serve(history("a", 0, 300));
    const audited = auditedNow();
    serve(history("b", 0, 301));
    log.answers.set("tile/1/000.p/1", 404);
    const report = await run({ audited });
    log.answers.clear();
    expect(report.findings.listed.map(({ code }) => code)).toContain("tree_forked");
    expect(report).toMatchObject({ remembered: null, evidence: { older: audited.checkpoint, consistencyProof: null } });
  });

  test("is found as well if the earlier audit could not tell", async () => {
    serve(history("a", 0, 300));
    log.answers.set("tile/entries/000", 404);
    log.answers.set("tile/0/000", 404);
    expect(await run()).toMatchObject({ verdict: "could not tell", remembered: 300 });
    log.answers.clear();
  });

  test("gives no evidence where the served tiles do not lead to the signed root", async () => {
    serve(history("a", 0, 300));
    const audited = auditedNow();
    log.append(history("a", 300, 400));
    log.sign({ root: Buffer.alloc(32, 7) });
    const report = await run({ audited });
    expect(report.findings.listed.map(({ code }) => code)).toEqual(["root_wrong"]);
    expect(report.evidence).toBe(null);
  });
});

test("a tree that is smaller than before is shown with both notes", async () => {
  serve(history("a", 0, 300));
  const audited = auditedNow();
  serve(history("a", 0, 299));
  const report = await run({ audited });
  expect(report).toMatchObject({
    verdict: "bad",
    evidence: { olderSize: 300, newerSize: 299, newerRootAtOlderSize: null },
  });
  const { older, newer } = report.evidence ?? expect.fail("no evidence");
  expect(readSigned(older, signer.vkey).size).toBe(300);
  expect(readSigned(newer, signer.vkey).size).toBe(299);
});

describe("the time of a certificate log's head", () => {
  const origin = "ct.example.com/ct";
  const key = treeHeadSigner(origin);

  async function runAt(timeMs: number, change: Partial<AuditOptions> = {}): Promise<readonly string[]> {
    const options = {
      log: valueOf(logOfVkeys(url, [key.vkey], "certificate")),
      verifiers: valueOf(verifiersOf([key.vkey])),
    };
    const { findings } = await run({ ...options, time: () => timeMs, ...change });
    return findings.listed.map(({ code }) => code);
  }

  function serveEmpty(): SeenTree {
    log.files.clear();
    log.rewrite(0, []);
    log.sign({ origin, signers: [key], size: 0 });
    return auditedNow();
  }

  test("is at most ten minutes ahead of this machine's", async () => {
    serveEmpty();
    expect(await runAt(SIGNED_AT_MS - 600_000)).toEqual([]);
    expect(await runAt(SIGNED_AT_MS - 600_001)).toEqual(["time_in_future"]);
  });

  test("is later than that of a smaller tree", async () => {
    const audited = serveEmpty();
    expect(await runAt(SIGNED_AT_MS, { audited })).toEqual([]);
    log.rewrite(0, [record("x")]);
    log.sign({ origin, signers: [key] });
    // Every head of served-log.ts has the same time.
    expect(await runAt(SIGNED_AT_MS, { audited })).toContain("head_not_newer");
  });

  test("is not after the end of its key's validity", async () => {
    serveEmpty();
    const name = key.vkey.split("+", 2).join("+");
    expect(await runAt(SIGNED_AT_MS, { keyEnds: new Map([[name, SIGNED_AT_MS]]) })).toEqual([]);
    expect(await runAt(SIGNED_AT_MS, { keyEnds: new Map([[name, SIGNED_AT_MS - 1]]) })).toEqual([
      "head_after_retirement",
    ]);
  });
});
