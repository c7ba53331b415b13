// SPDX-License-Identifier: Apache-2.0
// The state that audits of a log keep: the pinned keys, the tree of the last good audit, and the progress of an
// interrupted one. One JSON file for each log, replaced atomically.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { decodeBase64, encodeBase64 } from "../../shared/bytes/base64.ts";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Edge, EMPTY_EDGE, restoreEdge } from "../../shared/tlog/edge.ts";
import { decodeTile, encodeTile } from "../../shared/tlog/tile.ts";
import type { FindingsSummary } from "./findings.ts";

export type TrustSource = "key" | "trusted-root" | "first-use";

/** The tree of the last good audit. */
export interface AuditedTree {
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The signed note, which proves a fork to others if the log shows another history later. */
  readonly checkpoint: string;
  /** RFC 3339. */
  readonly at: string;
}

/** Numbers of entries by verdict. */
export interface Counts {
  readonly verified: number;
  readonly unverified: number;
  readonly unknown: number;
  readonly firstUnknown: number | null;
}

export const NO_COUNTS: Counts = { verified: 0, unverified: 0, unknown: 0, firstUnknown: null };

/** The tree rebuilt so far: whole bundles. */
export interface Progress {
  readonly treeSize: number;
  /** The hashes of the open tile of each level in Base64, level 0 first. */
  readonly edge: readonly string[];
  readonly verifies: boolean;
  readonly counts: Counts;
  readonly findings: FindingsSummary;
  /** Whether the audit reached the end of its tree. Only an incremental audit continues from a complete one. */
  readonly isComplete: boolean;
}

/** The content of a state file. */
export interface AuditState {
  readonly version: 1;
  readonly url: string;
  readonly kind: LogKind;
  readonly origin: string;
  readonly vkeys: readonly string[];
  readonly trust: TrustSource;
  readonly isRekor: boolean;
  readonly audited: AuditedTree | null;
  readonly progress: Progress | null;
}

/** The default state file: one for each URL, in the user's cache folder. */
export function defaultStateFile(url: string, env: NodeJS.ProcessEnv = process.env): string {
  const name = url.replace(/^https?:\/\//, "").replace(/[^A-Za-z0-9.-]+/g, "_");
  const digest = createHash("sha256").update(url).digest("hex").slice(0, 8);
  return join(cacheFolder(env), "sigedge", "audit", `${name.slice(0, 100)}-${digest}.json`);
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env["XDG_CACHE_HOME"]?.startsWith("/") === true) return env["XDG_CACHE_HOME"];
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  if (process.platform === "win32") return env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local");
  return join(homedir(), ".cache");
}

/** Reads the state, null if there is none yet. An unreadable file is an error, not an empty state. */
export function readState(file: string): Result<AuditState | null, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    return code === "ENOENT" ? ok(null) : err(`the state file ${file} cannot be read (${String(code)})`);
  }
  try {
    const state = JSON.parse(text) as AuditState;
    if (state.version === 1) return ok(state);
  } catch {
    // Reported below.
  }
  return err(`the state file ${file} is not one of this version; give another with --state, or remove it`);
}

/** Replaces the file: a crash leaves the old one or the new one. Throws the error of the file system. */
export function writeState(file: string, state: AuditState): void {
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, `${JSON.stringify(state, null, 1)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** Encodes an edge for Progress. */
export const encodeEdge = ({ tiles }: Edge): readonly string[] =>
  tiles.map(([hashes = []]) => encodeBase64(encodeTile(hashes)));

/** Decodes the edge of a saved progress; null if the file is damaged. */
export function decodeEdge({ treeSize, edge }: Progress): Edge | null {
  if (treeSize === 0) return EMPTY_EDGE;
  const levels = edge.map((text) => decodeBase64(text));
  try {
    return restoreEdge(
      treeSize,
      levels.map((level) => decodeTile(level.ok ? level.value : new Uint8Array(1))),
    );
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
