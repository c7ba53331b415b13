// SPDX-License-Identifier: Apache-2.0
// Checkpoints: the signed text of a tree head. Spec: https://c2sp.org/tlog-checkpoint

import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { err, ok, type Result } from "../result.ts";
import { formatUnixDate, type UnixMs } from "../time.ts";
import { hash } from "./hash.ts";
import type { TreeHead } from "./head.ts";

export interface Checkpoint extends TreeHead {
  /** The log's unique name. */
  readonly origin: string;
  /** Extension lines. The last checkpoint of a frozen log has one. */
  readonly extensions: readonly string[];
}

export interface CheckpointError {
  readonly code: "checkpoint_invalid";
  readonly line: "origin" | "size" | "root" | "extension";
}

/** The extension line of a frozen log's last checkpoint, worded as in rekor-tiles (cmd/freeze-checkpoint). */
export const formatFrozenLine = (frozenAt: UnixMs): string => `Log frozen \u2014 ${formatUnixDate(frozenAt)}`;

/** Formats the note text: origin, size, root and extension lines, each with its newline. */
export function formatCheckpoint({ origin, treeSize, rootHash, extensions }: Checkpoint): string {
  return [origin, String(treeSize), encodeBase64(rootHash), ...extensions].map((line) => `${line}\n`).join("");
}

/**
 * Parses a note text. The size must be exactly what String(n) prints, at most 2^53−1. BigInt() would also accept "",
 * "0x10" and " 1 ", so that two texts would have the same size. Fails with checkpoint_invalid, which names the wrong
 * line.
 */
export function parseCheckpoint(text: string): Result<Checkpoint, CheckpointError> {
  const lines = text.split("\n");
  const [origin = "", size = "", root = "", ...rest] = lines;
  const extensions = rest.slice(0, -1);
  if (origin === "") return err({ code: "checkpoint_invalid", line: "origin" });
  const treeSize = Number(size);
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(treeSize)) {
    return err({ code: "checkpoint_invalid", line: "size" });
  }
  const rootHash = decodeBase64(root);
  if (!rootHash.ok || rootHash.value.length !== 32) return err({ code: "checkpoint_invalid", line: "root" });
  if (rest.at(-1) !== "" || extensions.includes("")) return err({ code: "checkpoint_invalid", line: "extension" });
  return ok({ origin, treeSize, rootHash: hash(rootHash.value), extensions });
}
