// SPDX-License-Identifier: Apache-2.0
// The file of a monitor's state: what an earlier version wrote is read on.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { valueOf } from "../../../test/support/value-of.ts";
import { FIRST_POSITION } from "../scan/first-position.ts";
import { emptyState, type LogState, type MonitorState } from "./state.ts";
import { readState, writeState } from "./state-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sigedge-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LOG: LogState = {
  url: "https://log.example.com",
  kind: "signature",
  origin: "log.example.com",
  vkeys: [],
  from: 0,
  since: 0,
  head: null,
  position: FIRST_POSITION,
  progress: null,
  gaps: [],
  frozenSize: null,
  grewAt: null,
  caughtUpAt: null,
};
const STATE: MonitorState = { ...emptyState("https://sign.example.com"), logs: [LOG] };

/** Writes a state in the form of a version. */
function writeVersion(version: number, state: unknown): string {
  const file = join(folder, `version-${version}.json`);
  const text = JSON.stringify(state);
  const sha256 = createHash("sha256").update(text).digest("hex");
  writeFileSync(file, `{"format":"sigedge-monitor","version":${version},"sha256":"${sha256}","state":${text}}\n`);
  return file;
}

test("is read as it was written", () => {
  const file = join(folder, "state.json");
  writeState(file, STATE);
  expect(valueOf(readState(file))).toEqual(STATE);
  expect(readFileSync(file, "utf8")).toMatch('"version":2');
});

test("of version 1 lacks the times of growth, and is read on", () => {
  const { grewAt: _, caughtUpAt: __, ...old } = LOG;
  expect(valueOf(readState(writeVersion(1, { ...STATE, logs: [old] })))).toEqual(STATE);
});

test("of a later version, or without a member, is an error", () => {
  const { grewAt: _, ...damaged } = LOG;
  expect(readState(writeVersion(3, STATE))).toMatchObject({ ok: false, error: expect.stringMatching("version 3") });
  const wrong = readState(writeVersion(2, { ...STATE, logs: [damaged] }));
  expect(wrong).toMatchObject({ ok: false, error: expect.stringMatching("logs") });
});
