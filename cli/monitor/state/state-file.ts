// SPDX-License-Identifier: Apache-2.0
// Stores the state of a monitor in one file. A crash leaves the old file or the new one, also when the machine loses
// power. A file that is damaged, or that something else wrote, is an error and never an empty state.

import { createHash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { findWrongMember } from "../../../shared/json/guard.ts";
import { isObject, items, member } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type Gap, type LogState, type MonitorState, STATE_MEMBERS } from "./state.ts";

const FORMAT = "sigedge-monitor";
/** Version 1 lacked these members of a log and of a gap. */
const VERSION = 2;
const NEW_OF_LOG: Pick<LogState, "grewAt" | "caughtUpAt"> = { grewAt: null, caughtUpAt: null };
const NEW_OF_GAP: Pick<Gap, "lacks"> = { lacks: "entries" };

/** Sixteen logs, a full set of open cross-checks and a thousand events take a fifth of it. */
const MAX_STATE_BYTES = 128 * 1024 * 1024;

/** It may hold the only copy of a head that the log has rewritten since. */
const ADVICE =
  "keep the file, which may hold evidence, and give another one with --state; the monitor then reads the log from its beginning";

/** A hundred open events with all their fields, a thousand times over. */
const MAX_VALUES = 4_000_000;

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Reads the state; null if there is no file. The error is a line for the operator. */
export function readState(file: string): Result<MonitorState | null, string> {
  const read = readText(file);
  if (!read.ok || read.value === null) return read.ok ? ok(null) : read;
  const json = parseJson(read.value, MAX_VALUES);
  if (!json.ok) return err(`the state file ${file} is damaged: it is not JSON; ${ADVICE}`);
  const { value } = json;
  if (member(value, "format") !== FORMAT) return err(`${file} is not the state of a monitor; ${ADVICE}`);
  const version = member(value, "version");
  if (version !== VERSION && version !== 1)
    return err(`the state file ${file} has version ${String(version)}, not ${VERSION}; ${ADVICE}`);
  const state = member(value, "state");
  if (member(value, "sha256") !== hashOf(JSON.stringify(state))) {
    return err(`the state file ${file} is damaged: its content does not have the hash in it; ${ADVICE}`);
  }
  const upgraded = version === 1 ? upgrade(state) : state;
  const wrong = findWrongMember(STATE_MEMBERS, upgraded);
  if (wrong !== null)
    return err(`the state file ${file} is damaged: its member ${wrong} is missing or wrong; ${ADVICE}`);
  // Every member was checked.
  return ok(upgraded as MonitorState);
}

/** The state of version 1 as one of today. */
function upgrade(state: unknown): unknown {
  if (!isObject(state)) return state;
  for (const log of items(state, "logs")) {
    if (!isObject(log)) continue;
    Object.assign(log, NEW_OF_LOG);
    for (const gap of items(log, "gaps")) if (isObject(gap)) Object.assign(gap, NEW_OF_GAP);
  }
  return state;
}

function readText(file: string): Result<Uint8Array | null, string> {
  try {
    const bytes = readFileSync(file);
    return bytes.length <= MAX_STATE_BYTES ? ok(bytes) : err(`the state file ${file} is too large; ${ADVICE}`);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    return code === "ENOENT" ? ok(null) : err(`the state file ${file} cannot be read (${String(code)}); ${ADVICE}`);
  }
}

/** Replaces the file, durably. Throws the error of the file system. */
export function writeState(file: string, state: MonitorState): void {
  const text = JSON.stringify(state);
  const unfinished = `${file}.new`;
  mkdirSync(dirname(file), { recursive: true });
  const written = openSync(unfinished, "w", 0o600);
  try {
    writeSync(written, `{"format":"${FORMAT}","version":${VERSION},"sha256":"${hashOf(text)}","state":${text}}\n`);
    fsyncSync(written);
  } finally {
    closeSync(written);
  }
  renameSync(unfinished, file);
  syncFolder(dirname(file));
}

/** Makes the new name durable. Windows cannot open a folder, and needs no such call. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const opened = openSync(folder, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
