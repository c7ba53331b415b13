// SPDX-License-Identifier: Apache-2.0
// Bytes that anyone can send in place of a signature: other lengths, noise, and damaged valid ones.

import { Random } from "../../faults/random.ts";

/** The lengths of some signatures, and their neighbors. */
const LENGTHS = [0, 1, 2, 8, 32, 63, 64, 65, 71, 96, 104, 128, 132, 139, 255, 256, 257, 384, 512, 70_000];

interface WrongSignature {
  readonly name: string;
  readonly signature: Uint8Array;
}

/** Variations of a valid signature that no scheme accepts. */
export function makeWrongSignatures(valid: Uint8Array, seed: number): readonly WrongSignature[] {
  const random = new Random(seed);
  const noise = LENGTHS.flatMap((length) => [
    { name: `${length} zeros`, signature: new Uint8Array(length) },
    { name: `${length} times ff`, signature: new Uint8Array(length).fill(0xff) },
    { name: `${length} random bytes`, signature: new Uint8Array(random.bytes(length)) },
    { name: `${length} bytes that begin like it`, signature: resize(valid, length) },
  ]);
  const flipped = Array.from({ length: 16 }, (_, i) => {
    const at = random.below(valid.length);
    return { name: `bit flip ${i} at ${at}`, signature: valid.with(at, (valid[at] ?? 0) ^ (1 << random.below(8))) };
  });
  return [...noise, ...flipped].filter(({ signature }) => Buffer.compare(signature, valid) !== 0);
}

function resize(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(bytes.subarray(0, length));
  return out;
}
