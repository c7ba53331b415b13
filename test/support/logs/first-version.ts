// SPDX-License-Identifier: Apache-2.0
// The state that the first version wrote (test/vectors/first-version), as SQL and as a state folder to start a stack
// on.

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openLocalBucket } from "../../../local/local-bucket.ts";

const FOLDER = join(import.meta.dirname, "../../vectors/first-version");

/** The folders of the local runtime's stores in `<state>/storage`. */
const PLACES = {
  sequencer: "do/sigedge-Sequencer",
  anchor: "do/sigedge-Anchor",
  d1: "d1/miniflare-D1DatabaseObject",
} as const;

type Store = keyof typeof PLACES;

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), "utf8"));

/** The settings of the first version's services. */
export const readFirstSettings = (): Readonly<Record<string, string>> =>
  readJson("settings.json") as Record<string, string>;

/** Responses of the first version. */
export interface FirstAnswers {
  readonly checkpoint: string;
  readonly ct: string;
  /** The answers of `/api/search` by query. */
  readonly searches: Readonly<Record<string, { readonly hits: readonly object[] }>>;
}

/** The first version's last answers. */
export const readFirstAnswers = (): FirstAnswers => readJson("answers.json") as FirstAnswers;

/** Tables and rows by file name, without the extension. */
export function readFirstSql(store: Store): ReadonlyMap<string, string> {
  const folder = join(FOLDER, store);
  return new Map(
    readdirSync(folder).map((file) => [file.replace(/\.sql$/, ""), readFileSync(join(folder, file), "utf8")]),
  );
}

/** Writes everything into a new state folder. */
export async function layFirstState(state: string): Promise<void> {
  for (const [store, place] of Object.entries(PLACES)) {
    for (const [name, sql] of readFirstSql(store as Store)) {
      const file = join(state, "storage", place, `${name}.sqlite`);
      mkdirSync(dirname(file), { recursive: true });
      const database = new DatabaseSync(file);
      database.exec(sql);
      database.close();
    }
  }
  const bucket = await openLocalBucket(state);
  for (const sql of readFirstSql("sequencer").values()) {
    const { creation, origin } = identityIn(sql);
    const name = origin.endsWith("/ct") ? "certificate" : "signature";
    const text = `${JSON.stringify({ name, origin, creation })}\n`;
    await bucket.create(`${name}/log.json`, Buffer.from(text));
  }
  await bucket.close();
}

function identityIn(sql: string): { readonly creation: string; readonly origin: string } {
  const database = new DatabaseSync(":memory:");
  database.exec(sql);
  const row = database.prepare("SELECT creation, origin FROM log").get();
  database.close();
  return { creation: String(row?.["creation"]), origin: String(row?.["origin"]) };
}
