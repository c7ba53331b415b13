// SPDX-License-Identifier: Apache-2.0
// A log's description of itself: its identity, how far R2 and D1 have come, how full its storage is, and whether it
// takes entries.

import { sha256 } from "#sha256";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import type { LogDescription } from "../../../shared/rpc/sequencer.ts";
import { formatRfc3339, unixMs } from "../../../shared/time.ts";
import { findSignature, parseNote } from "../../../shared/tlog/note.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import { parseVkey } from "../../../shared/tlog/vkey.ts";
import type { LogSetup } from "../env.ts";
import type { Log } from "../log.ts";
import { FAULT_REASONS } from "../rounds/capacity.ts";
import type { StateRow } from "../tables/state.ts";

type Setup = Pick<LogSetup, "config" | "ecdsa" | "format">;

/**
 * Describes a log. Waits until it is open, at most 5 s: an object that slept has not failed. Rejects if there is
 * nothing to describe yet.
 */
export async function describeLog(log: Log, setup: Setup): Promise<LogDescription> {
  await log.open();
  const { phase, identity, state, frozenAt, storage } = log;
  // A lost log is described by its keys: what it has proven stays proven, and the trust root must list it.
  if (identity === null && phase.kind !== "refusing") {
    throw new Error(phase.kind === "running" ? "no log" : phase.reason);
  }
  const { config, ecdsa, format } = setup;
  // The key that the log was created with, whatever the settings hold now.
  const spki = identity?.spki ?? ecdsa.spki;
  return {
    origin: config.origin,
    creation: identity?.creation ?? null,
    createdAt: identity?.createdAt ?? unixMs(0),
    frozenAt,
    spki,
    logId: sha256(spki),
    vkeys: phase.kind === "refusing" && state !== null ? vkeysIn(state, format) : format.vkeys,
    ...progressOf(state),
    witnessedSize: log.witnessedSize,
    storageBytes: storage.bytes,
    storageLimitBytes: storage.limitBytes,
    ...describeState(log, setup),
  };
}

/** Those that signed the newest head: a log with another key refuses, and must not present it as its own. */
function vkeysIn({ checkpoint }: StateRow, { vkeys }: Setup["format"]): readonly string[] {
  const note = parseNote(encodeUtf8(checkpoint));
  return vkeys.filter((text) => {
    const vkey = parseVkey(text);
    return vkey.ok && note.ok && findSignature(note.value, vkey.value.name, vkey.value.keyId) !== null;
  });
}

function describeState(
  { phase, frozenAt, storage: { fault } }: Log,
  { config }: Setup,
): Pick<LogDescription, "state" | "reason"> {
  if (phase.kind === "refusing") return { state: "refusing", reason: phase.reason };
  if (frozenAt !== null && phase.kind === "running") {
    const since = `frozen since ${formatRfc3339(frozenAt)}`;
    const reason = config.isFrozen ? since : `${since}: SHARDS no longer freezes it, but freezing is permanent`;
    return { state: "frozen", reason };
  }
  if (fault !== null) return { state: fault, reason: FAULT_REASONS[fault] };
  return phase.kind === "starting" ? { state: "starting", reason: phase.reason } : { state: "running", reason: null };
}

/** How far the log, R2 and D1 have come; zeros before the first head. */
function progressOf(
  state: StateRow | null,
): Pick<LogDescription, "treeSize" | "publishedEntries" | "indexedEntries" | "headTimestamp"> {
  if (state === null) return { treeSize: 0, publishedEntries: 0, indexedEntries: 0, headTimestamp: null };
  const { treeSize, publishedTiles, indexed, timestamp } = state;
  return { treeSize, publishedEntries: publishedTiles * TILE_WIDTH, indexedEntries: indexed, headTimestamp: timestamp };
}
