// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { readBody } from "./body.ts";

const MIB = 1024 * 1024;

/** Makes a stream of `chunks` chunks of 1 MiB that counts how many were read. */
function stream(chunks: number): { readonly body: ReadableStream; readonly taken: () => number } {
  let taken = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (taken === chunks) controller.close();
      else controller.enqueue(new Uint8Array(MIB).fill(taken++));
    },
  });
  return { body, taken: () => taken };
}

const post = (body: BodyInit, headers: Record<string, string> = {}): Request =>
  new Request("http://localhost", { method: "POST", body, headers, duplex: "half" } as RequestInit);

const TOO_LARGE = { ok: false, error: { code: "body_too_large", maxBodyBytes: 4 } };

describe("readBody", () => {
  it("reads up to the limit", async () => {
    expect(await readBody(post("abcd"), 4)).toEqual({ ok: true, value: new TextEncoder().encode("abcd") });
    expect(await readBody(new Response("abcd"), 4)).toEqual({ ok: true, value: new TextEncoder().encode("abcd") });
    expect(await readBody(new Request("http://localhost"), 4)).toEqual({ ok: true, value: new Uint8Array(0) });
    const { body } = stream(3);
    const read = await readBody(post(body), 3 * MIB);
    expect(read.ok && [read.value.length, read.value[0], read.value[MIB], read.value[2 * MIB]]).toEqual([
      3 * MIB,
      0,
      1,
      2,
    ]);
  });

  it("rejects a longer body, declared or not", async () => {
    expect(await readBody(post("abcde"), 4)).toEqual(TOO_LARGE);
    expect(await readBody(post("abcde", { "content-length": "5" }), 4)).toEqual(TOO_LARGE);
    expect(await readBody(post("abc", { "content-length": "5" }), 4)).toEqual(TOO_LARGE);
    expect(await readBody(new Response("abcde"), 4)).toEqual(TOO_LARGE);
  });

  it("reads and discards a body that declares to be a little too long", async () => {
    const message = post(new Uint8Array(65_540), { "content-length": "65540" });
    expect(await readBody(message, 4)).toEqual(TOO_LARGE);
    expect(message.bodyUsed).toBe(true);
  });

  it("reads nothing of a body that declares to be much too long", async () => {
    for (const message of [
      (body: ReadableStream) => post(body, { "content-length": "65541" }),
      (body: ReadableStream) => new Response(body, { headers: { "content-length": "65541" } }),
    ]) {
      const { body, taken } = stream(64);
      const before = taken();
      expect(await readBody(message(body), 4)).toEqual(TOO_LARGE);
      expect(taken() - before).toBeLessThan(2);
    }
  });

  it("reads no more of an undeclared body than its limit and a chunk", async () => {
    for (const message of [(body: ReadableStream) => post(body), (body: ReadableStream) => new Response(body)]) {
      const { body, taken } = stream(64);
      expect(await readBody(message(body), 4)).toEqual(TOO_LARGE);
      expect(taken()).toBeLessThan(4);
    }
  });

  it("reports a sender that hangs up", async () => {
    const broken = (): ReadableStream =>
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(3)),
        pull: (controller) => controller.error(new Error("Network connection lost.")),
      });
    const incomplete = { ok: false, error: { code: "body_incomplete" } };
    expect(await readBody(post(broken()), 4)).toEqual(incomplete);
    expect(await readBody(post(broken(), { "content-length": "4" }), 4)).toEqual(incomplete);
    expect(await readBody(new Response(broken()), 4)).toEqual(incomplete);
  });
});
