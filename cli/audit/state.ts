// SPDX-License-Identifier: Apache-2.0
// The state that audits of a log keep: the pinned keys, the tree of the last good audit, and the progress of an
// interrupted one. One JSON file for each log, replaced atomically.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import {
  acceptNull,
  checkMembers,
  findWrongMember,
  type Guard,
  type Guards,
  isFlag,
  isText,
} from "../../shared/json/guard.ts";
import { isCount, isList, isTexts, member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { isLogKind, type LogKind } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Finding, type FindingsSummary, isFinding } from "../served-log/findings.ts";
import { type EdgeText, isSeenTree, type SeenTree } from "../served-log/seen-tree.ts";

const TRUST_SOURCES = ["key", "trusted-root", "first-use"] as const;
export type TrustSource = (typeof TRUST_SOURCES)[number];

/** Numbers of entries by verdict. */
export interface Counts {
  readonly verified: number;
  readonly unverified: number;
  readonly unknown: number;
  readonly firstUnknown: number | null;
}

export const NO_COUNTS: Counts = { verified: 0, unverified: 0, unknown: 0, firstUnknown: null };

/** The tree rebuilt so far: whole bundles. */
export interface Progress extends EdgeText {
  /** The checks that ran, apart from hashes. */
  readonly checks: Checks;
  /** The time of the last entry, in ms; 0 if it is unknown. */
  readonly lastTime: number;
  readonly counts: Counts;
  readonly findings: FindingsSummary;
  /** Whether the audit of that tree ended, and found it good. */
  readonly isComplete: boolean;
}

/** The checks of an audit, apart from hashes. */
export interface Checks {
  /** Signatures and chains of entries. */
  readonly signatures: boolean;
  /** Repeated entries and times, as Sigedge promises them. */
  readonly order: boolean;
  /** The hash of the write policy, null if there was none. */
  readonly policy: string | null;
}

/** The content of a state file. */
export interface AuditState {
  readonly version: typeof VERSION;
  readonly url: string;
  readonly kind: LogKind;
  readonly origin: string;
  readonly vkeys: readonly string[];
  readonly trust: TrustSource;
  readonly isRekor: boolean;
  /** The log's creation, if its service is Sigedge. */
  readonly creation: string | null;
  readonly audited: SeenTree | null;
  readonly progress: Progress | null;
}

export const VERSION = 2;

/** The default state file: one for each URL, in the user's cache folder. */
export function defaultStateFile(
  url: string,
  command: "audit" | "monitor",
  env: NodeJS.ProcessEnv = process.env,
): string {
  const name = url.replace(/^https?:\/\//, "").replace(/[^A-Za-z0-9.-]+/g, "_");
  const digest = createHash("sha256").update(url).digest("hex").slice(0, 8);
  return join(cacheFolder(env), "sigedge", command, `${name.slice(0, 100)}-${digest}.json`);
}

/** Returns the folder in which this system keeps the caches of a user. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env["XDG_CACHE_HOME"]?.startsWith("/") === true) return env["XDG_CACHE_HOME"];
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  if (process.platform === "win32") return env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local");
  return join(homedir(), ".cache");
}

/** The file beside the state that holds what each entry says (seen-entries.ts). */
export const entriesFile = (stateFile: string): string => `${stateFile}.entries`;

/** The file beside the state that holds the sidecars that audits have read (seen-sidecars.ts). */
export const sidecarsFile = (stateFile: string): string => `${stateFile}.sidecars`;

/** 200 findings and the hashes of seven levels take 200 KiB. */
const MAX_STATE_BYTES = 4 * 1024 * 1024;

/** Reads the state, null if there is none yet. An unreadable file is an error, not an empty state. */
export function readState(file: string): Result<AuditState | null, string> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    return code === "ENOENT" ? ok(null) : err(`the state file ${file} cannot be read (${String(code)})`);
  }
  const json = bytes.length <= MAX_STATE_BYTES ? parseJson(bytes) : err(null);
  if (!json.ok) return err(`the state file ${file} is damaged: it is not JSON; ${ADVICE}`);
  const { value } = json;
  const version = member(value, "version");
  if (!isCount(version)) return err(`${file} is not the state of an audit: it has no version; ${ADVICE}`);
  if (version !== VERSION) return err(`the state file ${file} has version ${version}, not ${VERSION}; ${ADVICE}`);
  if (isState(value)) return ok(value);
  const wrong = findWrongMember(MEMBERS, value);
  return err(`the state file ${file} is damaged: its member ${String(wrong)} is missing or wrong; ${ADVICE}`);
}

/** The file is the only memory of a tree that the log may have rewritten since. */
const ADVICE = "keep it for the checkpoint in it, and give another file with --state";

const isVersion: Guard<typeof VERSION> = (json) => json === VERSION;
const isTrustSource: Guard<TrustSource> = (json): json is TrustSource =>
  TRUST_SOURCES.some((source) => source === json);
const areFindings: Guard<readonly Finding[]> = (json) => isList(json) && json.every(isFinding);

const isProgress = checkMembers<Progress>({
  treeSize: isCount,
  edge: isTexts,
  checks: checkMembers<Checks>({ signatures: isFlag, order: isFlag, policy: acceptNull(isText) }),
  lastTime: isCount,
  counts: checkMembers<Counts>({
    verified: isCount,
    unverified: isCount,
    unknown: isCount,
    firstUnknown: acceptNull(isCount),
  }),
  findings: checkMembers<FindingsSummary>({ listed: areFindings, damages: isCount, gaps: isCount }),
  isComplete: isFlag,
});

const MEMBERS: Guards<AuditState> = {
  version: isVersion,
  url: isText,
  kind: isLogKind,
  origin: isText,
  vkeys: isTexts,
  trust: isTrustSource,
  isRekor: isFlag,
  creation: acceptNull(isText),
  audited: acceptNull(isSeenTree),
  progress: acceptNull(isProgress),
};
const isState = checkMembers(MEMBERS);

/** Replaces the file: a crash leaves the old one or the new one. Throws the error of the file system. */
export function writeState(file: string, state: AuditState): void {
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, `${JSON.stringify(state, null, 1)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}
