// SPDX-License-Identifier: Apache-2.0
// The search index as reindex writes it: D1's SQLite file of a stack on this machine, also while the stack runs, or D1 itself
// through wrangler.

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { IS_INSTALLED, ROOT, workingFolder, wranglerScript } from "../root.ts";

export interface IndexDatabase {
  /** Entries that are written at a time: what is lost when it is interrupted. */
  readonly batchEntries: number;
  /** Log → the size through which its index is complete. */
  readonly watermarks: () => Promise<ReadonlyMap<string, number>>;
  /** Runs statements, all or none. */
  readonly run: (statements: readonly string[]) => Promise<void>;
  readonly close: () => void;
}

/** What the operator is told, in one line. */
export class DatabaseError extends Error {}

interface WatermarkRow {
  readonly log: string;
  readonly size: number;
}

const WATERMARKS = "SELECT log, size FROM watermark";
const toMap = (rows: readonly WatermarkRow[]): ReadonlyMap<string, number> =>
  new Map(rows.map(({ log, size }) => [log, size]));

// ---- a stack on this machine ----

/** A running stack holds the write lock for some milliseconds a round. */
const BUSY_TIMEOUT_MS = 15_000;
/** Where the local runtime keeps D1, below `<state>/storage`. */
const D1_FOLDER = "d1/miniflare-D1DatabaseObject";

/** Opens the index of a state folder. Throws DatabaseError. */
export function localDatabase(state: string): IndexDatabase {
  const database = openLocal(join(state, "storage", D1_FOLDER));
  return {
    // Short transactions: a stack that runs beside it waits for none of them.
    batchEntries: 256,
    watermarks: () => Promise.resolve(toMap(database.prepare(WATERMARKS).all() as unknown as readonly WatermarkRow[])),
    run: async (statements) => {
      await Promise.resolve();
      database.exec("BEGIN IMMEDIATE");
      try {
        for (const statement of statements) database.exec(statement);
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    close: () => database.close(),
  };
}

function openLocal(folder: string): DatabaseSync {
  const [file, another] = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
    : [];
  const advice = "start the stack on it once (npm start -- --state DIR): that makes its tables";
  if (file === undefined) throw new DatabaseError(`there is no search index in ${folder}: ${advice}`);
  if (another !== undefined) throw new DatabaseError(`there are several databases in ${folder}`);
  const database = new DatabaseSync(join(folder, file), { timeout: BUSY_TIMEOUT_MS });
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE name IN ('posting', 'entry', 'watermark')")
    .all();
  if (tables.length === 3) return database;
  database.close();
  throw new DatabaseError(`the database in ${folder} lacks its tables: ${advice}`);
}

// ---- D1 through wrangler ----

export interface WranglerTarget {
  /** The wrangler to run; by default that of this checkout. */
  readonly command?: readonly [string, ...string[]];
  /** Binding or name of the database in the configuration. */
  readonly database: string;
  /** wrangler's configuration of a deployment; null for wrangler.toml. */
  readonly config: string | null;
  /** `--remote`; tests say `--local` and where. */
  readonly where: readonly string[];
}

/** An import keeps D1 from answering while it runs, so that few large ones are better than many small ones. */
const REMOTE_BATCH_ENTRIES = 4096;

/**
 * Selects the top level of wrangler.toml, whose database the services apart share: an empty --env. Only an installed package
 * names the file; in a clone, `sigedge init` may have redirected wrangler to a deployment's configuration.
 */
const WRANGLER_TOML = IS_INSTALLED ? ["--env=", "--config", join(ROOT, "wrangler.toml")] : ["--env="];

/** The index in D1. Its calls reject with DatabaseError. */
export function wranglerDatabase({ command, database, config, where }: WranglerTarget): IndexDatabase {
  const [program, ...first] = command ?? [process.execPath, wranglerScript()];
  const source = config === null ? WRANGLER_TOML : ["--config", config];
  const execute = (args: readonly string[]): Promise<string> =>
    runWrangler(program, [...first, "d1", "execute", database, ...source, ...where, "--json", "--yes", ...args]);
  return {
    batchEntries: REMOTE_BATCH_ENTRIES,
    watermarks: async () => {
      const [answer] = parseAnswer(await execute(["--command", WATERMARKS]));
      return toMap((answer?.results ?? []) as readonly WatermarkRow[]);
    },
    run: async (statements) => {
      const folder = mkdtempSync(join(tmpdir(), "sigedge-reindex-"));
      try {
        const file = join(folder, "rows.sql");
        writeFileSync(file, statements.map((statement) => `${statement};\n`).join(""), { mode: 0o600 });
        const answers = parseAnswer(await execute(["--file", file]));
        if (!answers.every(({ success }) => success === true))
          throw new DatabaseError("wrangler could not write the rows");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    close: () => undefined,
  };
}

interface WranglerAnswer {
  readonly success?: unknown;
  readonly results?: readonly unknown[];
}

function parseAnswer(output: string): readonly WranglerAnswer[] {
  try {
    const answer: unknown = JSON.parse(output);
    if (Array.isArray(answer)) return answer as readonly WranglerAnswer[];
  } catch {
    // Told below.
  }
  throw new DatabaseError(`wrangler answered with something else than JSON: ${firstLine(output)}`);
}

const firstLine = (text: string): string => text.trim().split("\n")[0]?.slice(0, 200) ?? "";

/** Runs wrangler in the checkout; gives its standard output. Rejects with DatabaseError. */
export function runWrangler(program: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", NO_COLOR: "1" };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: workingFolder(), env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new DatabaseError(`wrangler failed: ${wranglerProblem(stdout) ?? firstLine(stderr || stdout)}`));
    });
  });
}

/** With --json wrangler tells what went wrong on standard output: `{"error": {"text": …}}`. */
function wranglerProblem(stdout: string): string | null {
  try {
    const answer = JSON.parse(stdout) as { readonly error?: { readonly text?: unknown } };
    return typeof answer.error?.text === "string" ? answer.error.text : null;
  } catch {
    return null;
  }
}
