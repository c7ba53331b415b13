// SPDX-License-Identifier: Apache-2.0
// Hashes the artifact as a stream: a file of any size takes the memory of one chunk.

import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ArtifactDigests } from "../../shared/bundle/artifact.ts";
import type { HashAlgorithm } from "../../shared/crypto/hash.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { ArtifactSource } from "./options.ts";

const CHUNK_BYTES = 1024 * 1024;

/** Hashes the artifact by each of these algorithms. The error is a line for the person. */
export async function hashArtifact(
  source: ArtifactSource,
  algorithms: readonly HashAlgorithm[],
): Promise<Result<ArtifactDigests, string>> {
  if (source.kind === "digest") return ok({ [source.hash]: source.value });
  const hashes = algorithms.map((name): [HashAlgorithm, Hash] => [name, createHash(name.replace("-", ""))]);
  try {
    const stream: AsyncIterable<Buffer> = createReadStream(source.path, { highWaterMark: CHUNK_BYTES });
    for await (const chunk of stream) for (const [, hash] of hashes) hash.update(chunk);
  } catch (error) {
    return err(`could not read ${source.path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return ok(Object.fromEntries(hashes.map(([name, hash]) => [name, new Uint8Array(hash.digest())])));
}
