// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeFinding, type Finding } from "../served-log/findings.ts";
import { type AuditState, readState, VERSION, writeState } from "./state.ts";

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-state-"));
  file = join(folder, "state.json");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HASH = Buffer.alloc(32, 1).toString("base64");
const FINDINGS: readonly Finding[] = [
  { code: "checkpoint_unsigned", keys: ["a+00000000"] },
  { code: "entry_repeated", leafIndex: 7, earlier: 3 },
  { code: "time_in_future", leafIndex: null, time: Number.MAX_SAFE_INTEGER },
];
const STATE: AuditState = {
  version: VERSION,
  url: "https://log.example.com",
  kind: "signature",
  origin: "log.example.com",
  vkeys: ["log.example.com+00000000+AA=="],
  trust: "first-use",
  isRekor: true,
  creation: "c",
  audited: { size: 5, root: HASH, checkpoint: "note", at: "2026-11-23T00:00:00Z" },
  progress: {
    treeSize: 256,
    edge: ["", HASH],
    checks: { signatures: true, order: true, policy: null },
    lastTime: 1_790_000_000_000,
    counts: { verified: 1, unverified: 2, unknown: 3, firstUnknown: null },
    findings: { listed: FINDINGS, damages: 2, gaps: 1 },
    isComplete: true,
  },
};

const problemOf = (text: string | object): string => {
  writeFileSync(file, typeof text === "string" ? text : JSON.stringify(text));
  const state = readState(file);
  return state.ok ? "" : state.error;
};

/** Every path of a value: `progress.checks.order`. */
const pathsOf = (value: unknown): readonly string[] =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, inner]) => [name].concat(pathsOf(inner).map((path) => `${name}.${path}`)))
    : [];

/** A copy with another value at a path; undefined removes the member. */
function changed(path: string, to: unknown): object {
  const copy: unknown = structuredClone(STATE);
  const names = path.split(".");
  const last = names.pop() ?? "";
  const parent = names.reduce<unknown>((value, name) => Reflect.get(Object(value), name), copy);
  Reflect.set(Object(parent), last, to);
  return Object(copy);
}

describe("the state of an audit", () => {
  test("is read as it was written", () => {
    for (const state of [STATE, { ...STATE, audited: null, progress: null, creation: null }]) {
      writeState(file, state);
      expect(readState(file)).toEqual({ ok: true, value: state });
    }
    expect(readState(join(folder, "none"))).toEqual({ ok: true, value: null });
  });

  test("holds findings that can be described", () => {
    for (const finding of FINDINGS) expect(describeFinding(finding)).not.toMatch(/undefined|NaN/);
  });

  // A number that no member is, and a type that no member has.
  const WRONG: readonly unknown[] = [undefined, -1, { other: true }];
  test.each(pathsOf(STATE).flatMap((path) => WRONG.map((value) => [path, value] as const)))(
    "with a wrong %s (%o) is damaged, and the error names the member",
    (path, value) => {
      const [member = ""] = path.split(".");
      expect(problemOf(changed(path, value))).toMatch(
        member === "version" ? /no version/ : new RegExp(`damaged: its member ${member} is missing or wrong`),
      );
    },
  );

  test.each<[string, string, unknown]>([
    ["a kind of log that is not known", "kind", "toString"],
    ["keys that are not text", "vkeys", [5]],
    ["another source of trust", "trust", "somebody"],
    ["a root of another length", "audited.root", "AAAA"],
    ["a root that is not base64", "audited.root", "?".repeat(44)],
    ["half an entry", "audited.size", 0.5],
    ["a finding that is not known", "progress.findings.listed", [{ code: "constructor" }]],
    ["a finding without its data", "progress.findings.listed", [{ code: "entry_repeated", leafIndex: 7 }]],
    ["findings that are no list", "progress.findings.listed", {}],
  ])("with %s is damaged", (_, path, value) => {
    expect(problemOf(changed(path, value))).toMatch(/damaged: its member/);
  });

  test.each<[string, string, RegExp]>([
    ["a truncated file", JSON.stringify(STATE).slice(0, -1), /damaged: it is not JSON/],
    ["an empty file", "", /damaged: it is not JSON/],
    ["a member twice", '{"version":2,"version":2}', /damaged: it is not JSON/],
    ["too long a file", `{"version":2,"x":"${"x".repeat(5_000_000)}"}`, /damaged: it is not JSON/],
    ["the file of another program", '{"name":"sigedge"}', /is not the state of an audit/],
    ["a list", "[1]", /is not the state of an audit/],
    ["the state of an older version", JSON.stringify({ ...STATE, version: 1 }), /has version 1, not 2/],
    ["the state of a newer version", JSON.stringify({ ...STATE, version: 3 }), /has version 3, not 2/],
  ])("%s is an error, and the file is kept", (_, text, reason) => {
    const problem = problemOf(text);
    expect(problem).toMatch(reason);
    expect(problem).toContain(file);
    expect(problem).toMatch(/give another file with --state$/);
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});
