// SPDX-License-Identifier: Apache-2.0
// The search index as reindex writes it: the SQLite file of a local stack, which may be running, or D1 through
// wrangler.

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isObject, type JsonObject, member } from "../../shared/json/member.ts";
import { SELECT_WATERMARKS, type Watermark } from "../../shared/search/watermark.ts";
import { childEnvironment } from "../child-environment.ts";
import { reasonIn } from "../deployment/wrangler-text.ts";
import { IS_INSTALLED, ROOT, workingFolder, wranglerScript } from "../root.ts";

/** The search index, as reindex uses it. */
export interface IndexDatabase {
  /** Entries written in one transaction: the work lost by an interruption. */
  readonly batchEntries: number;
  /** Runs one SELECT. */
  readonly query: (statement: string) => Promise<readonly Record<string, unknown>[]>;
  /** Runs all statements or none. */
  readonly run: (statements: readonly string[]) => Promise<void>;
  readonly close: () => void;
}

/** Its message is a line for the operator. */
export class DatabaseError extends Error {}

/** Reads the watermark of a log, null if there is none. A damaged one counts as 0: reindex repairs it. */
export async function readWatermark(database: IndexDatabase, log: string): Promise<Omit<Watermark, "log"> | null> {
  const rows = await database.query(SELECT_WATERMARKS);
  const row = rows.find((each) => each["log"] === log);
  if (row === undefined) return null;
  const { size, creation } = row;
  return { size: typeof size === "number" ? size : 0, creation: typeof creation === "string" ? creation : null };
}

// ---- a local stack ----

/** A running stack holds the write lock for some milliseconds in each round. */
const BUSY_TIMEOUT_MS = 15_000;
/** The folder of D1 below `<state>/storage`. */
const D1_FOLDER = "d1/miniflare-D1DatabaseObject";

/** Opens the index of a state folder. Throws DatabaseError. */
export function openLocalDatabase(state: string): IndexDatabase {
  const database = openLocal(join(state, "storage", D1_FOLDER));
  return {
    // Short transactions, so that a running stack hardly waits for them.
    batchEntries: 256,
    query: (statement) => Promise.resolve(database.prepare(statement).all()),
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
  const advice = "start the stack once to create the tables (npx sigedge start --state DIR)";
  if (file === undefined) throw new DatabaseError(`there is no search index in ${folder}; ${advice}`);
  if (another !== undefined)
    throw new DatabaseError(`there are several databases in ${folder}; remove those of other stacks`);
  const database = new DatabaseSync(join(folder, file), { timeout: BUSY_TIMEOUT_MS });
  const tables = database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('log', 'block', 'posting', 'signer', 'attribute', 'presence')",
    )
    .all();
  if (tables.length === 6) return database;
  database.close();
  throw new DatabaseError(`the database in ${folder} has no tables; ${advice}`);
}

// ---- D1 through wrangler ----

/** A database that wrangler opens. */
export interface WranglerTarget {
  /** The wrangler to run; by default that of this checkout. */
  readonly command?: readonly [string, ...string[]];
  /** The binding or the name of the database. */
  readonly database: string;
  /** The configuration file of a deployment; null for wrangler.toml. */
  readonly config: string | null;
  /** `--remote`; tests pass `--local` and a folder. */
  readonly where: readonly string[];
}

/** D1 answers no query during an import, so a few large imports are better than many small ones. */
const REMOTE_BATCH_ENTRIES = 4096;

/**
 * Selects the top level of wrangler.toml, whose database the services apart share: an empty --env. Only an installed
 * package names the file; in a clone, `sigedge init` may have redirected wrangler to a deployment's configuration.
 */
const WRANGLER_TOML = IS_INSTALLED ? ["--env=", "--config", join(ROOT, "wrangler.toml")] : ["--env="];

/** Opens the index in D1. Its calls reject with DatabaseError. */
export function wranglerDatabase({ command, database, config, where }: WranglerTarget): IndexDatabase {
  const [program, ...first] = command ?? [process.execPath, wranglerScript()];
  const source = config === null ? WRANGLER_TOML : ["--config", config];
  const execute = (args: readonly string[]): Promise<string> =>
    runWrangler(program, [...first, "d1", "execute", database, ...source, ...where, "--json", "--yes", ...args]);
  return {
    batchEntries: REMOTE_BATCH_ENTRIES,
    query: async (statement) => {
      const [answer] = parseAnswer(await execute(["--command", statement]));
      const rows = answer?.["results"];
      return Array.isArray(rows) ? rows.filter(isObject) : [];
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

function parseAnswer(output: string): readonly JsonObject[] {
  try {
    const answer: unknown = JSON.parse(output);
    if (Array.isArray(answer)) return answer.filter(isObject);
  } catch {
    // Reported below.
  }
  throw new DatabaseError(`the output of wrangler is not JSON: ${firstLine(output)}`);
}

const firstLine = (text: string): string => text.trim().split("\n")[0]?.slice(0, 200) ?? "";

/** Runs wrangler in the checkout; gives its standard output. Rejects with DatabaseError. */
export function runWrangler(program: string, args: readonly string[]): Promise<string> {
  const env = childEnvironment({ WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", NO_COLOR: "1" });
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: workingFolder(), env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new DatabaseError(`wrangler failed: ${firstLine(reasonIn(wranglerProblem(stdout) ?? (stderr || stdout)))}`),
        );
    });
  });
}

/** With --json, wrangler prints errors on standard output: `{"error": {"text": …}}`. */
function wranglerProblem(stdout: string): string | null {
  try {
    const text = member(member(JSON.parse(stdout), "error"), "text");
    return typeof text === "string" ? text : null;
  } catch {
    return null;
  }
}
