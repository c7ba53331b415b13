// SPDX-License-Identifier: Apache-2.0
// Audits of certificate logs whose certificates are python-cryptography's
// (test/vectors/python-cryptography/ct_chain.py).

import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { unixMs } from "../../shared/time.ts";
import { parseCertificate } from "../../shared/x509/certificate.ts";
import {
  ecdsaSigner,
  type LeafParts,
  leafRecord,
  ServedLog,
  type ServedRecord,
  SIGNED_AT_MS,
  treeHeadSigner,
} from "../../test/support/logs/served-log.ts";
import { valueOf } from "../../test/support/value-of.ts";
import vectors from "../../test/vectors/python-cryptography/ct_chain.json" with { type: "json" };
import tessera from "../../test/vectors/tessera/ct-log.json" with { type: "json" };
import { httpSource } from "../served-log/log-source.ts";
import { logOfVkeys, verifiersOf } from "../served-log/trust.ts";
import { type AuditReport, audit } from "./audit.ts";
import type { AuditPolicy } from "./entry-policy.ts";
import { policyOfRoot } from "./policy-file.ts";
import { SeenEntries } from "./seen-entries.ts";
import { SeenSidecars } from "./seen-sidecars.ts";

const ORIGIN = "ct.example.com/log";
const SIZE = 280;
const signer = treeHeadSigner(ORIGIN);
const der = (base64: string): Buffer => Buffer.from(base64, "base64");
const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();
const CA = der(vectors.ca);
const ROOT = der(vectors.root);
const FINGERPRINTS = [sha256(CA), sha256(ROOT)];
const issuerPath = (certificate: Buffer): string => `issuer/${sha256(certificate).toString("hex")}`;

/** The entry at an index: a precertificate, or a certificate at every third index. */
function parts(leafIndex: number): LeafParts {
  const made = vectors.cases[leafIndex % vectors.cases.length];
  if (made === undefined) throw new Error("no vectors");
  const isCertificate = leafIndex % 3 === 0;
  return {
    leafIndex,
    timestamp: SIGNED_AT_MS - 1000 + leafIndex,
    precertificate: isCertificate ? null : der(made.precertificate),
    issuerKeyHash: Buffer.from(vectors.issuerKeyHash, "hex"),
    signedEntry: der(isCertificate ? made.certificate : made.tbs),
    fingerprints: FINGERPRINTS,
  };
}

const originals: readonly ServedRecord[] = Array.from({ length: SIZE }, (_, i) => leafRecord(parts(i)));

let log: ServedLog;
let url: string;
beforeAll(async () => {
  log = new ServedLog(ORIGIN, "data", [signer]);
  url = await log.serve();
});
beforeEach(() => {
  log.files.clear();
  log.rewrite(0, originals);
  for (const certificate of [CA, ROOT]) log.files.set(issuerPath(certificate), certificate);
  log.asked.length = 0;
});
afterAll(() => log.stop());

interface Change {
  readonly verifies?: boolean;
  readonly vkey?: string;
  readonly jobs?: number;
  /** Whether the log promises what Sigedge promises. */
  readonly order?: boolean;
  readonly policy?: AuditPolicy;
}

function run({
  verifies = true,
  vkey = signer.vkey,
  jobs = 0,
  order = false,
  policy,
}: Change = {}): Promise<AuditReport> {
  return audit({
    log: valueOf(logOfVkeys(url, [vkey], "certificate")),
    verifiers: valueOf(verifiersOf([vkey])),
    listedVerifiers: [],
    source: httpSource(url, [1]),
    service: null,
    checks: { signatures: verifies, order, policy: null },
    policy: policy ?? null,
    keyEnds: new Map(),
    jobs,
    audited: null,
    progress: null,
    seenFrom: () => new SeenEntries(),
    sidecars: new SeenSidecars(),
    remember: () => undefined,
    save: () => undefined,
    onProgress: () => undefined,
    now: () => 0,
    time: () => 2 * SIGNED_AT_MS,
  });
}

/** Replaces entry 4 (a precertificate) or 3 (a certificate), and removes the entries after it. */
const replace = (leafIndex: 3 | 4, change: Partial<LeafParts>): void =>
  log.rewrite(leafIndex, [leafRecord({ ...parts(leafIndex), ...change })]);

describe("a good certificate log", () => {
  test.each([0, 2])("is good, with every chain verified, by %i threads", async (jobs) => {
    expect(await run({ jobs })).toMatchObject({ verdict: "good", counts: { verified: SIZE, unknown: 0 } });
    expect(log.asked.filter((path) => path.startsWith("issuer/")).length).toBe(2 * Math.max(1, jobs));
  });

  test("written by Tessera is good", async () => {
    log.files.clear();
    for (const [path, bytes] of Object.entries(tessera.files)) log.files.set(path, der(bytes));
    expect(await run({ vkey: tessera.vkey })).toMatchObject({ verdict: "good", counts: { verified: 52 } });
  });

  test("with a checkpoint signature of type 02 is good as well", async () => {
    const other = ecdsaSigner(ORIGIN);
    log.sign({ signers: [other] });
    expect(await run({ vkey: other.vkey })).toMatchObject({ verdict: "good", head: { timestamp: null } });
  });

  test("may have logged a root, which issued itself", async () => {
    log.rewrite(3, [leafRecord({ ...parts(3), signedEntry: ROOT, fingerprints: [] })]);
    expect(await run()).toMatchObject({ verdict: "good" });
  });
});

describe("an entry is bad", () => {
  const flipped = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  const certificate = parts(3).signedEntry;
  const precertificate = parts(4).precertificate ?? Buffer.alloc(0);
  test.each<[string, 3 | 4, Partial<LeafParts>, RegExp]>([
    ["with another index", 4, { leafIndex: 5 }, /has another index/],
    ["without an index", 4, { extensions: Buffer.alloc(0) }, /has another index/],
    [
      "with two indexes",
      4,
      { extensions: Buffer.from("00000500000000040000050000000004", "hex") },
      /has another index/,
    ],
    ["with an index of 4 bytes", 4, { extensions: Buffer.from("00000400000004", "hex") }, /has another index/],
    ["younger than the tree head", 3, { timestamp: SIGNED_AT_MS + 1 }, /younger/],
    ["that is not a certificate", 3, { signedEntry: Buffer.from("none") }, /not an X.509/],
    ["with a wrong signature", 3, { signedEntry: flipped(certificate, certificate.length - 1) }, /not issued/],
    ["issued by another CA of the same name", 3, { signedEntry: der(vectors.refused.sameNameOtherKey) }, /not issued/],
    ["whose issuer is not first", 3, { fingerprints: FINGERPRINTS.toReversed() }, /not issued/],
    ["without a chain", 3, { fingerprints: [] }, /not issued/],
    [
      "with a broken chain",
      3,
      { fingerprints: [FINGERPRINTS[0] ?? CA, sha256(der(vectors.otherCa))] },
      /chain is broken/,
    ],
    ["whose TBS is not the precertificate's", 4, { signedEntry: parts(5).signedEntry }, /without the poison/],
    ["whose TBS has the poison", 4, { signedEntry: tbsOf(precertificate) }, /without the poison/],
    ["with the key hash of another issuer", 4, { issuerKeyHash: Buffer.alloc(32, 1) }, /issuer_key_hash/],
    ["whose precertificate has no poison", 4, { precertificate: certificate }, /no poison/],
  ])("%s", async (_, leafIndex, change, reason) => {
    log.files.set(issuerPath(der(vectors.otherCa)), der(vectors.otherCa));
    replace(leafIndex, change);
    const report = await run();
    expect(report.findings.listed).toEqual([
      { code: "entry_invalid", leafIndex, reason: expect.stringMatching(reason) as string },
    ]);
    expect(report).toMatchObject({ verdict: "bad", counts: { verified: leafIndex } });
  });

  /** The first element of a certificate's SEQUENCE, whose two lengths take four bytes here. */
  function tbsOf(bytes: Buffer): Buffer {
    return bytes.subarray(4, 8 + bytes.readUInt16BE(6));
  }
});

describe("the log", () => {
  test("with the wrong certificate as an issuer is bad", async () => {
    log.files.set(issuerPath(CA), ROOT);
    const report = await run();
    expect(report.findings.listed).toEqual([{ code: "issuer_wrong", path: issuerPath(CA) }]);
    expect(report.verdict).toBe("bad");
  });

  test("without an issuer: could not tell, reported once", async () => {
    log.damage(issuerPath(ROOT));
    const report = await run();
    expect(report.findings.listed).toEqual([{ code: "resource_missing", path: issuerPath(ROOT) }]);
    expect(report.verdict).toBe("could not tell");
  });

  test("is not asked for issuers if no chain is verified", async () => {
    log.damage(issuerPath(ROOT));
    expect(await run({ verifies: false })).toMatchObject({
      verdict: "good",
      counts: { verified: 0, unverified: SIZE },
    });
  });

  test("with a truncated bundle, or with other bytes after an entry, is bad", async () => {
    for (const change of [(b: Buffer) => b.subarray(0, -1), (b: Buffer) => Buffer.concat([b, Buffer.of(0)])]) {
      log.rewrite(0, originals);
      log.damage("tile/data/001.p/24", change);
      const report = await run({ verifies: false });
      expect(report.findings.listed).toMatchObject([{ code: "bundle_malformed", path: "tile/data/001.p/24" }]);
    }
  });

  test("with a wrong tree head signature is bad", async () => {
    log.sign({ signers: [{ vkey: signer.vkey, line: (head) => signer.line({ ...head, size: head.size + 1 }) }] });
    expect((await run()).findings.listed).toMatchObject([{ code: "checkpoint_signature_wrong" }]);
  });
});

describe("a certificate log of Sigedge", () => {
  const made = vectors.cases.map(({ certificate, precertificate, tbs, withScts }) => ({
    asCertificate: { precertificate: null, signedEntry: der(certificate) },
    withScts: { precertificate: null, signedEntry: der(withScts) },
    asPrecertificate: { precertificate: der(precertificate), signedEntry: der(tbs) },
  }));
  const leaf = (leafIndex: number, entry: Partial<LeafParts>, timestamp = SIGNED_AT_MS - 1000): ServedRecord =>
    leafRecord({ ...parts(leafIndex), timestamp, ...entry });
  const [first = expect.fail("no vectors"), second = expect.fail("no vectors")] = made;

  test("with each certificate once is good", async () => {
    log.rewrite(
      0,
      made.map(({ asPrecertificate }, i) => leaf(i, asPrecertificate)),
    );
    expect(await run({ order: true })).toMatchObject({ verdict: "good", counts: { verified: made.length } });
  });

  test.each<[string, Partial<LeafParts>, Partial<LeafParts>]>([
    ["a certificate", first.asCertificate, first.asCertificate],
    ["a precertificate", first.asPrecertificate, first.asPrecertificate],
    ["a certificate after its precertificate", first.asPrecertificate, first.withScts],
    ["a certificate without SCTs after its precertificate", first.asPrecertificate, first.asCertificate],
    ["a precertificate after its certificate", first.withScts, first.asPrecertificate],
  ])("with %s twice is bad", async (_, one, again) => {
    log.rewrite(0, [leaf(0, one), leaf(1, second.asPrecertificate), leaf(2, again)]);
    const report = await run({ order: true, verifies: false });
    expect(report.findings.listed).toEqual([{ code: "entry_repeated", leafIndex: 2, earlier: 0 }]);
    expect(report.verdict).toBe("bad");
    expect(await run({ verifies: false })).toMatchObject({ verdict: "good" });
  });

  test.each([0, SIGNED_AT_MS - 31_536_000_000, SIGNED_AT_MS - 1001])(
    "whose times go back to %d is bad",
    async (time) => {
      log.rewrite(0, [leaf(0, first.asPrecertificate), leaf(1, second.asPrecertificate, time)]);
      const report = await run({ order: true });
      expect(report.findings.listed).toEqual([
        { code: "time_went_back", leafIndex: 1, time, before: SIGNED_AT_MS - 1000 },
      ]);
      expect(report.verdict).toBe("bad");
    },
  );

  describe("with the CAs of a trusted root", () => {
    const chain = [CA, ROOT].map((bytes) => valueOf(parseCertificate(bytes)));
    const NOT_BEFORE = Date.UTC(2026, 0, 1);
    const policyUntil = (end: number | null): AuditPolicy =>
      policyOfRoot([{ chain, start: null, end: end === null ? null : unixMs(end) }], []) ?? expect.fail("no policy");

    test("is good if nothing was retired", async () => {
      log.rewrite(0, [leaf(0, first.asPrecertificate)]);
      expect(await run({ policy: policyUntil(null) })).toMatchObject({ verdict: "good" });
    });

    test("names an entry that was logged after its CA was retired", async () => {
      const retiredAt = SIGNED_AT_MS - 1000;
      log.rewrite(0, [leaf(0, first.asPrecertificate, retiredAt - 1), leaf(1, second.asPrecertificate, retiredAt)]);
      const report = await run({ policy: policyUntil(retiredAt) });
      expect(report.findings.listed).toEqual([
        { code: "entry_after_retirement", leafIndex: 1, time: retiredAt, retiredAt },
      ]);
      expect(report.verdict).toBe("bad");
    });

    test("names an entry that is older than its certificate", async () => {
      const time = NOT_BEFORE - 60_001;
      log.rewrite(0, [leaf(0, first.asPrecertificate, time), leaf(1, second.asPrecertificate, NOT_BEFORE)]);
      const report = await run({ policy: policyUntil(null), order: true });
      expect(report.findings.listed).toEqual([
        { code: "time_before_certificate", leafIndex: 0, time, notBefore: NOT_BEFORE },
      ]);
    });

    test("judges who may write if a policy is given", async () => {
      const policy = { ...policyUntil(null), isGiven: true };
      const notAfter = valueOf(parseCertificate(first.asPrecertificate.precertificate)).notAfter;
      log.rewrite(0, [leaf(0, first.asPrecertificate, notAfter + policy.bounds.graceMs + 1)]);
      const report = await run({ policy });
      expect(report.findings.listed).toMatchObject([{ code: "entry_refused", leafIndex: 0 }]);
      expect(report.verdict).toBe("bad");
    });
  });
});
