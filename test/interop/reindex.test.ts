// SPDX-License-Identifier: Apache-2.0
// Loses the search index and rebuilds it, row for row, while signing goes on: in the database of a running stack, after
// its file was deleted, and through the real wrangler.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wranglerDatabase } from "../../cli/reindex/databases.ts";
import { reindex } from "../../cli/reindex/reindex.ts";
import { ROOT } from "../../cli/root.ts";
import { httpSource } from "../../cli/served-log/log-source.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { logsOf } from "../../shared/logs/config.ts";
import { KEY_KINDS, signingKey } from "../support/authority/signing-keys.ts";
import { addEntry, bareVerifier, makeHashedRequest, requestOwnCertificate } from "../support/logs/entries.ts";
import { dumpIndex, EMPTY_INDEX, type IndexDump } from "../support/logs/index-dump.ts";
import { attestationRequest, clientKey, postEntry, sha256Hex } from "../support/logs/log-client.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { valueOf } from "../support/value-of.ts";

/** Certificates, each with an entry: more than a bundle in both logs. */
const KEYLESS = 270;
const AT_ONCE = 30;
const D1 = "storage/d1/miniflare-D1DatabaseObject";

const state = mkdtempSync(join(tmpdir(), "sigedge-reindex-"));
let stack: TestStack;
let made = 0;

beforeAll(async () => {
  stack = await startStack({ state, vars: { ACCEPT: "open" } });
  for (let at = 0; at < KEYLESS; at += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => signSomething(0)));
  }
  for (let i = 1; i < 12; i++) await signSomething(i);
  for (const kind of KEY_KINDS) await addEntry(stack, makeHashedRequest(signingKey(kind), Buffer.from(`by ${kind}`)));
});
afterAll(async () => {
  await stack.stop();
  rmSync(state, { recursive: true, force: true });
});

const attester = clientKey();

/** Adds a keyless signature, sometimes an attestation with subjects, or a signature by a bare key. */
async function signSomething(kind: number): Promise<void> {
  const number = made++;
  const key = signingKey("ecdsa-p256");
  if (kind % 3 === 1) {
    const subjects = [sha256Hex(`subject ${number}`), sha256Hex("a common subject")];
    await postEntry(stack.url, attestationRequest(attester, subjects));
    return;
  }
  if (kind % 3 === 2) {
    await addEntry(stack, makeHashedRequest(key, Buffer.from(`by a key ${number}`)));
    return;
  }
  const certificate = await requestOwnCertificate(stack, `Person-${number % 7}@example.com`, key);
  const rawBytes = Buffer.from(certificate).toString("base64");
  const verifier = { x509Certificate: { rawBytes }, keyDetails: bareVerifier(key).keyDetails };
  await addEntry(stack, makeHashedRequest(key, Buffer.from(`keyless ${number}`), verifier));
}

/** Opens the stack's database while the stack runs. */
function withDatabase<T>(use: (database: DatabaseSync) => T, folder = join(state, D1)): T {
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? "";
  const database = new DatabaseSync(join(folder, file), { timeout: 15_000 });
  try {
    return use(database);
  } finally {
    database.close();
  }
}

type Row = Readonly<Record<string, unknown>>;
const dump = (): IndexDump => withDatabase(dumpIndex);

/** The rows of entries below `sizes`. */
function upTo({ postings, entries }: IndexDump, sizes: ReadonlyMap<string, number>): object {
  const isOld = ({ log, idx }: Row): boolean => Number(idx) < (sizes.get(String(log)) ?? 0);
  return { postings: postings.filter(isOld), entries: entries.filter(isOld) };
}

async function treeSizes(): Promise<ReadonlyMap<string, number>> {
  const sizeAt = async (path: string): Promise<number> =>
    Number((await (await fetch(`${stack.url}${path}`)).text()).split("\n")[1]);
  return new Map([
    ["signature", await sizeAt("/checkpoint")],
    ["certificate", await sizeAt("/ct/checkpoint")],
  ]);
}

const watermarks = ({ watermarks: rows }: IndexDump): ReadonlyMap<string, number> =>
  new Map(rows.map(({ log, size }) => [String(log), Number(size)]));

/** Waits until the index is complete: it is written after the answers, and a checkpoint may be a second old. */
async function waitForIndex(): Promise<IndexDump> {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  for (let attempt = 0; attempt < 300; attempt++) {
    const sizes = await treeSizes();
    const now = dump();
    if ([...sizes].every(([log, size]) => watermarks(now).get(log) === size)) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the index never became complete: ${JSON.stringify(dump().watermarks)}`);
}

async function sigedgeReindex(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args: ["reindex", ...args] }).ended;
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

/** How far a search of the signature log is complete. */
async function completeThrough(): Promise<number> {
  const response = await fetch(`${stack.url}/api/search?email=person-1@example.com&log=signature`);
  return (await response.json<{ readonly completeThrough: number }>()).completeThrough;
}

describe("the index of a running stack, lost under load", () => {
  test("is rebuilt row for row while signing goes on, and grows again", async () => {
    const before = await waitForIndex();
    const sizes = watermarks(before);
    expect(sizes.get("signature")).toBeGreaterThan(256);
    expect(sizes.get("certificate")).toBeGreaterThan(256);

    let isSigning = true;
    const load = Promise.all(
      Array.from({ length: 4 }, async (_, client) => {
        for (let i = 0; isSigning; i++) await signSomething(client + i);
      }),
    );
    const empty = (): void => withDatabase((database) => database.exec(`BEGIN IMMEDIATE; ${EMPTY_INDEX}; COMMIT`));
    empty();
    // The log notices with its next batch, and feeds the index again from R2, without a command.
    await expect
      .poll(completeThrough, { timeout: 60_000, interval: 200 })
      .toBeGreaterThan(sizes.get("signature") ?? Number.POSITIVE_INFINITY);
    empty();
    await sigedgeReindex("--state", state);
    isSigning = false;
    await load;

    const rebuilt = await waitForIndex();
    expect(upTo(rebuilt, sizes)).toEqual(upTo(before, sizes));
    expect(watermarks(rebuilt).get("signature")).toBeGreaterThan(sizes.get("signature") ?? 0);
    // Rebuild everything from the tiles once more, including the rows that the log fed in the meantime.
    expect(await sigedgeReindex("--state", state, "--fresh")).toMatch(/signature log .*\n.*certificate log /);
    expect(dump()).toEqual(rebuilt);
    expect(await sigedgeReindex("--state", state)).toContain("0 new");
  });
});

describe("an index whose file was deleted", () => {
  test("is incomplete after a start, says so, and is rebuilt row for row", async () => {
    const before = await waitForIndex();
    await stack.stop();
    rmSync(join(state, D1), { recursive: true });
    stack = await startStack({ state, port: stack.port, vars: { ACCEPT: "open" } });
    expect(await completeThrough()).toBeLessThan(watermarks(before).get("signature") ?? 0);
    await signSomething(0);
    await sigedgeReindex("--state", state);
    const sizes = watermarks(before);
    expect(upTo(await waitForIndex(), sizes)).toEqual(upTo(before, sizes));
  });
});

describe("reindex through the real wrangler, on a local database", () => {
  test("produces the rows that the stack itself produces", { timeout: 150_000 }, async () => {
    const { postings, entries, watermarks: marks } = await waitForIndex();
    const folder = mkdtempSync(join(tmpdir(), "sigedge-wrangler-"));
    const where = ["--local", "--persist-to", folder];
    execFileSync(join(ROOT, "node_modules/.bin/wrangler"), ["d1", "migrations", "apply", "INDEX", "--env=", ...where], {
      cwd: ROOT,
      stdio: "ignore",
      env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false" },
    });
    const { signature: config } = logsOf(valueOf(parsePublicUrl(stack.url)));
    const isOfLog = ({ log }: Row): boolean => log === "signature";
    const done = await reindex({
      log: { config, tiles: httpSource(config.baseUrl), service: httpSource(stack.url) },
      database: wranglerDatabase({ database: "INDEX", config: null, where }),
      creation: String(Reflect.get(marks.find(isOfLog) ?? {}, "creation")),
      isFresh: false,
      onProgress: () => undefined,
      settled: () => Promise.resolve(),
    });
    expect(withDatabase(dumpIndex, join(folder, "v3", "d1", "miniflare-D1DatabaseObject"))).toMatchObject({
      postings: postings.filter(isOfLog),
      entries: entries.filter(isOfLog),
      watermarks: marks.filter(isOfLog),
    });
    expect(done).toMatchObject({ ok: true, value: { from: 0, to: entries.filter(isOfLog).length } });
    rmSync(folder, { recursive: true, force: true });
  });
});
