// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import type { WitnessAnswer } from "../deps.ts";
import { createWitnessClient } from "./witness-client.ts";

const URL_TEXT = "https://witness.example/add-checkpoint";

/** Returns the client's reading of a witness's response. */
const answerTo = (response: Response, url = URL_TEXT): Promise<WitnessAnswer> =>
  createWitnessClient({ ownHosts: ["sigstore.example.com"], allowsLoopback: false }, async () => response)(url, "head");

describe("the answer of a witness", () => {
  it.each([
    [200, "\u2014 witness.example AAAA\n"],
    [409, "12\n"],
    [404, ""],
  ])("comes with its status: %i", async (status, body) => {
    expect(await answerTo(new Response(body, { status }))).toEqual({ status, body });
  });

  it.each<[string, Response, string]>([
    ["a redirect", new Response(null, { status: 307, headers: { location: "https://evil.example" } }), "status 307"],
    ["too long", new Response(new Uint8Array(64 * 1024 + 1)), "is larger than 65536 bytes"],
    ["not UTF-8", new Response(Uint8Array.of(0xff)), "is not UTF-8"],
  ])("is rejected if it is %s", async (_, response, reason) => {
    await expect(answerTo(response)).rejects.toThrow(reason);
  });

  it.each(["https://sigstore.example.com/witness/add-checkpoint", "http://witness.example/", "https://127.0.0.1/"])(
    "is not asked for at %s",
    async (url) => {
      await expect(answerTo(new Response("never"), url)).rejects.toThrow("was not fetched: its address");
    },
  );
});
