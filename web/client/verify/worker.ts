// SPDX-License-Identifier: Apache-2.0
// The Web Worker that hashes a file. It sends no request.

import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { PART_BYTES, readParts } from "./parts.ts";

const HASHES = { "SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512 } as const;

/** The request that is wanted now; a newer one ends an older one. */
let wanted = 0;

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  wanted = data.id;
  if (data.file !== null) void hashFile(data.id, data.file, data.algorithms);
});

const answer = (message: FromWorker): void => postMessage(message);

async function hashFile(id: number, file: Blob, algorithms: readonly HashAlgorithm[]): Promise<void> {
  const hashes = algorithms.map((name) => [name, HASHES[name].create()] as const);
  try {
    let [done, told] = [0, 0];
    for await (const part of readParts(file)) {
      if (id !== wanted) return;
      for (const [, hash] of hashes) hash.update(part);
      done += part.length;
      if (done - told < PART_BYTES) continue;
      told = done;
      answer({ id, kind: "progress", done });
    }
    if (done !== file.size) throw new RangeError("it changed while it was being read");
    answer({ id, kind: "done", digests: Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest()])) });
  } catch (error) {
    answer({ id, kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  }
}
