// SPDX-License-Identifier: Apache-2.0
// Reads bodies of requests and responses with a limit that holds before the body is in memory.

import { concat } from "../bytes/bytes.ts";
import { err, ok, type Result } from "../result.ts";

/** The body is longer than its limit. */
export interface BodyError {
  readonly code: "body_too_large";
  readonly maxBodyBytes: number;
}

/**
 * How much of a request is read and discarded beyond its limit. A runtime that responds while the caller still sends
 * closes the connection on unread bytes, and the caller sees a broken pipe instead of the response. A caller that sends
 * even more still does.
 */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;

/** Reads a whole body of at most `maxBodyBytes` bytes; an absent one is empty. Fails with body_too_large. */
export async function readBody(
  message: Request | Response,
  maxBodyBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>, BodyError>> {
  const declared = Number(message.headers.get("content-length") ?? Number.NaN);
  // HTTP holds a request to its declared length, and reading it at once costs a third of walking its stream. A response
  // may be longer than it declares, since that length is the compressed one.
  if (message instanceof Request && declared <= maxBodyBytes) {
    const body = new Uint8Array(await message.arrayBuffer());
    return body.length <= maxBodyBytes ? ok(body) : err({ code: "body_too_large", maxBodyBytes });
  }
  return await readStream(message, maxBodyBytes, declared > maxBodyBytes);
}

async function readStream(
  message: Request | Response,
  maxBodyBytes: number,
  isDeclaredTooLarge: boolean,
): Promise<Result<Uint8Array<ArrayBuffer>, BodyError>> {
  const maxReadBytes = maxBodyBytes + (message instanceof Request ? MAX_DISCARDED_BYTES : 0);
  const chunks: Uint8Array[] = [];
  let length = isDeclaredTooLarge ? maxBodyBytes : 0;
  for await (const chunk of (message.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxReadBytes) break;
    if (length <= maxBodyBytes) chunks.push(chunk);
  }
  return isDeclaredTooLarge || length > maxBodyBytes
    ? err({ code: "body_too_large", maxBodyBytes })
    : ok(concat(...chunks));
}
