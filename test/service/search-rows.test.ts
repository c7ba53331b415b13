// SPDX-License-Identifier: Apache-2.0
// The cost of the search index in D1 itself, whose rows are billed: rows and bytes of a signature with its certificate,
// and the rows that a query reads at most.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IndexedEntry, makeAppend } from "../../shared/search/index-writes.ts";
import { decodeSigner, type Signer } from "../../shared/search/signer.ts";
import { termKey } from "../../shared/search/terms.ts";
import { unixMs } from "../../shared/time.ts";
import { parseSearchQuery } from "../../workers/log/search/query.ts";
import { searchPage } from "../../workers/log/search/search-index.ts";
import { emailSigner, searchRow } from "../support/logs/search-rows.ts";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");
const ALL = ["signature", "certificate"].map((name) => ({ name, creation: "c" }));

let runtime: Miniflare;
let d1: D1Database;
let rowsRead = 0;
let rowsWritten = 0;
let bytes = 0;

beforeAll(async () => {
  runtime = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "worker.mjs", contents: "export default {};" }],
      d1Databases: { INDEX: "index" },
      cf: false,
      telemetry: { enabled: false },
    }),
  );
  const database = await runtime.getD1Database("INDEX");
  const batch = async (statements: D1PreparedStatement[]): Promise<D1Result[]> => {
    const results = await database.batch(statements);
    for (const { meta } of results) {
      rowsRead += meta.rows_read;
      rowsWritten += meta.rows_written;
      bytes = meta.size_after;
    }
    return results;
  };
  d1 = { prepare: (sql: string) => database.prepare(sql), batch } as unknown as D1Database;
  for (const name of readdirSync(MIGRATIONS).toSorted()) {
    const text = readFileSync(join(MIGRATIONS, name), "utf8").replace(/--.*$/gm, "");
    const statements = text.split(";").filter((statement) => statement.trim() !== "");
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
});
afterAll(() => runtime.dispose());

const ISSUER = "https://accounts.example.com";
const URL = "https://github.com/octo-org/octo-repo";
const workflowSigner = (ref: string): Signer => {
  const workflow = `${URL}/.github/workflows/release.yml@${ref}`;
  const signer = decodeSigner({
    names: [`uri:${workflow}`],
    issuer: "https://token.actions.githubusercontent.com",
    repository: URL,
    repositoryId: "632596897",
    owner: "https://github.com/octo-org",
    ownerId: "131804563",
    workflow,
    ref,
  });
  if (signer === null) throw new TypeError("not a signer");
  return signer;
};

let made = 0;
const next: Record<string, number> = { signature: 0, certificate: 0 };
const key = (kind: "digest" | "commit" | "run" | "publicKey" | "certificate" | "signature" | "leaf"): string =>
  termKey(kind, String(made));

/** A signature's entry and its certificate's; null for a key without one. */
function makeSignature(signer: Signer | null, subjects: number): readonly (readonly [string, IndexedEntry])[] {
  made++;
  const build = signer?.repository === null || signer === null ? {} : { commit: key("commit"), run: key("run") };
  const common = {
    signer,
    publicKey: key("publicKey"),
    ...build,
    certificate: signer === null ? null : key("certificate"),
  };
  const terms = [key("digest")];
  for (let i = 0; i < subjects; i++) terms.push(termKey("digest", `${made} ${i}`));
  // The hash of the payload and the predicate type.
  if (subjects > 0) terms.push(termKey("digest", `payload ${made}`), termKey("predicateType", "p"));
  const digest = `sha256:${made.toString(16).padStart(64, "5")}`;
  const entry = { ...common, digest, terms, signature: key("signature"), leaf: key("leaf") };
  const toEntry = (log: string, fields: object): readonly [string, IndexedEntry] => {
    const leafIndex = next[log] ?? 0;
    next[log] = leafIndex + 1;
    return [log, { leafIndex, timestamp: unixMs(1_790_000_000_000 + made), search: searchRow(fields) }];
  };
  const certificate = signer === null ? [] : [toEntry("certificate", { ...common, kind: "certificate" })];
  return [...certificate, toEntry("signature", { ...entry, kind: subjects > 0 ? "attestation" : "signature" })];
}

async function append(log: string, entries: readonly IndexedEntry[]): Promise<void> {
  const statements = makeAppend({ name: log, creation: "c" }, entries);
  await d1.batch(statements.map(({ sql, values }) => d1.prepare(sql).bind(...values)));
}

describe("a signature and its certificate, of a signer who has signed before, at one entry per round", () => {
  test.each<[string, { readonly signer: Signer | null; readonly subjects: number; readonly maxBytes: number }]>([
    ["by an e-mail address", { signer: emailSigner("alice@example.com", ISSUER), subjects: 0, maxBytes: 160 }],
    ["by a GitHub workflow", { signer: workflowSigner("refs/heads/main"), subjects: 0, maxBytes: 160 }],
    ["by a listed key", { signer: null, subjects: 0, maxBytes: 160 }],
    ["an attestation of 3 subjects", { signer: workflowSigner("refs/heads/main"), subjects: 3, maxBytes: 300 }],
  ])("%s", async (_, { signer, subjects, maxBytes }) => {
    const signAlone = async (): Promise<void> => {
      for (const [log, entry] of makeSignature(signer, subjects)) await append(log, [entry]);
    };
    await signAlone();
    const [rowsBefore, count] = [rowsWritten, 10];
    for (let i = 0; i < count; i++) await signAlone();
    const rows = (rowsWritten - rowsBefore) / count;
    // The pages of D1 have 4 KB: enough signatures that they do not matter.
    const bytesBefore = bytes;
    const signatures = 512;
    for (let i = 0; i < signatures; i += 64) {
      const all = Array.from({ length: 64 }, () => makeSignature(signer, subjects)).flat();
      for (const log of ["signature", "certificate"]) {
        const entries = all.filter(([name]) => name === log).map(([, entry]) => entry);
        if (entries.length > 0) await append(log, entries);
      }
    }
    const each = (bytes - bytesBefore) / signatures;
    expect(rows).toBeLessThanOrEqual(8);
    expect(each).toBeLessThanOrEqual(maxBytes);
  });

  test("the first signature of a signer writes rows of its own, once", async () => {
    const rowsOf = async (signer: Signer): Promise<number> => {
      const before = rowsWritten;
      for (const [log, entry] of makeSignature(signer, 0)) await append(log, [entry]);
      return rowsWritten - before;
    };
    expect(await rowsOf(emailSigner("new@example.com", ISSUER))).toBeLessThanOrEqual(8);
    expect(await rowsOf(workflowSigner("refs/tags/v1"))).toBeLessThanOrEqual(13);
  });
});

describe("a query", () => {
  beforeAll(async () => {
    // 4,000 more rows of 256 entries, and signers beyond counting, all in the index and none of them found.
    const bytesOf = (width: number): string => `zeroblob(${256 * width})`;
    const columns = [bytesOf(1), ...Array.from({ length: 8 }, () => bytesOf(6)), "X''", "'{}'"].join(", ");
    const blocks = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
      INSERT INTO block SELECT (number << 32) + ?1 + i, number, (?1 + i + 1) * 256, 2, 1800000000000 + i, 1800000000000 + i, ${columns} FROM n, log WHERE name = 'signature'`;
    const signers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)
      INSERT INTO attribute SELECT 'issuer', 'https://issuer.example', unhex(printf('%012x', i)) FROM n`;
    const first = Math.ceil((next["signature"] ?? 0) / 256);
    await d1.batch([d1.prepare(blocks).bind(first), d1.prepare(signers)]);
  });

  test.each<[string, number]>([
    [`digest=sha256:${"0".repeat(64)}`, 40],
    ["identity=alice@example.com", 400],
    ["repository=octo-org/octo-repo", 400],
    ["owner=octo-org&ref=main", 400],
    ["predicateType=p", 400],
    ["predicateType=p&repository=octo-org/octo-repo", 9000],
    [`commit=${"1".repeat(40)}`, 2200],
    [`signature=sha256:${"2".repeat(64)}&identity=alice@example.com`, 2200],
    ["issuer=https://issuer.example", 6000],
    ["since=2026-09-01&until=2026-09-30", 400],
    ["kind=certificate", 400],
  ])("reads a bounded number of rows: %s", async (text, maxRows) => {
    const query = parseSearchQuery(new URLSearchParams(text), ["signature", "certificate"]);
    if (!query.ok) throw new Error(query.error.parameter);
    const before = rowsRead;
    const page = await searchPage(d1, query.value, ALL);
    expect(page.ok).toBe(true);
    expect(rowsRead - before).toBeLessThanOrEqual(maxRows);
  });
});
