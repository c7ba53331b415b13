// SPDX-License-Identifier: Apache-2.0
// The newest version on the Durable Objects, D1 and R2 that the first version wrote, in workerd.

import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../cli/address.ts";
import { runStack, type Stack } from "../../local/stack.ts";
import { layFirstState, readFirstAnswers, readFirstSettings } from "../support/logs/first-version.ts";
import { artifactRequest, clientKey, parseNote, rootOfEntry } from "../support/logs/log-client.ts";
import type { LogEntryJson } from "../support/logs/log-entry.ts";
import { valueOf } from "../support/value-of.ts";

const key = clientKey();
const before = readFirstAnswers();
const settings = readFirstSettings();
/** The address in its checkpoints; the stack listens on another port. */
const { host } = new URL(settings["PUBLIC_URL"] ?? "");

let state: string;
let port: number;
let stack: Stack;

async function start(): Promise<void> {
  stack = await runStack({ port, state, settings, log: () => undefined });
}
beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), "sigedge-upgrade-"));
  port = valueOf(await findFreePort(0));
  await layFirstState(state);
  await start();
});
afterAll(async () => {
  await stack.stop();
  rmSync(state, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request for the address that the first version had. */
function ask(path: string, body?: string): Promise<Answer> {
  const method = body === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, path, method, headers: { host } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const post = (artifact: string): Promise<Answer> =>
  ask("/api/v2/log/entries", JSON.stringify(artifactRequest(key, artifact)));

describe("a stack of the first version", () => {
  it("is told that it must say whose tokens the CA accepts, and the CA accepts none until then", async () => {
    const whatToWrite = 'ISSUERS is missing: list whose identity tokens the CA accepts, or write \\"public\\"';
    for (const path of ["/healthz", "/api/v2/configuration"]) {
      const { status, text } = await ask(path);
      expect([status, text]).toEqual([503, expect.stringContaining(whatToWrite)]);
    }
  });

  it("still serves its checkpoints", async () => {
    expect((await ask("/checkpoint")).text).toBe(before.checkpoint);
    expect((await ask("/ct/checkpoint")).text).toBe(before.ct);
  });

  it("continues at the next index, and still recognizes duplicates", async () => {
    const size = parseNote(before.checkpoint).treeSize;
    const { status, text } = await post("after the upgrade");
    expect(status).toBe(201);
    const entry = JSON.parse(text) as LogEntryJson;
    expect(Number(entry.logIndex)).toBe(size);
    expect(rootOfEntry(entry)?.toString("base64")).toBe(entry.inclusionProof.rootHash);
    for (let index = 0; index < size; index++) expect((await ask(`/api/entries/${index}`)).status).toBe(200);
    const { text: proof } = await ask(`/api/proof/consistency?from=${size}&to=${size + 1}`);
    const rootHash = parseNote(before.checkpoint).rootHash.toString("base64");
    expect(JSON.parse(proof)).toMatchObject({ from: { treeSize: size, rootHash }, to: { treeSize: size + 1 } });
  });

  it("finds its entries again: the log fills the index, whose tables are new", async () => {
    for (const [query, { hits }] of Object.entries(before.searches)) {
      const find = async (): Promise<unknown> => {
        const { text } = await ask(`/api/search?${query}`);
        return (JSON.parse(text) as { hits: object[] }).hits;
      };
      const expected = hits.map((hit) => expect.objectContaining(hit) as unknown);
      await expect.poll(find, { timeout: 20_000 }).toEqual(expect.arrayContaining(expected));
    }
  });

  it("writes old and new rows to one tile, and to the index", async () => {
    for (let from = 0; from < 256; from += 64) {
      const answers = await Promise.all(Array.from({ length: 64 }, (_, i) => post(`more ${from + i}`)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    }
    await expect.poll(async () => (await ask("/api/meta/0")).status, { timeout: 10_000 }).toBe(200);
    const size = parseNote((await ask("/checkpoint")).text).treeSize;
    const complete = async (): Promise<unknown> => {
      const { text } = await ask("/api/search?email=alice@example.com");
      return (JSON.parse(text) as { completeThroughByLog: { signature: number } }).completeThroughByLog.signature;
    };
    await expect.poll(complete, { timeout: 10_000 }).toBe(size);
  });

  it("opens again with the current tables", async () => {
    const { text: checkpoint } = await ask("/checkpoint");
    await stack.stop();
    await start();
    await sleep(1_100);
    expect((await ask("/checkpoint")).text).toBe(checkpoint);
    expect((await post("once more")).status).toBe(201);
  });
});
