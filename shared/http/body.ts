// SPDX-License-Identifier: Apache-2.0
// Reads bodies of requests and responses with a limit that holds before the body is in memory.

import { concat } from "../bytes/bytes.ts";
import { err, ok, type Result } from "../result.ts";

/** Why there is no body. */
export type BodyError =
  /** The body is longer than its limit. */
  | { readonly code: "body_too_large"; readonly maxBodyBytes: number }
  /** The sender hung up before the end of the body, or sent broken chunks. */
  | { readonly code: "body_incomplete" };

/**
 * A body that declares to be longer than its limit by no more than this is read and discarded: a client that is still
 * sending when the connection closes may never see why.
 */
const MAX_DISCARDED_BYTES = 64 * 1024;

/**
 * Reads a whole body of at most `maxBodyBytes` bytes; an absent one is empty. Reads nothing of a body that declares to
 * be much longer, and nothing beyond the limit of one that declares nothing: the server discards a short rest by itself
 * and then closes the connection. Fails with a BodyError.
 */
export async function readBody(
  message: Request | Response,
  maxBodyBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>, BodyError>> {
  const tooLarge = err({ code: "body_too_large", maxBodyBytes } as const);
  const declared = Number(message.headers.get("content-length") ?? Number.NaN);
  if (declared > maxBodyBytes + MAX_DISCARDED_BYTES) return tooLarge;
  try {
    // HTTP holds a request to its declared length, and reading it at once costs a third of walking its stream. A
    // response may be longer than it declares, since that length is the compressed one.
    const isDeclared = message instanceof Request && !Number.isNaN(declared);
    const body = isDeclared ? new Uint8Array(await message.arrayBuffer()) : await readStream(message, maxBodyBytes);
    return body.length <= maxBodyBytes && !(declared > maxBodyBytes) ? ok(body) : tooLarge;
  } catch {
    // Nothing of ours runs in here: the connection failed, or what it carried is no HTTP.
    return err({ code: "body_incomplete" });
  }
}

/** Reads the body up to the chunk that exceeds the limit. */
async function readStream(message: Request | Response, maxBodyBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (message.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBodyBytes) break;
  }
  return concat(...chunks);
}
