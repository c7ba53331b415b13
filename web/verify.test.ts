// SPDX-License-Identifier: Apache-2.0
// The parts of /verify that decide what a reader is told: which trusted root counts, when a group of checks has passed,
// and the sentence above them. The page itself is in test/browser/verify.test.ts.

import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type Check, type CheckName, verdictOf } from "../shared/bundle/check.ts";
import type { Report } from "../shared/bundle/verify.ts";
import { type UnixMs, unixMs } from "../shared/time.ts";
import { readBundleCases } from "../test/support/bundles/cases.ts";
import { type OpensslChain, timestampChain } from "../test/support/process/openssl.ts";
import {
  createFirstRepository,
  type TufService,
  tufOperator,
  tufService,
} from "../test/support/trust/tuf-repository.ts";
import { groupChecks, withoutTimestamp } from "./client/verify/groups.ts";
import { TrustSource } from "./client/verify/trust.ts";
import { describeVerdict, type Verdict } from "./client/verify/words.ts";

const DAY = 86_400_000;
const START = Date.parse("2026-11-23T10:20:30Z");
const PUBLIC_URL = "https://sigstore.example.com";
const trustedRoot = Buffer.from(readBundleCases()[0]?.root ?? "").toString();

describe("the trusted root", () => {
  const operator = tufOperator();
  afterAll(() => operator.remove());
  const chain: OpensslChain = timestampChain();
  let service: TufService;
  let now: number;
  let isOnline: boolean;
  let pinned: string;

  beforeEach(() => {
    [now, isOnline] = [START, true];
    const SEQUENCER = { getByName: () => ({ describe: () => Promise.reject(new Error("not in this test")) }) } as never;
    const env = { CA_CHAIN: chain.chain, TSA_CHAIN: chain.chain, SEQUENCER };
    service = tufService({ publicUrl: PUBLIC_URL, env, now: () => now });
    const documents = { "trusted_root.json": { text: trustedRoot, custom: null } };
    const { texts, onlineKey } = createFirstRepository(operator, documents, START);
    service.deploy(texts, onlineKey);
    pinned = texts.roots[0] ?? "";
  });

  async function read(path: string, maxBytes: number): Promise<Uint8Array | null> {
    if (!isOnline) throw new TypeError("Failed to fetch");
    const response = await service.fetch(path);
    expect(maxBytes).toBeGreaterThan(0);
    return response.status === 200 ? new Uint8Array(await response.arrayBuffer()) : null;
  }
  const open = (root: string | null): TrustSource =>
    new TrustSource({ url: PUBLIC_URL, pinned: root, read, now: (): UnixMs => unixMs(now) });

  it("comes by TUF from the pinned root, and says so", async () => {
    const trust = await open(pinned).read();
    expect(trust).toMatchObject({
      ok: true,
      value: {
        origin: expect.stringContaining("version 1 of its targets, by TUF from the root that came with this page"),
      },
    });
  });

  it("counts offline until its metadata expires, and not a moment longer", async () => {
    const source = open(pinned);
    await source.read();
    isOnline = false;
    now += DAY;
    expect(await source.read()).toMatchObject({ ok: true });
    now += 30 * DAY;
    expect(await source.read()).toEqual({
      ok: false,
      error: expect.stringMatching(/^the timestamp metadata of version \d+ expired at .+ could not be read/),
    });
    isOnline = true;
    expect(await source.read()).toMatchObject({ ok: true });
  });

  it("is none if the repository is not that of the pinned root, even where the site serves one without TUF", async () => {
    const other = createFirstRepository(operator, { "trusted_root.json": { text: "{}", custom: null } }, START);
    expect(await open(other.texts.roots[0] ?? "").read()).toEqual({
      ok: false,
      error: expect.stringContaining("timestamp.json is not signed by"),
    });
  });

  it("is that of the site where the service was deployed without TUF, and says that nobody vouches for it", async () => {
    const trust = await open(null).read();
    expect(trust).toMatchObject({ ok: true, value: { origin: expect.stringContaining("nobody else vouches for it") } });
  });
});

const check = (name: CheckName, outcome: Check["outcome"] = "passed", isRequired = true): Check => ({
  name,
  outcome,
  detail: `${name} was compared`,
  isRequired,
});
const GOOD: readonly CheckName[] = [
  "bundle",
  "artifact",
  "signature",
  "timestamp",
  "entry",
  "inclusion",
  "checkpoint",
  "certificate",
  "purpose",
  "sct",
  "identity",
  "issuer",
];

/** A report in which everything passed but these. */
function reportOf(...others: readonly Check[]): Report {
  const names = new Set(others.map(({ name }) => name));
  const checks = [...GOOD.filter((name) => !names.has(name)).map((name) => check(name)), ...others];
  const signer = { names: ["alice@example.com"], issuer: "https://issuer.example" };
  return { verdict: verdictOf(checks), checks, signer, times: [unixMs(START)] };
}
const describeReport = (report: Report, isRebuilt = false): Verdict =>
  describeVerdict({ report, isStatement: false, isRebuilt });

describe("the verdict", () => {
  it.each<readonly [name: string, report: Report, kind: Verdict["kind"], count: string]>([
    ["all passed", reportOf(), "good", "All 7 checks passed"],
    [
      "a witness that nobody asked for",
      reportOf(check("witness", "not checked", false)),
      "good",
      "All 7 checks passed",
    ],
    [
      "no signer is expected",
      reportOf(check("identity", "not checked")),
      "open",
      "6 of 7 checks passed, 1 not checked",
    ],
    ["no issuer is expected", reportOf(check("issuer", "not checked")), "open", "6 of 7 checks passed, 1 not checked"],
    [
      "no file was given",
      reportOf(check("artifact", "not checked", false)),
      "open",
      "6 of 7 checks passed, 1 not checked",
    ],
    ["another signer", reportOf(check("identity", "failed")), "bad", "1 of 7 checks failed"],
    [
      "one of two timestamps",
      reportOf(check("timestamp"), check("timestamp", "failed")),
      "bad",
      "1 of 7 checks failed",
    ],
    [
      "another file by nobody in particular",
      reportOf(check("signature", "failed"), check("issuer", "not checked")),
      "bad",
      "1 of 7 checks failed, 1 not checked",
    ],
  ])("with %s", (_, report, kind, count) => {
    expect(describeReport(report)).toMatchObject({ kind, count });
  });

  it("is never good for a report in which nothing was compared", () => {
    const verdict = describeReport({ ...reportOf(), checks: [] });
    expect(verdict).toMatchObject({ kind: "open", count: "0 of 7 checks passed, 7 not checked" });
  });

  it("without a timestamp is bad for a bundle, and open for what the log has", () => {
    const report = { ...reportOf(check("time", "failed"), check("certificate", "not checked")), times: [] };
    expect(describeReport(report).kind).toBe("bad");
    const rebuilt = withoutTimestamp(report);
    expect(rebuilt.verdict).toBe("could not tell");
    expect(describeReport(rebuilt, true)).toMatchObject({
      kind: "open",
      advice: [
        expect.stringContaining("Ask the maker"),
        expect.anything(),
        expect.stringContaining("does not keep the timestamp"),
      ],
    });
  });

  it("on what the log has is bad if the log's key was not trusted then", () => {
    const report = reportOf(check("time", "failed"));
    expect(withoutTimestamp(report)).toBe(report);
  });
});

it("a bundle of a bare key has five groups, and one without its key has seven", () => {
  const titles = (report: Report): readonly string[] => groupChecks(report).map(({ title }) => title);
  expect(titles(reportOf(check("key")))).toHaveLength(5);
  expect(titles(reportOf(check("key", "not checked")))).toHaveLength(7);
});
