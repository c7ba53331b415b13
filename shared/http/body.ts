// SPDX-License-Identifier: Apache-2.0
// Request bodies with a limit that holds before the body is in memory.

import { concat } from "../bytes/bytes.ts";
import { err, ok, type Result } from "../result.ts";

export interface BodyError {
  readonly code: "body_too_large";
  readonly maxBodyBytes: number;
}

/** Reads the whole body, at most `maxBodyBytes`; an absent body is empty. Fails with body_too_large. */
export async function readBody(
  request: Request,
  maxBodyBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>, BodyError>> {
  const tooLarge = err({ code: "body_too_large", maxBodyBytes } as const);
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) return tooLarge;
  if (request.body === null) return ok(new Uint8Array(0));
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    length += chunk.length;
    if (length > maxBodyBytes) return tooLarge;
    chunks.push(chunk);
  }
  return ok(concat(...chunks));
}
