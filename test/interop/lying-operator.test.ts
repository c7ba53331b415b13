// SPDX-License-Identifier: Apache-2.0
// An operator who has the log's own keys lies in every way that the log's form allows, and `sigedge audit` must notice:
// an auditor who returns, and one who comes for the first time. Where a first audit cannot notice, the table says so.

import { createPublicKey, verify } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { signingKey } from "../support/authority/signing-keys.ts";
import { addEntry, bareVerifier, base64, makeHashedRequest, requestOwnCertificate } from "../support/logs/entries.ts";
import { parseNote, parseTileLeaf, sha256Hex } from "../support/logs/log-client.ts";
import { LyingOperator } from "../support/logs/lying-operator.ts";
import { leafRecord, makeRekordBody } from "../support/logs/served-log.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const YEAR_MS = 365 * 86_400_000;
/** Signed without a certificate: with the genesis entry and the others, one full bundle and an open one. */
const BARE = 256;

const key = signingKey("ecdsa-p256");
const spki = key.publicObject.export({ format: "der", type: "spki" });
const { privateObject } = key;

let folder: string;
let stack: TestStack;
let signatures: LyingOperator;
let certificates: LyingOperator;
const operators = (): readonly LyingOperator[] => [signatures, certificates];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-lies-"));
  stack = await startStack({ vars: { ACCEPT: "open" } });
  for (const name of ["ann", "bob", "cid"]) await signKeyless(`${name}@example.com`);
  for (let at = 0; at < BARE; at += 32) {
    const some = Array.from({ length: 32 }, (_, i) => makeHashedRequest(key, Buffer.from(`artifact ${at + i}`)));
    await Promise.all(some.map(async (request) => await addEntry(stack, request)));
  }
  for (const name of ["dan", "eve"]) await signKeyless(`${name}@example.com`);
  signatures = await LyingOperator.copy(stack, "signature");
  certificates = await LyingOperator.copy(stack, "certificate");
  for (const operator of operators()) {
    expect(await auditAgain(operator, stateOf(operator))).toEqual({ code: 0, found: [] });
  }
});
afterEach(() => {
  for (const operator of operators()) operator.tellTheTruth();
});
afterAll(async () => {
  for (const operator of operators()) await operator.stop();
  rmSync(folder, { recursive: true, force: true });
  await stack.stop();
});

async function signKeyless(email: string): Promise<void> {
  const certificate = await requestOwnCertificate(stack, email, key);
  const { keyDetails } = bareVerifier(key);
  const verifier = { x509Certificate: { rawBytes: base64(certificate) }, keyDetails };
  await addEntry(stack, makeHashedRequest(key, Buffer.from(`signed by ${email}`), verifier));
}

/** The state of the auditor who has seen the real log. */
const stateOf = ({ kind }: LyingOperator): string => join(folder, `${kind}.json`);

interface Audited {
  readonly code: number | null;
  /** The codes of the findings, each once. */
  readonly found: readonly string[];
}

async function auditAgain(operator: LyingOperator, state: string): Promise<Audited> {
  const logs = (await (await fetch(`${stack.url}/api/logs`)).json()) as {
    readonly logs: readonly { readonly kind: string; readonly vkeys: readonly string[] }[];
  };
  const keys = logs.logs.filter(({ kind }) => kind === operator.kind).flatMap(({ vkeys }) => vkeys);
  const args = [
    "audit",
    operator.url,
    ...keys.flatMap((vkey) => ["--key", vkey]),
    "--state",
    state,
    "--jobs",
    "0",
    "--json",
  ];
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args }).ended;
  if (stdout === "") throw new Error(`the audit ended with ${String(code)}: ${stderr}`);
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly { readonly code: string }[] };
  return { code, found: [...new Set(findings.map((finding) => finding.code))].toSorted() };
}

/** Audits as somebody who has audited the real log before, and as somebody who never has. */
async function auditBoth(operator: LyingOperator): Promise<{ readonly returning: Audited; readonly first: Audited }> {
  const own = mkdtempSync(join(folder, "audit-"));
  const [returning, first] = ["returning", "first"].map((name) => join(own, name));
  mkdirSync(returning ?? "");
  for (const suffix of ["", ".entries", ".sidecars"]) {
    const file = `${stateOf(operator)}${suffix}`;
    if (existsSync(file)) copyFileSync(file, join(returning ?? "", `state.json${suffix}`));
  }
  const [again, anew] = await Promise.all(
    [returning, first].map(async (at = "") => await auditAgain(operator, join(at, "state.json"))),
  );
  return { returning: again ?? expect.fail("no audit"), first: anew ?? expect.fail("no audit") };
}

const verdict = (found: readonly string[]): Audited => ({ code: found.length === 0 ? 0 : 1, found });

type Lie = readonly [
  what: string,
  tell: () => void,
  byReturning: readonly string[],
  /** None: nobody who has not seen the truth can know. */
  byFirst: readonly string[],
];

const record = (operator: LyingOperator, index: number): Buffer =>
  operator.records.at(index) ?? expect.fail("no record");

/** Another entry that anybody would find good. */
const otherEntry = (): Buffer => makeRekordBody(privateObject, spki, "never signed for anybody");

/** The entry with another digest. */
function changeDigest(body: Buffer): Buffer {
  const digest = Buffer.alloc(32, 7).toString("base64");
  return Buffer.from(body.toString().replace(/"digest":"[^"]+"/, `"digest":"${digest}"`));
}

/** Serves the first bundle's sidecar with some lines changed. */
async function changeSidecar(change: (line: Line, index: number) => Line): Promise<void> {
  const text = await (await fetch(`${stack.url}/api/meta/0`)).text();
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const changed = lines.map((line, index) => `${JSON.stringify(change(line, index))}\n`);
  signatures.answers.set("api/meta/0", Buffer.from(changed.join("")));
}

interface Line {
  readonly timestamp: number;
  readonly hints: object | null;
}

/** Says when an entry that the real log does not have was logged. */
function dateEntry(leafIndex: number): void {
  const entry = { timestampMs: Date.now(), hints: null };
  signatures.answers.set(`api/entries/${leafIndex}?log=signature`, Buffer.from(JSON.stringify(entry)));
}

describe("of a signature log", () => {
  const HINTS = { payloadHash: `sha256:${"ab".repeat(32)}`, subjectDigests: [], predicateType: null };

  test.each<Lie>([
    ["an entry is gone from the end", () => signatures.tell(signatures.records.slice(0, -1)), ["tree_shrunk"], []],
    [
      "an entry is gone from the middle, and another hides it",
      () => signatures.tell([...signatures.records.toSpliced(100, 1), otherEntry()]),
      ["tree_forked"],
      [],
    ],
    [
      "the newest entry is another",
      () => signatures.tell([...signatures.records.slice(0, -1), otherEntry()]),
      ["tree_forked"],
      [],
    ],
    [
      "an entry says that another artifact was signed",
      () => signatures.tell(signatures.records.with(100, changeDigest(record(signatures, 100)))),
      ["entry_invalid", "tree_forked"],
      ["entry_invalid"],
    ],
    [
      "an entry is logged twice",
      () => {
        signatures.tell([...signatures.records, record(signatures, 100)]);
        dateEntry(signatures.records.length);
      },
      ["entry_repeated"],
      ["entry_repeated"],
    ],
  ])("%s", async (_, tell, byReturning, byFirst) => {
    tell();
    expect(await auditBoth(signatures)).toEqual({ returning: verdict(byReturning), first: verdict(byFirst) });
  });

  test("an entry is another than in the tree", async () => {
    const bundle = Buffer.from(await (await fetch(`${stack.url}/tile/entries/000`)).arrayBuffer());
    bundle.set(changeDigest(record(signatures, 100)), bundle.indexOf(record(signatures, 100)));
    signatures.answers.set("tile/entries/000", bundle);
    const found = verdict(["entry_invalid", "entry_not_in_tree"]);
    expect(await auditBoth(signatures)).toEqual({ returning: found, first: found });
  });

  test.each<[string, (line: Line, index: number) => Line, readonly string[], readonly string[]]>([
    [
      "one time is a year back",
      (line, index) => (index === 100 ? { ...line, timestamp: line.timestamp - YEAR_MS } : line),
      ["sidecar_changed", "time_went_back"],
      ["time_went_back"],
    ],
    [
      "all times are a year back",
      (line) => ({ ...line, timestamp: line.timestamp - YEAR_MS }),
      ["sidecar_changed", "time_before_certificate"],
      ["time_before_certificate"],
    ],
    ["all times are a second back", (line) => ({ ...line, timestamp: line.timestamp - 1000 }), ["sidecar_changed"], []],
    [
      "an entry attests what its signer never said",
      (line, index) => (index === 100 ? { ...line, hints: HINTS } : line),
      ["sidecar_changed"],
      [],
    ],
  ])("%s", async (_, change, byReturning, byFirst) => {
    await changeSidecar(change);
    expect(await auditBoth(signatures)).toEqual({ returning: verdict(byReturning), first: verdict(byFirst) });
  });

  test("two auditors who are shown two histories find out as soon as one asks where the other was", async () => {
    signatures.tell([...signatures.records.slice(0, -1), otherEntry()]);
    const state = join(folder, "victim.json");
    expect(await auditAgain(signatures, state)).toEqual(verdict([]));
    signatures.tellTheTruth();
    expect(await auditAgain(signatures, state)).toEqual(verdict(["tree_forked"]));
    const size = signatures.records.length;
    const evidence = JSON.parse(readFileSync(`${state}.fork-${size}-${size}.json`, "utf8")) as {
      readonly older: string;
      readonly newer: string;
    };
    const logKey = createPublicKey(stack.vars["SIGNATURE_LOG_KEY"] ?? "");
    const notes = [evidence.older, evidence.newer].map(parseNote);
    for (const { text, signatures: lines } of notes) {
      expect(verify("sha256", Buffer.from(text), logKey, lines[0]?.signature ?? Buffer.of())).toBe(true);
    }
    expect(new Set(notes.map(({ treeSize }) => treeSize))).toEqual(new Set([size]));
    expect(new Set(notes.map(({ rootHash }) => rootHash.toString("hex"))).size).toBe(2);
  });
});

describe("of a certificate log", () => {
  /** The leaf with other parts. */
  function changeLeaf(leaf: Buffer, change: Partial<Parameters<typeof leafRecord>[0]>): Buffer {
    const { fingerprints, issuerKeyHash, ...parts } = parseTileLeaf(leaf);
    return leafRecord({
      ...parts,
      leafIndex: 0,
      issuerKeyHash: issuerKeyHash ?? Buffer.of(),
      fingerprints: fingerprints.map((fingerprint) => Buffer.from(fingerprint, "hex")),
      ...change,
    }).framed;
  }
  const extensionsOf = (leafIndex: number): Buffer => Buffer.from([0, 0, 5, 0, 0, 0, 0, leafIndex]);

  test.each<Lie>([
    [
      "a certificate is gone from the end",
      () => certificates.tell(certificates.records.slice(0, -1)),
      ["tree_shrunk"],
      [],
    ],
    [
      "a certificate was logged a year before",
      () => {
        const timestamp = parseTileLeaf(record(certificates, -1)).timestamp - YEAR_MS;
        certificates.tell([...certificates.records.slice(0, -1), changeLeaf(record(certificates, -1), { timestamp })]);
      },
      ["time_before_certificate", "time_went_back", "tree_forked"],
      ["time_before_certificate", "time_went_back"],
    ],
    [
      "a certificate is logged twice",
      () => {
        const { length } = certificates.records;
        const change = { timestamp: Date.now(), extensions: extensionsOf(length) };
        certificates.tell([...certificates.records, changeLeaf(record(certificates, 0), change)], Date.now() + 1000);
      },
      ["entry_repeated"],
      ["entry_repeated"],
    ],
    [
      "a certificate names somebody else",
      () => {
        const leaf = Buffer.from(record(certificates, -1));
        for (let at = leaf.indexOf("eve@"); at >= 0; at = leaf.indexOf("eve@")) leaf.write("fay@", at);
        certificates.tell([...certificates.records.slice(0, -1), leaf]);
      },
      ["entry_invalid", "tree_forked"],
      ["entry_invalid"],
    ],
    [
      "the tree head is older than what it covers",
      () => certificates.tell(certificates.records, Date.now() - YEAR_MS),
      ["entry_invalid"],
      ["entry_invalid"],
    ],
    [
      "an issuer is another certificate",
      () => {
        const [fingerprint = ""] = parseTileLeaf(record(certificates, 0)).fingerprints;
        const other = Buffer.from(`not the certificate with the hash ${sha256Hex("other")}`);
        certificates.answers.set(`ct/issuer/${fingerprint}`, other);
      },
      ["issuer_wrong"],
      ["issuer_wrong"],
    ],
  ])("%s", async (_, tell, byReturning, byFirst) => {
    tell();
    expect(await auditBoth(certificates)).toEqual({ returning: verdict(byReturning), first: verdict(byFirst) });
  });
});
