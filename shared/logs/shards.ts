// SPDX-License-Identifier: Apache-2.0
// All logs of a deployment: the first two, and one for each row of the setting SHARDS. Opens, freezes and chooses logs
// by configuration. Does not know what a log holds.

import { encodeUtf8 } from "../bytes/utf8.ts";
import { type PublicUrl, parsePublicUrl } from "../http/public-url.ts";
import { isList, isObject } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { err, ok, type Result } from "../result.ts";
import type { Settings } from "../settings/settings.ts";
import { type UnixMs, unixMs } from "../time.ts";
import { type LogConfig, logsOf, openLog } from "./config.ts";
import { isLogKind, LOG_KIND_NAMES, type LogKind } from "./kinds.ts";

/** Every read of the trust root asks all logs. */
export const MAX_LOGS = 16;

/** A name is part of R2 keys and file names, so it has no separator, no dot and no upper case. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const SHARD_MEMBERS = ["name", "kind", "url", "frozen", "from"];
const FIRST_MEMBERS = ["name", "frozen"];

/**
 * Parses SHARDS. Returns all logs, oldest first: those behind the public URL, then one per row. Fails with one line per
 * problem, which completes "SHARDS …" and names the member.
 */
export function parseShards(text: string, publicUrl: PublicUrl): Result<readonly LogConfig[], readonly string[]> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok) return err([json.error.code === "json_duplicate_member" ? "has a member twice" : "is not JSON"]);
  if (!isList(json.value)) return err(["must be a list of logs"]);
  const reader = new ShardsReader(publicUrl);
  for (const [i, row] of json.value.entries()) reader.read(`[${i}]`, row);
  const { logs, problems } = reader;
  if (logs.length > MAX_LOGS) problems.push(`results in ${logs.length} logs; at most ${MAX_LOGS} are allowed`);
  return problems.length === 0 ? ok(logs) : err(problems);
}

type Row = Readonly<Record<string, unknown>>;

class ShardsReader {
  logs: LogConfig[];
  readonly problems: string[] = [];
  readonly #publicUrl: PublicUrl;
  readonly #seen = new Set<string>();

  constructor(publicUrl: PublicUrl) {
    this.#publicUrl = publicUrl;
    this.logs = Object.values(logsOf(publicUrl));
  }

  read(place: string, row: unknown): void {
    if (!isObject(row)) return this.#report(place, "must be an object");
    const { name } = row;
    if (typeof name !== "string" || !NAME.test(name)) {
      return this.#report(
        `${place}.name`,
        "must be 1 to 32 characters of a-z, 0-9 and -, and must not begin or end with -",
      );
    }
    if (this.#seen.has(name)) return this.#report(`${place}.name`, `is ${name}, the name of another row`);
    this.#seen.add(name);
    const first = this.logs.find((log) => log.name === name);
    if (first === undefined) this.#readShard(place, name, row);
    else this.#readFirst(place, first, row);
  }

  #report(place: string, reason: string): void {
    this.problems.push(`${place} ${reason}`);
  }

  #checkMembers(place: string, row: Row, known: readonly string[], advice: string): void {
    for (const member of Object.keys(row)) {
      if (!known.includes(member)) this.#report(`${place}.${member}`, `is not known here; ${advice}`);
    }
  }

  /** The logs behind the public URL need no row. A row can only freeze them. */
  #readFirst(place: string, log: LogConfig, row: Row): void {
    const advice = `${log.name} is the log behind PUBLIC_URL, which a row can only freeze: {"name":"${log.name}","frozen":true}`;
    this.#checkMembers(place, row, FIRST_MEMBERS, advice);
    if (row["frozen"] !== true) this.#report(`${place}.frozen`, `must be true; ${advice}`);
    this.logs = this.logs.map((other) => (other === log ? { ...log, isFrozen: true } : other));
  }

  #readShard(place: string, name: string, row: Row): void {
    this.#checkMembers(place, row, SHARD_MEMBERS, `known are ${SHARD_MEMBERS.join(", ")}`);
    const { kind, frozen = false } = row;
    if (!isLogKind(kind)) {
      return this.#report(`${place}.kind`, `must be ${LOG_KIND_NAMES.join(" or ")}`);
    }
    if (typeof frozen !== "boolean") this.#report(`${place}.frozen`, "must be true or false");
    const usedFrom = this.#readFrom(place, row["from"]);
    const url = this.#readUrl(place, kind, row["url"]);
    if (url !== null) this.logs.push({ ...openLog({ name, kind, url }), isFrozen: frozen === true, usedFrom });
  }

  #readFrom(place: string, from: unknown): UnixMs | null {
    if (from === undefined) return null;
    const time = typeof from === "string" && TIME.test(from) ? Date.parse(from) : Number.NaN;
    if (!Number.isNaN(time) && time >= 0) return unixMs(time);
    this.#report(`${place}.from`, "must be a time in UTC, such as 2027-01-01T00:00:00Z");
    return null;
  }

  /** Every log of a kind needs its own host name: its origin contains it, and clients distinguish logs by it. */
  #readUrl(place: string, kind: LogKind, text: unknown): PublicUrl | null {
    const member = `${place}.url`;
    const url = typeof text === "string" ? parsePublicUrl(text) : err({ reason: "must be https://HOST" });
    if (!url.ok) {
      this.#report(member, url.error.reason);
      return null;
    }
    const { isLoopback, hostname } = url.value;
    if (isLoopback !== this.#publicUrl.isLoopback) {
      this.#report(member, "and PUBLIC_URL must both be loopback addresses, or neither");
    }
    const twin = this.logs.find((log) => log.kind === kind && new URL(log.baseUrl).hostname === hostname);
    if (twin === undefined) return url.value;
    this.#report(
      member,
      `has the host name of the ${kind} log ${twin.name}; use another host name, not only another port`,
    );
    return null;
  }
}

/**
 * All logs of PUBLIC_URL and SHARDS, oldest first. Call the result only inside the `build` of Settings.finish. The
 * caller reports problems of PUBLIC_URL itself.
 */
export function readLogs(settings: Settings): () => readonly LogConfig[] {
  const publicUrl = parsePublicUrl(settings.read("PUBLIC_URL") ?? "");
  const logs = publicUrl.ok ? parseShards(settings.read("SHARDS") ?? "[]", publicUrl.value) : err([]);
  if (!logs.ok) for (const problem of logs.error) settings.report(`SHARDS ${problem}`);
  return () => {
    if (!logs.ok) throw new TypeError("PUBLIC_URL or SHARDS is wrong");
    return logs.value;
  };
}

/**
 * The logs of a kind that the settings do not freeze, in the order in which to write to them: logs in use, newest
 * first, then logs whose `usedFrom` is in the future, earliest first.
 */
export function listWritableLogs(logs: readonly LogConfig[], kind: LogKind, now: UnixMs): readonly LogConfig[] {
  const open = logs.filter((log) => log.kind === kind && !log.isFrozen);
  const isUsed = ({ usedFrom }: LogConfig): boolean => usedFrom === null || usedFrom <= now;
  const coming = open.filter((log) => !isUsed(log)).toSorted((a, b) => (a.usedFrom ?? 0) - (b.usedFrom ?? 0));
  return [...open.filter(isUsed).toReversed(), ...coming];
}
