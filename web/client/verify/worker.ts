// SPDX-License-Identifier: Apache-2.0
// The Web Worker that hashes a file in parts, so that a file of any size takes the memory of two of them. It sends no
// request. WebCrypto cannot hash a stream.

import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const HASHES = { "SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512 } as const;

/** Large enough that reading costs little, small enough that a stop is noticed at once. */
const PART_BYTES = 4 * 1024 * 1024;

/** The request that is wanted now; a newer one ends an older one. */
let wanted = 0;

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  wanted = data.id;
  if (data.file !== null) void hashFile(data.id, data.file, data.algorithms);
});

const answer = (message: FromWorker): void => postMessage(message);

const readPart = async (file: Blob, from: number): Promise<Uint8Array> =>
  new Uint8Array(await file.slice(from, from + PART_BYTES).arrayBuffer());

/** Reads a part while the one before it is hashed. */
async function hashFile(id: number, file: Blob, algorithms: readonly HashAlgorithm[]): Promise<void> {
  const hashes = algorithms.map((name) => [name, HASHES[name].create()] as const);
  try {
    let next = readPart(file, 0);
    for (let done = 0; done < file.size; ) {
      const part = await next;
      if (id !== wanted) return;
      if (part.length === 0) throw new RangeError("the file has become shorter");
      done += part.length;
      next = readPart(file, done);
      // A failure counts where the part is awaited; nobody awaits it after a stop.
      next.catch(() => null);
      for (const [, hash] of hashes) hash.update(part);
      answer({ id, kind: "progress", done });
    }
    answer({ id, kind: "done", digests: Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest()])) });
  } catch (error) {
    answer({ id, kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  }
}
