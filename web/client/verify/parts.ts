// SPDX-License-Identifier: Apache-2.0
// A file in parts, so that one of any size takes the memory of one part. WebCrypto cannot hash a stream, and a file
// that is read as a whole is in memory as a whole.
// Spec: https://streams.spec.whatwg.org/#byob-readers; https://www.w3.org/TR/FileAPI/#stream-method-algo

/** Large enough that reading costs little, small enough that a stop is noticed at once. */
export const PART_BYTES = 4 * 1024 * 1024;

/** Reads a file. A part may be overwritten as soon as the next one is asked for. */
export async function* readParts(file: Blob): AsyncGenerator<Uint8Array, void> {
  const reader = openReader(file);
  yield* reader === null ? readSlices(file) : readIntoOneBuffer(reader);
}

/** Null in a browser whose readers bring buffers of their own. */
function openReader(file: Blob): ReadableStreamBYOBReader | null {
  try {
    return file.stream().getReader({ mode: "byob" });
  } catch {
    return null;
  }
}

/**
 * Chromium collects a reader that nothing but its own pending read refers to, and the read then never ends. A test
 * collects garbage in the middle of a file.
 */
const inUse = new Set<ReadableStreamBYOBReader>();

/** Parts in buffers of their own were garbage faster than a busy machine collects it: hundreds of megabytes. */
async function* readIntoOneBuffer(reader: ReadableStreamBYOBReader): AsyncGenerator<Uint8Array, void> {
  inUse.add(reader);
  let buffer = new ArrayBuffer(PART_BYTES);
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done || value === undefined) return;
      yield value;
      buffer = value.buffer;
    }
  } finally {
    inUse.delete(reader);
    await reader.cancel();
  }
}

async function* readSlices(file: Blob): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < file.size; from += PART_BYTES) {
    yield new Uint8Array(await file.slice(from, from + PART_BYTES).arrayBuffer());
  }
}
