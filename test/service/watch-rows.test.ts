// SPDX-License-Identifier: Apache-2.0
// The cost of an entry for the watches that it does not concern: the same, whether there is one or as many as a
// deployment keeps. Rows are counted by the platform's own SQLite.

import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MONITOR_SCHEMA, type MonitorStorage } from "../../workers/monitor/object/storage.ts";
import { WatchTable } from "../../workers/monitor/object/watch-table.ts";
import { type Term, toTerm } from "../../workers/monitor/watching/terms.ts";
import type { Watch } from "../../workers/monitor/watching/watch.ts";
import { WatchIndex } from "../../workers/monitor/watching/watch-index.ts";

const COUNTS = [1, 100, 10_000] as const;
const MAX_NAMES = 8;
/** The terms of an entry with several names, and of a build. */
const TERMS: ReadonlySet<Term> = new Set([
  ...Array.from({ length: MAX_NAMES }, (_, i) => toTerm("name", `email:signer-${i}@example.com`)),
  toTerm("issuer", "https://token.actions.githubusercontent.com"),
  toTerm("repository", "https://github.com/example-org/widget"),
  toTerm("publicKey", "00".repeat(32)),
]);

describe("people's watches", () => {
  let runtime: Miniflare;
  let database: D1Database;
  beforeAll(async () => {
    runtime = new Miniflare(
      convertV4MiniflareOptions({
        modules: [{ type: "ESModule", path: "worker.mjs", contents: "export default {};" }],
        d1Databases: { TABLES: "tables" },
        cf: false,
        telemetry: { enabled: false },
      }),
    );
    database = await runtime.getD1Database("TABLES");
    await database.batch(MONITOR_SCHEMA.steps.flat().map((statement) => database.prepare(statement)));
  });
  afterAll(() => runtime.dispose());

  /** Adds watches of other people, up to so many, and one of a signer if there is one. */
  async function fill(count: number, signer: string | null): Promise<void> {
    await database.batch([
      database.prepare("DELETE FROM watches"),
      database
        .prepare(
          `WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?)
          INSERT INTO watches (id, name, channel, created_at)
          SELECT 'own/' || i, 'email:person-' || i || '@example.com', '{}', 0 FROM numbers`,
        )
        .bind(count),
      ...(signer === null ? [] : [database.prepare("UPDATE watches SET name = ? WHERE id = 'own/1'").bind(signer)]),
    ]);
  }

  /** The statements of a look-up, and the rows that they read and found. */
  async function measureFind(): Promise<{
    readonly statements: number;
    readonly read: number;
    readonly found: number;
  }> {
    const asked: { readonly query: string; readonly values: readonly unknown[] }[] = [];
    const recorder: MonitorStorage = {
      exec: (query, ...values) => {
        asked.push({ query, values });
        return [];
      },
      transactionSync: (run) => run(),
    };
    new WatchTable(recorder).find(TERMS);
    const results = await database.batch(asked.map(({ query, values }) => database.prepare(query).bind(...values)));
    return {
      statements: asked.length,
      read: results.reduce((sum, { meta }) => sum + meta.rows_read, 0),
      found: results.reduce((sum, { results: rows }) => sum + rows.length, 0),
    };
  }

  it("cost one statement and no row of those that do not match, however many there are", async () => {
    const costs: Awaited<ReturnType<typeof measureFind>>[] = [];
    for (const count of COUNTS) {
      await fill(count, null);
      costs.push(await measureFind());
    }
    expect(costs[0]).toMatchObject({ statements: 1, found: 0 });
    // The list of the names, and one place in the index for each.
    expect(costs[0]?.read).toBeLessThanOrEqual(2 * MAX_NAMES);
    expect(costs).toEqual(COUNTS.map(() => costs[0]));
  });

  it("are found among ten thousand others", async () => {
    await fill(10_000, "email:signer-3@example.com");
    expect(await measureFind()).toMatchObject({ statements: 1, found: 1 });
  });
});

describe("configured watches", () => {
  it.each(COUNTS)("are not compared with an entry whose terms they do not have: %s", (count) => {
    let compared = 0;
    const makeWatch = (i: number): Watch => {
      const conditions = [
        [toTerm("repository", `https://github.com/example-org/other-${i}`)],
        [toTerm("issuer", "https://token.actions.githubusercontent.com")],
      ];
      return {
        id: `team/${i}`,
        get conditions() {
          compared++;
          return conditions;
        },
        expected: null,
        channel: { kind: "slack", url: "https://hooks.example.com/" },
      };
    };
    const index = new WatchIndex(Array.from({ length: count }, (_, i) => makeWatch(i)));
    compared = 0;
    expect(index.find(TERMS)).toEqual([]);
    expect(compared).toBe(0);
  });
});
