// SPDX-License-Identifier: Apache-2.0
// An entry of a log with its inclusion proof, as the read API and the pages have it, and its JSON.

import { encodeBase64 } from "../bytes/base64.ts";
import { toTransparencyLogEntry } from "../rekor/log-entry.ts";
import { wholeSeconds } from "../rekor-v1/promise.ts";
import { formatRfc3339, type UnixMs } from "../time.ts";
import type { Hash } from "../tlog/hash.ts";
import type { ShownRecord } from "./kinds/kind.ts";
import type { LogKind } from "./kinds.ts";

/** An entry, and the proof that the newest tree holds it. */
export interface LoggedEntry {
  /** LogConfig.name. */
  readonly log: string;
  readonly kind: LogKind;
  /** SHA-256 of the log's SPKI. */
  readonly logId: Uint8Array;
  /** When the entry was appended. */
  readonly timestamp: UnixMs;
  readonly shown: ShownRecord;
  readonly leafIndex: number;
  /** Leaf to root, in the tree of `treeSize`. Verified. */
  readonly proof: readonly Hash[];
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
  /** The signed note of that tree. */
  readonly checkpoint: string;
  /** The signed entry timestamp of a Rekor v1 log over `timestamp`; null for other kinds, which make no promise. */
  readonly promise: Uint8Array | null;
}

/** The TransparencyLogEntry of the entry (shared/rekor/log-entry.ts), which a bundle holds. */
export const transparencyLogEntryOf = ({ logId, shown, promise, timestamp, ...inclusion }: LoggedEntry): object => ({
  ...toTransparencyLogEntry(logId, { ...inclusion, body: shown.body }),
  kindVersion: shown.kindVersion,
  ...(promise === null
    ? {}
    : {
        integratedTime: String(wholeSeconds(timestamp)),
        inclusionPromise: { signedEntryTimestamp: encodeBase64(promise) },
      }),
});

/** The JSON of `GET /api/entries/<index>`, and of the entry's page. */
export function entryJson(entry: LoggedEntry): object {
  const { body: _body, kindVersion, ...details } = entry.shown;
  return {
    index: entry.leafIndex,
    log: entry.log,
    timestamp: formatRfc3339(entry.timestamp),
    timestampMs: entry.timestamp,
    kind: kindVersion.kind,
    entry: transparencyLogEntryOf(entry),
    ...details,
  };
}
