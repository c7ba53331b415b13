// SPDX-License-Identifier: Apache-2.0
// The work of an operator on a Rekor v1 log: health, metrics, audit, a lost index, a backup, a
// storage restored to an older state, and freezing. rekor-cli, as released, judges the tree after each.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { interopTool } from "../../tools/interop-tools.ts";
import { dumpIndex, EMPTY_INDEX, type IndexDump } from "../support/logs/index-dump.ts";
import { artifactRequest, clientKey, postEntry, readCheckpoint, tilePath } from "../support/logs/log-client.ts";
import { makeDsseEntry, makeHashedRekord, takeEntry, type V1LogEntry, v1SignerOf } from "../support/logs/rekor-v1.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Damage, flipBit, serveDamaged } from "./damaging-proxy.ts";

/** More than a bundle. */
const ENTRIES = 270;
const AT_ONCE = 30;
const SEQUENCERS = "storage/do/sigedge-Sequencer";

const key = clientKey();
const signer = v1SignerOf(key.privateKey);

let folder: string;
let state: string;
let stack: TestStack;
/** The IDs of the entries. */
const ids: string[] = [];

const post = (path: string, body: object): Promise<Response> =>
  fetch(`${stack.url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function add(number: number): Promise<void> {
  const make = number % 3 === 0 ? makeDsseEntry : makeHashedRekord;
  const response = await post("/log/entries", make(signer, `artifact ${number}`));
  const text = await response.text();
  expect([response.status, text]).toEqual([201, expect.any(String)]);
  ids[number] = takeEntry(JSON.parse(text) as V1LogEntry)[0];
}

const sigedge = async (
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly text: string }> => {
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args, env: { NO_COLOR: "1" } }).ended;
  return { code, text: `${stdout}${stderr}` };
};

/** rekor-cli keeps the last tree that it saw in its home, and demands a proof that the next one extends it. */
async function expectGrown(): Promise<void> {
  const env = { ...process.env, HOME: folder };
  const args = ["--rekor_server", stack.url, "loginfo"];
  const { stdout } = await promisify(execFile)(interopTool("rekor", "rekor-cli"), args, { env });
  expect(stdout).toContain("Verification Successful!");
}

const v1Size = async (): Promise<number> => (await readCheckpoint(`${stack.url}/rekor-v1`)).treeSize;
const read = async (path: string): Promise<string> => await (await fetch(`${stack.url}${path}`)).text();
const find = async (query: object): Promise<unknown> => await (await post("/index/retrieve", query)).json();
const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The rows of the log in the search index. */
function dumpRows(change = ""): Pick<IndexDump, "postings" | "entries"> {
  const d1 = join(stack.state, "storage/d1/miniflare-D1DatabaseObject");
  const file = readdirSync(d1).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? "";
  const database = new DatabaseSync(join(d1, file), { timeout: 15_000 });
  try {
    if (change !== "") database.exec(change);
    const { postings, entries } = dumpIndex(database);
    const isOurs = ({ log }: Readonly<Record<string, unknown>>): boolean => log === "rekor-v1";
    return { postings: postings.filter(isOurs), entries: entries.filter(isOurs) };
  } finally {
    database.close();
  }
}

function flipSignature(checkpoint: Buffer): Buffer {
  const [, head = "", signature = ""] = /^([^]* )(\S+)\n$/.exec(checkpoint.toString()) ?? [];
  return Buffer.from(`${head}${flipBit(Buffer.from(signature, "base64")).toString("base64")}\n`);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-v1-operator-"));
  state = join(folder, "state");
  stack = await startStack({ state, vars: { ACCEPT: "open" } });
  for (let at = 0; at < ENTRIES; at += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => add(at + i)));
  await postEntry(stack.url, artifactRequest(key, "artifact 1"));
  await vi.waitFor(() => expect(dumpRows().entries).toHaveLength(ids.length + 1), { timeout: 60_000, interval: 200 });
}, 240_000);

afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("health, metrics and status show it beside the others", async () => {
  await expectGrown();
  expect(JSON.parse(await read("/healthz"))).toMatchObject({ status: "SERVING", problems: [] });
  const metrics = await read("/metrics");
  for (const [name, value] of [
    ["log_size", ENTRIES + 1],
    ["log_running", 1],
    ["log_frozen", 0],
    ["log_published_entries", 256],
    ["log_search_backlog_entries", 0],
  ] as const)
    expect(metrics).toContain(`sigedge_${name}{log="rekor-v1"} ${value}\n`);
  expect((await sigedge("status", stack.url)).text).toContain("rekor-v1 log");
});

it("one look-up finds an artifact that was signed through both logs, and an entry by its UUID", async () => {
  const logsOf = async (query: string): Promise<unknown> =>
    (JSON.parse(await read(`/api/search?${query}`)) as { hits: { log: string }[] }).hits
      .map(({ log }) => log)
      .toSorted();
  const digest = digestOf("artifact 1");
  await expect.poll(() => logsOf(`digest=sha256:${digest}`), { timeout: 20_000 }).toEqual(["rekor-v1", "signature"]);
  const page = await read(`/search?q=${digest}`);
  for (const log of ["rekor-v1", "signature"]) expect(page).toContain(`/entry/${log}/`);
  const [, id = ""] = ids;
  for (const uuid of [id, id.slice(16)]) {
    expect(await logsOf(`leaf=${uuid}`)).toEqual(["rekor-v1"]);
    for (const path of [`/search?uuid=${uuid}`, `/search?q=${uuid}`])
      expect(await read(path)).toContain("/entry/rekor-v1/");
  }
});

it("reindex makes its rows again as they were, and Rekor's own look-ups find the same", async () => {
  const query = { hash: `sha256:${digestOf("artifact 3")}` };
  const [before, found] = [dumpRows(), await find(query)];
  expect(found).toEqual([ids[3]]);
  dumpRows(`BEGIN IMMEDIATE; ${EMPTY_INDEX}; COMMIT`);
  expect(await find(query)).toEqual([]);
  expect((await sigedge("reindex", "--state", state)).text).toMatch(/rekor-v1 log/);
  expect(dumpRows()).toEqual(before);
  expect(await find(query)).toEqual(found);
});

it("an audit accepts it, and finds a changed entry, a changed tile and a changed signature", async () => {
  const pinned = join(folder, "audit.json");
  expect(await sigedge("audit", `${stack.url}/rekor-v1`, "--state", pinned)).toMatchObject({ code: 0 });
  const damages: readonly Damage[] = [
    { path: `/rekor-v1/${tilePath("entries", 0)}`, change: flipBit },
    { path: `/rekor-v1/${tilePath(0, 0)}`, change: flipBit },
    { path: "/rekor-v1/checkpoint", change: flipSignature },
  ];
  for (const damage of damages) {
    const damaged = await serveDamaged(stack.url, damage);
    // The log that the first audit pinned, at the address of the copy.
    const copy = join(folder, "copied-audit.json");
    writeFileSync(copy, readFileSync(pinned, "utf8").replaceAll(stack.url, damaged.url));
    const { code, text } = await sigedge("audit", `${damaged.url}/rekor-v1`, "--state", copy);
    await damaged.stop();
    expect([damage.path, damaged.served() > 0, code === 0], text).toEqual([damage.path, true, false]);
  }
});

it("a backup brings back a bucket; a storage that is older than its anchor refuses", { timeout: 180_000 }, async () => {
  const older = join(folder, "older");
  await stack.stop();
  cpSync(join(state, SEQUENCERS), older, { recursive: true });
  stack = await startStack({ state, port: stack.port, vars: { ACCEPT: "open" } });
  await add(ENTRIES);
  await expectGrown();
  const copied = await sigedge("backup", join(folder, "copy"), "--state", state, "--log", "rekor-v1", "--json");
  expect(JSON.parse(copied.text)).toMatchObject({ logs: [{ log: "rekor-v1", treeSize: ENTRIES + 2 }] });
  await stack.stop();
  rmSync(join(state, "storage/r2"), { recursive: true });
  const restored = await sigedge("restore", join(folder, "copy"), "--state", state, "--json");
  expect(JSON.parse(restored.text)).toMatchObject({ logs: [{ treeSize: ENTRIES + 2, opens: "own-storage" }] });
  stack = await startStack({ state, port: stack.port, vars: { ACCEPT: "open" } });
  await add(ENTRIES + 1);
  await expectGrown();
  await stack.stop();
  cpSync(join(state, SEQUENCERS), join(folder, "newest"), { recursive: true });
  rmSync(join(state, SEQUENCERS), { recursive: true });
  cpSync(older, join(state, SEQUENCERS), { recursive: true });
  stack = await startStack({ state, port: stack.port, vars: { ACCEPT: "open" } });
  const refused = await post("/log/entries", makeHashedRekord(signer, "refused"));
  expect([refused.status, await refused.text()]).toEqual([
    503,
    expect.stringContaining("until its operator intervenes"),
  ]);
  expect(await read("/metrics")).toContain('sigedge_log_running{log="rekor-v1"} 0\n');
  await stack.stop();
  rmSync(join(state, SEQUENCERS), { recursive: true });
  cpSync(join(folder, "newest"), join(state, SEQUENCERS), { recursive: true });
  stack = await startStack({ state, port: stack.port, vars: { ACCEPT: "open" } });
  await add(ENTRIES + 2);
  await expectGrown();
});

it("is frozen by its row, and goes on to promise and to prove what it has", { timeout: 120_000 }, async () => {
  const [row] = JSON.parse(stack.vars["SHARDS"] ?? "") as readonly object[];
  await stack.restart({ SHARDS: JSON.stringify([{ ...row, frozen: true }]) });
  const refused = await post("/log/entries", makeHashedRekord(signer, "too late"));
  expect([refused.status, await refused.text()]).toEqual([expect.any(Number), expect.stringContaining("frozen")]);
  expect(refused.ok).toBe(false);
  await expect.poll(() => read("/metrics"), { timeout: 20_000 }).toContain('sigedge_log_frozen{log="rekor-v1"} 1\n');
  const [first = ""] = ids;
  expect((await fetch(`${stack.url}/api/v1/log/entries/${first}`)).status).toBe(200);
  await expectGrown();
  expect(await v1Size()).toBe(ENTRIES + 4);
});
