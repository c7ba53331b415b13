// SPDX-License-Identifier: Apache-2.0
// The watches of people: each of one name, the owner's own, as a certificate has it. Found by the names of an entry.

import { isObject } from "../../../shared/json/member.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { PersonalChannel, PersonalWatchError } from "../../../shared/rpc/monitor.ts";
import { decodeColumn, integer, type Row, text } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { type Term, toTerm } from "../watching/terms.ts";
import type { Watch } from "../watching/watch.ts";
import type { MonitorStorage } from "./storage.ts";

/** Watches of one name: a mailbox and some webhooks. */
const MAX_OF_NAME = 4;
/** Watches of a deployment. */
const MAX_WATCHES = 10_000;
const NAME_TERM = toTerm("name", "");

/** A watch of a person. */
export interface OwnedWatch extends Watch {
  readonly name: string;
  readonly channel: PersonalChannel;
  readonly createdAt: UnixMs;
}

/** The watches of all people. */
export class WatchTable {
  readonly #storage: MonitorStorage;

  constructor(storage: MonitorStorage) {
    this.#storage = storage;
  }

  get isEmpty(): boolean {
    return this.#storage.exec("SELECT 1 FROM watches LIMIT 1").length === 0;
  }

  /** The watches of the names among these terms. One statement, however many names a certificate has. */
  find(terms: ReadonlySet<Term>): readonly OwnedWatch[] {
    const names = [...terms].flatMap((term) => (term.startsWith(NAME_TERM) ? [term.slice(NAME_TERM.length)] : []));
    if (names.length === 0) return [];
    return this.#storage
      .exec("SELECT * FROM watches WHERE name IN (SELECT value FROM json_each(?))", JSON.stringify(names))
      .map(decodeWatch);
  }

  get(id: string): OwnedWatch | null {
    const [row] = this.#storage.exec("SELECT * FROM watches WHERE id = ?", id);
    return row === undefined ? null : decodeWatch(row);
  }

  list(name: string): readonly OwnedWatch[] {
    return this.#storage.exec("SELECT * FROM watches WHERE name = ? ORDER BY created_at, id", name).map(decodeWatch);
  }

  /** Adds a watch. One with the same receiver is the same watch, with the new secret. */
  add(
    { id, name, channel }: Pick<OwnedWatch, "id" | "name" | "channel">,
    now: UnixMs,
  ): Result<null, PersonalWatchError> {
    const same = this.list(name).find((one) => addressOf(one.channel) === addressOf(channel));
    if (same === undefined && this.list(name).length >= MAX_OF_NAME) return err({ code: "watches_exhausted" });
    if (same === undefined && this.#count() >= MAX_WATCHES) return err({ code: "watch_table_full" });
    this.#storage.exec(
      "INSERT OR REPLACE INTO watches (id, name, channel, created_at) VALUES (?, ?, ?, ?)",
      same?.id ?? id,
      name,
      JSON.stringify(channel),
      same?.createdAt ?? now,
    );
    return ok(null);
  }

  /** False if there is none. */
  remove(id: string): boolean {
    return this.#storage.exec("DELETE FROM watches WHERE id = ? RETURNING id", id).length > 0;
  }

  #count(): number {
    const [row = {}] = this.#storage.exec("SELECT COUNT(*) AS count FROM watches");
    return integer(row, "count");
  }
}

/** The address of a receiver. */
export const addressOf = (channel: PersonalChannel): string => (channel.kind === "mail" ? channel.to : channel.url);

function decodeWatch(row: Row): OwnedWatch {
  const name = text(row, "name");
  return {
    id: text(row, "id"),
    name,
    conditions: [[toTerm("name", name)]],
    expected: null,
    channel: decodeColumn(row, "channel", decodeChannel),
    createdAt: unixMs(integer(row, "created_at")),
  };
}

function decodeChannel(json: unknown): PersonalChannel | null {
  if (!isObject(json)) return null;
  const { kind, url, secret, to, isDigest } = json;
  if (kind === "webhook" && typeof url === "string" && typeof secret === "string") return { kind, url, secret };
  return kind === "mail" && typeof to === "string" && typeof isDigest === "boolean" ? { kind, to, isDigest } : null;
}
