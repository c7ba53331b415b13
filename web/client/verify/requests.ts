// SPDX-License-Identifier: Apache-2.0
// Requests to this site, each with a deadline and a limit on what is read.

const DEADLINE_MS = 20_000;

/** Reads what this site has at `path`. Null if there is nothing. Rejects if it cannot be read. */
export async function readHere(path: string, maxBytes: number): Promise<Uint8Array | null> {
  const response = await fetch(path, {
    signal: AbortSignal.timeout(DEADLINE_MS),
    credentials: "omit",
    redirect: "error",
  });
  if (response.status === 404) return null;
  if (!response.ok || response.body === null) throw new Error(`${path} answered with status ${response.status}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw new Error(`${path} has more than ${maxBytes} bytes`);
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}
