// SPDX-License-Identifier: Apache-2.0
// Audits of logs that test/support/logs/served-log.ts writes and damages: the findings and the verdicts.

import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ecdsaSigner,
  ed25519Signer,
  entryRecord,
  makeRekordBody,
  mlDsaSigner,
  rekorBody,
  ServedLog,
  type ServedRecord,
  SIGNED_AT_MS,
  witnessSigner,
} from "../../test/support/logs/served-log.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { httpSource } from "../served-log/log-source.ts";
import type { SeenTree } from "../served-log/seen-tree.ts";
import { logOfVkeys, verifiersOf } from "../served-log/trust.ts";
import { type AuditOptions, type AuditReport, audit } from "./audit.ts";
import { SeenEntries } from "./seen-entries.ts";
import { SeenSidecars } from "./seen-sidecars.ts";
import type { Checks, Progress } from "./state.ts";

const ORIGIN = "log.example.com";
const SIZE = 300;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });
const ecdsa = ecdsaSigner(ORIGIN);
const ed25519 = ed25519Signer(ORIGIN);
const witness = witnessSigner("witness.example.org");
const mlDsa = mlDsaSigner(ORIGIN, ORIGIN);
const mlDsaWitness = mlDsaSigner("witness.example.org/2", ORIGIN);
const signedRecord = (message: string): ServedRecord => entryRecord(makeRekordBody(privateKey, spki, message));
const records = (count: number, name = "artifact"): readonly ServedRecord[] =>
  Array.from({ length: count }, (_, i) => signedRecord(`${name} ${i}`));
const originals = records(SIZE);

let log: ServedLog;
let url: string;

beforeAll(async () => {
  log = new ServedLog(ORIGIN, "entries", [ecdsa, ed25519, witness]);
  url = await log.serve();
});
beforeEach(() => {
  log.files.clear();
  log.answers.clear();
  log.rewrite(0, originals);
  log.asked.length = 0;
});
afterAll(() => log.stop());

interface Run extends AuditReport {
  /** The progress saved last. */
  readonly saved: Progress | null;
  /** The note of the head that it remembered. */
  readonly remembered: string | null;
}

type Change = Partial<AuditOptions> & {
  readonly vkeys?: readonly string[];
  readonly witnesses?: readonly string[];
  readonly verifies?: boolean;
};

const CHECKS: Checks = { signatures: false, order: false, policy: null };

async function run({
  vkeys = [ecdsa.vkey, ed25519.vkey, mlDsa.vkey],
  witnesses = [witness.vkey, mlDsaWitness.vkey],
  verifies = false,
  ...change
}: Change = {}): Promise<Run> {
  let saved: Progress | null = null;
  let remembered: string | null = null;
  const report = await audit({
    log: valueOf(logOfVkeys(url, vkeys, null)),
    verifiers: valueOf(verifiersOf([...vkeys, ...witnesses])),
    listedVerifiers: [],
    source: httpSource(url, [1]),
    service: null,
    checks: { ...CHECKS, signatures: verifies },
    policy: null,
    keyEnds: new Map(),
    jobs: 0,
    audited: null,
    progress: null,
    seenFrom: (size) => (size === 0 ? new SeenEntries() : null),
    sidecars: new SeenSidecars(),
    remember: (head) => (remembered = head.note),
    save: (progress) => (saved = progress),
    onProgress: () => undefined,
    now: () => 0,
    time: () => SIGNED_AT_MS,
    staleWaitsMs: [0, 5],
    ...change,
  });
  return { ...report, saved, remembered };
}

const codes = ({ findings }: AuditReport): readonly string[] => findings.listed.map(({ code }) => code);
const goodTree = (): SeenTree => {
  const checkpoint = log.files.get("checkpoint")?.toString() ?? "";
  const [, size, root = ""] = checkpoint.split("\n");
  return { size: Number(size), root, checkpoint, at: "2026-11-23T00:00:00Z" };
};
/** Changes the byte at `at`. */
const flip =
  (at: number) =>
  (bytes: Buffer): Buffer => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
const FULL_BUNDLE = "tile/entries/000";
const OPEN_BUNDLE = "tile/entries/001.p/44";
const FULL_TILE = "tile/0/000";
const OPEN_TILE = "tile/0/001.p/44";
const UPPER_TILE = "tile/1/000.p/1";

describe("a good log", () => {
  test("is good, with every entry verified, with and without threads", async () => {
    for (const jobs of [0, 2]) {
      const report = await run({ verifies: true, jobs });
      expect(report).toMatchObject({ verdict: "good", entriesRead: SIZE, counts: { verified: SIZE, unknown: 0 } });
      expect(report.head?.lines.map(({ type }) => type)).toEqual([2, 1, 4]);
    }
  });

  test("is read completely, each file once", async () => {
    await run();
    expect(log.asked.toSorted()).toEqual([...log.files.keys()].toSorted());
  });

  test.each([0, 1, 2, 255, 256, 257, 512])("of %i entries is good", async (size) => {
    log.files.clear();
    log.rewrite(0, [...originals, ...originals].slice(0, size));
    expect(await run({ audited: goodTree() })).toMatchObject({ verdict: "good", entriesRead: size });
  });

  test("with entries of another kind is good, and the entries are not judged", async () => {
    log.rewrite(
      0,
      Array.from({ length: 3 }, (_, i) => entryRecord(Buffer.from(`entry ${i}`))),
    );
    log.rewrite(3, [entryRecord(Buffer.alloc(0))]);
    expect(await run({ verifies: true })).toMatchObject({ verdict: "good", counts: { unknown: 4, verified: 0 } });
  });

  test("that outgrows its partial tiles during the audit is good", async () => {
    const checkpoint = log.files.get("checkpoint") ?? Buffer.alloc(0);
    log.append(records(512 - SIZE, "later"));
    for (const path of [OPEN_BUNDLE, OPEN_TILE, UPPER_TILE]) log.damage(path);
    log.files.set("tile/1/000", Buffer.alloc(8192));
    log.damage("tile/1/000", () =>
      Buffer.concat([log.files.get("tile/1/000.p/2") ?? Buffer.alloc(0), Buffer.alloc(254 * 32)]),
    );
    log.files.set("checkpoint", checkpoint);
    expect(await run()).toMatchObject({ verdict: "good", entriesRead: SIZE });
  });

  test("with signature lines by unknown keys is good", async () => {
    const strangers = Array.from({ length: 16 }, (_, i) => witnessSigner(`witness-${i}.example.org`));
    log.sign({ signers: [ed25519, ...strangers] });
    expect(await run()).toMatchObject({ verdict: "good" });
    const unknown = `— witness.example.net ${Buffer.concat([Buffer.of(1, 2, 3, 4), Buffer.alloc(2420)]).toString("base64")}\n`;
    log.damage("checkpoint", (note) => Buffer.concat([note, Buffer.from(unknown)]));
    expect(await run()).toMatchObject({ verdict: "good" });
  });

  test("signed with ML-DSA-44 is good, by that key alone too", async () => {
    log.sign({ signers: [ecdsa, mlDsa, mlDsaWitness] });
    const keys = { vkeys: [mlDsa.vkey], witnesses: [mlDsaWitness.vkey] };
    const report = await run(keys);
    expect(report).toMatchObject({ verdict: "good" });
    expect(report.head?.lines.map(({ type }) => type)).toEqual([null, 6, 6]);
    log.sign({ signers: [ecdsa, mlDsaWitness] });
    expect(codes(await run(keys))).toEqual(["checkpoint_unsigned"]);
  });

  test("that is slow or busy at first is good", async () => {
    log.answers.set(FULL_TILE, 503);
    const source = httpSource(url, [20]);
    const retrying = { read: (path: string, max: number) => source.read(path, max) };
    setTimeout(() => log.answers.clear(), 10);
    expect(await run({ source: retrying })).toMatchObject({ verdict: "good" });
  });
});

describe("a damaged log is bad", () => {
  const rows: readonly [what: string, damage: () => void, found: readonly string[]][] = [
    ["a hash of a full tile", () => log.damage(FULL_TILE, flip(32 * 5)), ["tile_wrong"]],
    ["a hash of the open tile", () => log.damage(OPEN_TILE, flip(0)), ["tile_wrong"]],
    ["a hash of an upper tile", () => log.damage(UPPER_TILE, flip(31)), ["tile_wrong"]],
    ["a tile that is too short", () => log.damage(FULL_TILE, (bytes) => bytes.subarray(32)), ["tile_malformed"]],
    ["a tile that ends within a hash", () => log.damage(OPEN_TILE, (bytes) => bytes.subarray(1)), ["tile_malformed"]],
    [
      "a tile that is too long",
      () => log.damage(UPPER_TILE, (bytes) => Buffer.concat([bytes, bytes])),
      ["tile_malformed"],
    ],
    ["an entry of a full bundle", () => log.damage(FULL_BUNDLE, swapEntry), ["entry_not_in_tree"]],
    ["an entry of the open bundle", () => log.damage(OPEN_BUNDLE, swapEntry), ["entry_not_in_tree"]],
    ["a truncated full bundle", () => log.damage(FULL_BUNDLE, (bytes) => bytes.subarray(0, -1)), ["bundle_malformed"]],
    ["the open bundle, truncated after an entry", () => log.damage(OPEN_BUNDLE, withoutFirst), ["bundle_malformed"]],
    [
      "a bundle with one entry too many",
      () => log.damage(OPEN_BUNDLE, (bytes) => Buffer.concat([bytes, Buffer.of(0, 0)])),
      ["bundle_malformed"],
    ],
    ["an empty bundle", () => log.damage(OPEN_BUNDLE, () => Buffer.alloc(0)), ["bundle_malformed"]],
    [
      "a signed root that is not the root of the entries",
      () => log.sign({ root: Buffer.alloc(32, 1) }),
      ["root_wrong"],
    ],
    ["a size with the root of another size", () => log.sign({ size: 256, root: rootOf(log) }), ["root_wrong"]],
    ["a checkpoint of another origin", () => log.sign({ origin: "other.example.com" }), ["checkpoint_origin_wrong"]],
    [
      "a checkpoint by another key with the same name",
      () => log.sign({ signers: [ecdsaSigner(ORIGIN)] }),
      ["checkpoint_unsigned"],
    ],
    ["a checkpoint that only a witness signed", () => log.sign({ signers: [witness] }), ["checkpoint_unsigned"]],
    ["a wrong signature beside a good one", () => signWrong(ecdsa, [ed25519]), ["checkpoint_signature_wrong"]],
    ["a wrong signature of type 01", () => signWrong(ed25519, [ecdsa]), ["checkpoint_signature_wrong"]],
    ["a wrong cosignature", () => signWrong(witness, [ecdsa]), ["cosignature_wrong"]],
    ["a wrong signature of type 06", () => signWrong(mlDsa, [ecdsa]), ["checkpoint_signature_wrong"]],
    ["a wrong cosignature of type 06", () => signWrong(mlDsaWitness, [ecdsa]), ["cosignature_wrong"]],
    [
      "a checkpoint without signatures",
      () => log.damage("checkpoint", (note) => note.subarray(0, note.indexOf("\n\n") + 1)),
      ["checkpoint_invalid"],
    ],
    ["a malformed checkpoint", () => log.sign({ text: `${ORIGIN}\n007\nAAAA\n` }), ["checkpoint_invalid"]],
    ["an entry without a kind", () => log.rewrite(7, [entryRecord(Buffer.from("{}"))]), ["entry_invalid"]],
    [
      "a body that is not canonical",
      () => log.rewrite(7, [entryRecord(Buffer.concat([bodyOf("x"), Buffer.from(" ")]))]),
      ["entry_invalid"],
    ],
  ];

  /** Replaces the first entry by another well-formed one of the same length. */
  const swapEntry = (bundle: Buffer): Buffer => {
    const length = 2 + bundle.readUInt16BE(0);
    const body = bundle.toString("latin1", 2, length);
    const [head = "", digest = "", tail = ""] = body.split(/("digest":"[^"]{44}")/);
    const other = digest.replace(/[A-Za-z0-9]/g, (c) => (c === "A" ? "B" : c)).replace(/:"./, ':"0');
    return Buffer.concat([bundle.subarray(0, 2), Buffer.from(head + other + tail, "latin1"), bundle.subarray(length)]);
  };
  const withoutFirst = (bundle: Buffer): Buffer => bundle.subarray(2 + bundle.readUInt16BE(0));
  const bodyOf = (message: string): Buffer => makeRekordBody(privateKey, spki, message);
  const rootOf = (served: ServedLog): Buffer =>
    Buffer.from(served.files.get("checkpoint")?.toString().split("\n")[2] ?? "", "base64");
  const signWrong = (wrong: typeof ecdsa, right: readonly (typeof ecdsa)[]): void =>
    log.sign({
      signers: [
        { vkey: wrong.vkey, line: (head) => wrong.line({ ...head, text: `${head.text}x`, size: head.size + 1 }) },
        ...right,
      ],
    });

  test.each(rows)("%s", async (_, damage, found) => {
    damage();
    const report = await run();
    expect(codes(report)).toEqual(found);
    expect(report.verdict).toBe("bad");
  });

  test("reports each of several damages once", async () => {
    log.damage(FULL_BUNDLE, swapEntry);
    log.damage(OPEN_TILE, flip(33));
    log.damage(UPPER_TILE, flip(0));
    log.sign({ root: Buffer.alloc(32) });
    expect((await run()).findings.listed).toMatchObject([
      // The tile above is wrong as well, so nothing decides between bundle and tile.
      { code: "tile_wrong", path: FULL_TILE, position: 0 },
      { code: "tile_wrong", path: OPEN_TILE, position: 1 },
      { code: "tile_wrong", path: UPPER_TILE, position: 0 },
      { code: "root_wrong", size: SIZE },
    ]);
  });

  test("by a wrong signature, if signatures are verified", async () => {
    const wrong = rekorBody(Buffer.alloc(32), Buffer.from("30060201010201ff", "hex"), spki);
    log.rewrite(5, [entryRecord(wrong)]);
    expect(codes(await run())).toEqual([]);
    const report = await run({ verifies: true });
    expect(report.findings.listed).toMatchObject([{ code: "entry_invalid", leafIndex: 5 }]);
    expect(report).toMatchObject({ verdict: "bad", counts: { verified: 5 } });
  });

  test.each([
    ["another message's digest", () => rekorBody(Buffer.alloc(32, 9), Buffer.from("3006020101020101", "hex"), spki)],
    [
      "another key",
      () => {
        const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
          type: "spki",
          format: "der",
        });
        return makeRekordBody(privateKey, other, "signed by one, claimed by another");
      },
    ],
    [
      "a key of another curve under this keyDetails",
      () => {
        const other = generateKeyPairSync("ec", { namedCurve: "P-384" });
        return makeRekordBody(other.privateKey, other.publicKey.export({ type: "spki", format: "der" }), "x");
      },
    ],
    ["bytes that are not a key", () => rekorBody(Buffer.alloc(32), Buffer.alloc(8), Buffer.from("not a key"))],
    ["a digest that is too short", () => rekorBody(Buffer.alloc(20), Buffer.alloc(8), spki)],
  ])("an entry with %s", async (_, body) => {
    log.rewrite(0, [entryRecord(bodyOf("good")), entryRecord(body())]);
    const report = await run({ verifies: true });
    expect(report.findings.listed).toMatchObject([{ code: "entry_invalid", leafIndex: 1 }]);
  });
});

describe("a log with an earlier audit", () => {
  test("is good if it grew", async () => {
    const audited = goodTree();
    log.append(records(100, "later"));
    expect(await run({ audited })).toMatchObject({ verdict: "good", entriesRead: SIZE + 100 });
  });

  test.each([299, 256, 1, 0])("is bad if it has only %i entries", async (size) => {
    const audited = goodTree();
    log.files.clear();
    log.rewrite(0, originals.slice(0, size));
    const report = await run({ audited });
    expect(codes(report)).toEqual(["tree_shrunk"]);
    expect(report.verdict).toBe("bad");
  });

  test("is good if a cache serves its former checkpoint for a while", async () => {
    const old = log.files.get("checkpoint") ?? Buffer.alloc(0);
    log.append(records(1, "newest"));
    const audited = goodTree();
    const fresh = log.files.get("checkpoint") ?? Buffer.alloc(0);
    log.files.set("checkpoint", old);
    const source = httpSource(url, [1]);
    let reads = 0;
    const cached: typeof source = {
      read: (path, maxBytes) => {
        if (path === "checkpoint" && ++reads === 3) log.files.set("checkpoint", fresh);
        return source.read(path, maxBytes);
      },
    };
    expect(await run({ audited, source: cached })).toMatchObject({ verdict: "good", entriesRead: SIZE + 1 });
  });

  test.each([0, 255, 256, 299])("is bad if entry %i was replaced, whether it grew or not", async (index) => {
    const audited = goodTree();
    log.rewrite(index, records(SIZE - index, "another history"));
    expect(codes(await run({ audited }))).toEqual(["tree_forked"]);
    log.append(records(300, "later"));
    const report = await run({ audited });
    expect(report.findings.listed).toMatchObject([
      { code: "tree_forked", auditedSize: SIZE, auditedRoot: audited.root },
    ]);
    expect(report.verdict).toBe("bad");
  });
});

describe("unreadable files", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["the checkpoint", ["checkpoint"], ["checkpoint"]],
    ["a bundle with a readable tile", [FULL_BUNDLE], [FULL_BUNDLE]],
    ["the open bundle", [OPEN_BUNDLE], [OPEN_BUNDLE]],
    ["a tile with a readable bundle", [FULL_TILE], [FULL_TILE]],
    ["an upper tile", [UPPER_TILE], [UPPER_TILE]],
    ["a bundle and its tile, where the audit ends", [FULL_BUNDLE, FULL_TILE], [FULL_BUNDLE, FULL_TILE]],
  ])("%s: could not tell", async (_, paths, found) => {
    for (const path of paths) log.damage(path);
    const report = await run();
    expect(report.findings.listed).toEqual(found.map((path) => ({ code: "resource_missing", path })));
    expect(report.verdict).toBe("could not tell");
    for (const path of paths) log.answers.set(path, 500);
    const unreadable = await run();
    expect(unreadable.findings.listed).toEqual(
      found.map((path) => ({ code: "resource_unreadable", path, reason: "status 500" })),
    );
    expect(unreadable.verdict).toBe("could not tell");
  });

  test("an unreachable log", async () => {
    const report = await run({ source: httpSource("http://127.0.0.1:9", [1]) });
    expect(report).toMatchObject({ verdict: "could not tell", head: null });
    expect(report.findings.listed).toEqual([{ code: "resource_unreadable", path: "checkpoint", reason: "bad port" }]);
  });

  test("do not hide damage", async () => {
    log.damage(OPEN_BUNDLE);
    log.damage(FULL_TILE, flip(0));
    expect((await run()).verdict).toBe("bad");
  });

  test("an oversized bundle is not read to its end", async () => {
    log.files.set(OPEN_BUNDLE, Buffer.alloc(40 * 1024 * 1024));
    expect(codes(await run())).toEqual(["resource_unreadable"]);
  });
});

describe("an interrupted audit", () => {
  const grow = (): void => log.append(records(1000 - SIZE, "more"));

  test("reads nothing twice, and counts everything once", async () => {
    grow();
    for (const path of ["tile/entries/002", "tile/0/002"]) log.answers.set(path, 404);
    const first = await run({ verifies: true });
    expect(first).toMatchObject({ verdict: "could not tell", saved: { treeSize: 512, isComplete: false } });
    log.answers.clear();
    log.asked.length = 0;
    const second = await run({ verifies: true, progress: first.saved });
    expect(second).toMatchObject({ verdict: "good", startedAt: 512, entriesRead: 488, counts: { verified: 1000 } });
    expect(log.asked.filter((path) => /\/00[01]$/.test(path) && path !== UPPER_TILE)).toEqual([]);
  });

  test("keeps its findings", async () => {
    grow();
    log.damage(FULL_TILE, flip(0));
    for (const path of ["tile/entries/002", "tile/0/002"]) log.answers.set(path, 503);
    const first = await run();
    log.answers.clear();
    const second = await run({ progress: first.saved });
    expect(second).toMatchObject({ verdict: "bad", startedAt: 512 });
    expect(codes(second)).toEqual(["tile_wrong"]);
  });

  test("notices a change below the place where it continues", async () => {
    grow();
    const first = await run();
    log.rewrite(10, records(990, "another history"));
    const second = await run({ progress: first.saved });
    expect(second).toMatchObject({ verdict: "bad", startedAt: 768 });
    expect(codes(second)).toContain("root_wrong");
  });

  test("starts from the beginning if the tree is smaller or the state is damaged", async () => {
    grow();
    const { saved } = await run();
    if (saved === null) throw new Error("nothing saved");
    for (const progress of [
      { ...saved, edge: [] },
      { ...saved, edge: ["AA=="] },
      { ...saved, treeSize: 1280 },
    ]) {
      expect(await run({ progress })).toMatchObject({ verdict: "good", startedAt: 0 });
    }
  });

  test("saves its progress while it runs", async () => {
    grow();
    const saved: number[] = [];
    let clock = 0;
    await run({ save: ({ treeSize }) => saved.push(treeSize), now: () => (clock += 1500) });
    expect(saved).toEqual([512, 768]);
  });
});
