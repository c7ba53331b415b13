// SPDX-License-Identifier: Apache-2.0
// Reindexing a served log that can fail into a database in memory: continuation, and the meeting with the log's feed.

import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { logsOf } from "../../shared/logs/config.ts";
import { decodeSigner } from "../../shared/search/signer.ts";
import { termKey } from "../../shared/search/terms.ts";
import { SELECT_WATERMARKS } from "../../shared/search/watermark.ts";
import { unixMs } from "../../shared/time.ts";
import { dumpIndex } from "../../test/support/logs/index-dump.ts";
import { searchRow } from "../../test/support/logs/search-rows.ts";
import { ed25519Signer, entryRecord, makeRekordBody, ServedLog } from "../../test/support/logs/served-log.ts";
import { memoryD1 } from "../../test/support/logs/sqlite-d1.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { httpSource } from "../served-log/log-source.ts";
import { DatabaseError, type IndexDatabase, openLocalDatabase, readWatermark, wranglerDatabase } from "./databases.ts";
import { reindex } from "./reindex.ts";
import { appendEntries, sqlValue } from "./sql.ts";

/** Two full bundles and a tail. */
const SIZE = 530;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });
const FIRST_MS = 1_790_000_000_123;
const hintsOf = (index: number): object | null =>
  index % 5 === 0
    ? { payloadHash: `sha256:${index}`, subjectDigests: [`sha256:${index}a`, `sha256:${index}b`], predicateType: null }
    : null;

const originals = Array.from({ length: SIZE }, (_, i) =>
  entryRecord(makeRekordBody(privateKey, spki, `artifact ${i}`)),
);
const log = new ServedLog("log.example.com", "entries", [ed25519Signer("log.example.com")]);
let url: string;
beforeAll(async () => {
  url = await log.serve();
});
beforeEach(() => {
  log.files.clear();
  log.answers.clear();
  log.rewrite(0, originals);
  for (let bundle = 0; bundle < Math.floor(SIZE / 256); bundle++) {
    const lines = Array.from({ length: 256 }, (_, i) => ({
      timestamp: FIRST_MS + bundle * 256 + i,
      hints: hintsOf(bundle * 256 + i),
    }));
    log.files.set(`api/meta/${bundle}`, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
  }
  for (let index = 0; index < SIZE; index++) {
    const entry = { index, timestampMs: FIRST_MS + index, hints: hintsOf(index), entry: {} };
    log.files.set(`api/entries/${index}?log=signature`, Buffer.from(JSON.stringify(entry)));
  }
  log.asked.length = 0;
});
afterAll(() => log.stop());

function memoryIndex(): IndexDatabase & { readonly database: DatabaseSync } {
  const { database } = memoryD1();
  return {
    database,
    batchEntries: 256,
    query: (statement) => Promise.resolve(database.prepare(statement).all()),
    run: (statements) => {
      database.exec(["BEGIN", ...statements, "COMMIT"].join(";\n"));
      return Promise.resolve();
    },
    close: () => database.close(),
  };
}

const run = (
  database: IndexDatabase,
  isFresh = false,
  settled: () => Promise<void> = () => Promise.resolve(),
): ReturnType<typeof reindex> => {
  const config = { ...logsOf(valueOf(parsePublicUrl("https://log.example.com"))).signature, baseUrl: url };
  const source = httpSource(url, [1]);
  return reindex({
    log: { config, tiles: source, service: source },
    database,
    creation: "this log",
    isFresh,
    onProgress: () => undefined,
    settled,
  });
};
const dump = dumpIndex;
const sizeIn = async (index: IndexDatabase): Promise<number | undefined> =>
  (await readWatermark(index, "signature"))?.size;
const asked = (pattern: RegExp): number => log.asked.filter((path) => pattern.test(path)).length;

describe("reindex", () => {
  test("takes full bundles from their sidecars, and the tail entry by entry", async () => {
    const index = memoryIndex();
    expect(await run(index)).toEqual({ ok: true, value: { from: 0, to: SIZE } });
    expect([asked(/^api\/meta\//), asked(/^api\/entries\//)]).toEqual([2, SIZE - 512]);
    const { entries, postings } = dump(index.database);
    const timeOf = (at: number): number => Number.parseInt(String(entries[at]?.["times"]), 16);
    expect([timeOf(5), timeOf(525)]).toEqual([FIRST_MS + 5, FIRST_MS + 525]);
    expect([entries[5]?.["long_digest"], entries[525]?.["long_digest"]]).toEqual(["sha256:5a", "sha256:525a"]);
    expect([entries[5]?.["kinds"], entries[6]?.["kinds"]]).toEqual(["01", "00"]);
    const terms = postings.filter(({ idx }) => idx === 10).map(({ term }) => String(term).toLowerCase());
    const named = ["sha256:10", "sha256:10a", "sha256:10b"].map((digest) => termKey("digest", digest));
    expect(terms).toEqual(expect.arrayContaining(named));
    expect(terms).toHaveLength(4);
  });

  test("continues after an interruption, with the same result", async () => {
    const whole = memoryIndex();
    await run(whole);
    const index = memoryIndex();
    log.answers.set("tile/entries/001", 503);
    expect(await run(index)).toMatchObject({ ok: false, error: expect.stringContaining("status 503") as string });
    expect(await sizeIn(index)).toBe(256);
    log.answers.clear();
    log.asked.length = 0;
    expect(await run(index)).toEqual({ ok: true, value: { from: 256, to: SIZE } });
    expect(asked(/\/000$|meta\/0$/)).toBe(0);
    expect(dump(index.database)).toEqual(dump(whole.database));
    log.asked.length = 0;
    expect(await run(index)).toEqual({ ok: true, value: { from: SIZE, to: SIZE } });
    expect(new Set(log.asked)).toEqual(new Set(["checkpoint"]));
  });

  test("a full bundle whose sidecar is not published yet is read entry by entry", async () => {
    const whole = memoryIndex();
    await run(whole);
    log.damage("api/meta/1");
    const index = memoryIndex();
    await run(index);
    expect(dump(index.database)).toEqual(dump(whole.database));
  });

  /** Appends as the log feeds itself: entries with nothing in them. */
  const feed = (index: ReturnType<typeof memoryIndex>, from: number, to: number, creation = "this log"): void => {
    const entries = Array.from({ length: to - from }, (_, i) => ({
      leafIndex: from + i,
      timestamp: unixMs(FIRST_MS + from + i),
      search: searchRow(),
    }));
    for (const statement of appendEntries({ name: "signature", creation }, entries)) index.database.exec(statement);
  };

  test("goes on where the log has fed itself meanwhile", async () => {
    const index = memoryIndex();
    log.sign({ size: 256 });
    const settled = (): Promise<void> => {
      log.sign();
      feed(index, 256, 520);
      return Promise.resolve();
    };
    expect(await run(index, false, settled)).toEqual({ ok: true, value: { from: 0, to: SIZE } });
    expect(dump(index.database).entries).toHaveLength(SIZE);
  });

  test("writes nothing behind a gap", async () => {
    const index = memoryIndex();
    feed(index, SIZE, SIZE + 2);
    expect(dump(index.database).entries).toEqual([]);
    await run(index);
    feed(index, SIZE + 1, SIZE + 2);
    expect(await sizeIn(index)).toBe(SIZE);
    feed(index, SIZE, SIZE + 2);
    expect(await sizeIn(index)).toBe(SIZE + 2);
  });

  test("starts from the beginning with --fresh, and repairs damage below the watermark", async () => {
    const index = memoryIndex();
    await run(index);
    const before = dump(index.database);
    index.database.exec(
      "DELETE FROM posting WHERE idx = 3; UPDATE block SET public_keys = zeroblob(1536) WHERE size = 512",
    );
    index.database.exec("INSERT INTO log VALUES (9, 'certificate', 'c'); INSERT INTO posting VALUES (X'00', 9, 0)");
    expect(await run(index)).toMatchObject({ value: { from: SIZE } });
    expect(dump(index.database)).not.toEqual(before);
    expect(await run(index, true)).toEqual({ ok: true, value: { from: 0, to: SIZE } });
    // Rows of the other log stay.
    expect(index.database.prepare("DELETE FROM posting WHERE log = 9 RETURNING idx").all()).toHaveLength(1);
    index.database.exec("DELETE FROM log WHERE number = 9");
    expect(dump(index.database)).toEqual(before);
  });

  test.each<[string, string, number]>([
    ["all of them", "true", 0],
    ["those of before a deploy", "size = 256", 0],
    ["some in between", "size = 512", 256],
  ])("makes rows of another version of the terms again: %s", async (_, which, from) => {
    const index = memoryIndex();
    await run(index);
    const before = dump(index.database);
    // The terms and the row of an older version.
    index.database.exec(`
      INSERT INTO posting SELECT X'0102', 1, size - 1 FROM block WHERE ${which};
      INSERT INTO presence SELECT X'0102', id FROM block WHERE ${which};
      DELETE FROM posting WHERE idx >= 256 AND ${which === "true"};
      UPDATE block SET terms_version = 1, leaves = zeroblob(length(leaves)) WHERE ${which}`);
    expect(await run(index)).toEqual({ ok: true, value: { from, to: SIZE } });
    expect(index.database.prepare("SELECT count(*) AS n FROM presence").get()).toEqual({ n: 0 });
    expect(dump(index.database)).toEqual(before);
  });

  test("writes nothing if all are of this version", async () => {
    const index = memoryIndex();
    await run(index);
    const written: string[] = [];
    const watched = {
      ...index,
      run: (statements: readonly string[]) => {
        written.push(...statements);
        return index.run(statements);
      },
    };
    expect(await run(watched)).toEqual({ ok: true, value: { from: SIZE, to: SIZE } });
    expect(written).toEqual([]);
  });

  test("removes the rows of another log of the same name", async () => {
    const [index, expected] = [memoryIndex(), memoryIndex()];
    await run(expected);
    feed(index, 0, 600, "another log");
    expect(await run(index)).toEqual({ ok: true, value: { from: 0, to: SIZE } });
    expect(dump(index.database)).toEqual(dump(expected.database));
  });

  test.each(["--fresh", "another log's rows"])("removes nothing that it cannot make again: %s", async (why) => {
    const index = memoryIndex();
    await run(index);
    if (why !== "--fresh") index.database.exec("UPDATE log SET creation = 'another log'");
    const before = dump(index.database);
    log.answers.set("tile/entries/001", 503);
    expect(await run(index, why === "--fresh")).toMatchObject({
      ok: false,
      error: expect.stringContaining("the index is as it was") as string,
    });
    expect(dump(index.database)).toEqual(before);
  });

  test("is another log's while rows are removed: the log does not feed it, and the next run removes the rest", async () => {
    const [index, expected] = [memoryIndex(), memoryIndex()];
    await run(expected);
    await run(index);
    index.database.exec("UPDATE block SET terms_version = 1 WHERE size > 256");
    let statements = 0;
    const cutOff = {
      ...index,
      run: (list: readonly string[]) =>
        ++statements > 2 ? Promise.reject(new DatabaseError("cut off")) : index.run(list),
    };
    await expect(run(cutOff)).rejects.toThrow("cut off");
    feed(index, SIZE, SIZE + 1);
    expect(await readWatermark(index, "signature")).toEqual({ size: SIZE, creation: "being removed" });
    expect(await run(index)).toEqual({ ok: true, value: { from: 0, to: SIZE } });
    expect(dump(index.database)).toEqual(dump(expected.database));
  });

  test.each<[string, () => void, RegExp]>([
    ["no checkpoint", () => log.damage("checkpoint"), /checkpoint is missing/],
    ["a malformed checkpoint", () => log.damage("checkpoint", () => Buffer.from("x")), /not a checkpoint/],
    ["a missing bundle", () => log.damage("tile/entries/000"), /tile\/entries\/000 is missing/],
    ["a malformed bundle", () => log.damage("tile/entries/000", () => Buffer.of(0)), /not a bundle/],
    ["an entry of another kind", () => log.rewrite(7, [entryRecord(Buffer.from("?"))]), /entry 7 has a format/],
    ["a damaged sidecar", () => log.damage("api/meta/1", (bytes) => bytes.subarray(9)), /api\/meta\/1 has a format/],
    [
      "an entry in another format",
      () => log.damage("api/entries/512?log=signature", () => Buffer.from("{}")),
      /api\/entries\/512\S* has a format/,
    ],
    ["a missing entry", () => log.damage("api/entries/529?log=signature"), /api\/entries\/529\S* is missing/],
  ])("says what is wrong: %s", async (_, damage, reason) => {
    damage();
    expect(await run(memoryIndex())).toMatchObject({ ok: false, error: expect.stringMatching(reason) as string });
  });
});

describe("the statements", () => {
  test("quote any text", () => {
    const { database } = memoryD1();
    const texts = [
      "",
      "plain",
      "it's",
      "'; DROP TABLE entry; --",
      "äöü 漢字",
      "new\nline",
      "nul\0inside",
      'q"uote',
      "\u{1f600}",
    ];
    for (const text of texts) {
      expect(database.prepare(`SELECT ${sqlValue(text)} AS text`).get()).toMatchObject({ text });
    }
    expect(database.prepare(`SELECT ${sqlValue(null)} AS n, ${sqlValue(2 ** 53 - 1)} AS i`).get()).toMatchObject({
      n: null,
    });
  });

  test("stay below the limit of D1, whatever a stranger's certificate holds", () => {
    const control = "\u0001";
    const names = Array.from({ length: 8 }, () => `uri:${control.repeat(512)}`);
    const signer = decodeSigner({ names, issuer: control.repeat(1024), workflow: control.repeat(1024) });
    const terms = Array.from({ length: 512 }, (_, i) => termKey("digest", `sha512:${i}`));
    const digest = `sha512:${"ab".repeat(64)}`;
    const entries = Array.from({ length: 600 }, (_, leafIndex) => ({
      leafIndex,
      timestamp: unixMs(FIRST_MS),
      search: searchRow(leafIndex < 100 ? { terms, digest, signer } : { digest }),
    }));
    const statements = appendEntries({ name: "signature", creation: "c" }, entries);
    expect(Math.max(...statements.map((statement) => statement.length))).toBeLessThan(100_000);
    const { database } = memoryD1();
    for (const statement of statements) database.exec(statement);
    expect(dumpIndex(database).postings).toHaveLength(100 * 512);
    expect(dumpIndex(database).entries.map(({ long_digest }) => long_digest)).toEqual(entries.map(() => digest));
  });
});

describe("an unusable database", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sigedge-reindex-test-"));
  });
  const tool = (script: string): [string] => {
    const file = join(folder, "wrangler");
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return [file];
  };

  test("a state folder without a database: says what to do", () => {
    expect(() => openLocalDatabase(folder)).toThrow(DatabaseError);
    expect(() => openLocalDatabase(folder)).toThrow(/start the stack once/);
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['echo "{\\"error\\":{\\"text\\":\\"no such database\\"}}"; exit 1', /wrangler failed: no such database/],
    ["echo 'You are not logged in' >&2; exit 1", /wrangler failed: wrangler is not logged in; run: npx wrangler login/],
    ["echo 'hello'", /not JSON: hello/],
  ])("wrangler: %s", async (script, reason) => {
    const database = wranglerDatabase({ command: tool(script), database: "INDEX", config: null, where: ["--remote"] });
    await expect(readWatermark(database, "signature")).rejects.toThrow(reason);
    rmSync(folder, { recursive: true });
  });

  test("calls wrangler with the right arguments", async () => {
    const script = `echo "$@" >> ${folder}/calls; for last; do :; done; case "$*" in *--file*) cp "$last" ${folder}/rows.sql;; esac; echo '[{"success":true,"results":[{"log":"signature","size":4}]}]'`;
    const database = wranglerDatabase({ command: tool(script), database: "INDEX", config: null, where: ["--remote"] });
    expect(await readWatermark(database, "signature")).toEqual({ size: 4, creation: null });
    await database.run(["SELECT 1", "SELECT 2"]);
    const calls = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
    expect(calls[0]).toBe(`d1 execute INDEX --env= --remote --json --yes --command ${SELECT_WATERMARKS}`);
    expect(calls[1]).toMatch(/^d1 execute INDEX --env= --remote --json --yes --file .*rows\.sql$/);
    expect(readFileSync(join(folder, "rows.sql"), "utf8")).toBe("SELECT 1;\nSELECT 2;\n");
    const deployed = { command: tool(script), database: "INDEX", config: "/d/wrangler.json", where: ["--remote"] };
    await readWatermark(wranglerDatabase(deployed), "signature");
    expect(readFileSync(join(folder, "calls"), "utf8")).toContain(
      "d1 execute INDEX --config /d/wrangler.json --remote",
    );
    rmSync(folder, { recursive: true });
  });
});
