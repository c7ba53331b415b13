// SPDX-License-Identifier: Apache-2.0
// Reads the logs for the pages, behind the contract of shared/rpc/log-reads.ts.

import { member } from "../../../shared/json/member.ts";
import type { LogConfig } from "../../../shared/logs/config.ts";
import { describeLogProblem, searchLagOf } from "../../../shared/logs/problems.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type {
  EntryError,
  LogHead,
  LogReadsRpc,
  LogReport,
  ReadEntry,
  SearchError,
} from "../../../shared/rpc/log-reads.ts";
import type { LogDescription } from "../../../shared/rpc/sequencer.ts";
import type { SearchAnswer } from "../../../shared/search/answer.ts";
import { decodeWatermark, SELECT_WATERMARKS, type Watermark } from "../../../shared/search/watermark.ts";
import type { Row } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import type { ReadingConfig } from "../env.ts";
import { countByMonth } from "../search/history.ts";
import { parseSearchQuery } from "../search/query.ts";
import { findEntries, listIndexedLogs } from "../search/search.ts";
import { type LogSite, siteByName } from "../sites.ts";
import { renderJsonError } from "../status.ts";
import { Growth } from "./growth.ts";
import { verifyHead } from "./head-check.ts";
import { proveEntry } from "./proven-entry.ts";

const admitAll = (): Promise<boolean> => Promise.resolve(true);

/** Reads an entry of the log with this name. Logs what is damaged. */
export async function readLoggedEntry(
  config: ReadingConfig,
  name: string,
  leafIndex: number,
): Promise<Result<ReadEntry, EntryError>> {
  const site = siteByName(config, name);
  if (site === null || !Number.isSafeInteger(leafIndex) || leafIndex < 0) return err({ code: "entry_log_unknown" });
  const reader = { log: site.log, tail: site.tail, objects: config.objects, admit: admitAll };
  const found = await proveEntry(reader, site, leafIndex);
  if (found.ok) {
    const vkeys = await site.vkeys();
    return ok({ ...found.value, vkeys, isHeadSigned: await isHeadSigned(site, found.value.checkpoint, vkeys) });
  }
  if (found.error.code === "beyond_head") return err({ code: "beyond_head" });
  console.error(JSON.stringify({ ...found.error, log: name, leafIndex }));
  return err({ code: "entry_unreadable" });
}

/** The newest head of each log that was verified here, and whether it was good: pages share a head. */
const verified = new WeakMap<LogSite, { readonly checkpoint: string; readonly isSigned: boolean }>();

async function isHeadSigned(site: LogSite, checkpoint: string, vkeys: readonly string[]): Promise<boolean> {
  const known = verified.get(site);
  if (known?.checkpoint === checkpoint) return known.isSigned;
  const isSigned = await verifyHead(checkpoint, vkeys);
  verified.set(site, { checkpoint, isSigned });
  return isSigned;
}

/** A head is shared by the pages of a second. */
const KEEP_MS = 1000;
const heads = new WeakMap<LogSite, { readonly head: SignedTreeHead; readonly until: number }>();

/** The newest heads, at most a second old. */
export const readHeads = ({ sites }: ReadingConfig): Promise<readonly LogHead[]> => Promise.all(sites.map(toHead));

async function toHead(site: LogSite): Promise<LogHead> {
  const { name, kind, origin, baseUrl: url } = site.log;
  return { name, kind, origin, url, head: await readHead(site).catch(() => null) };
}

async function readHead(site: LogSite): Promise<SignedTreeHead> {
  const kept = heads.get(site);
  if (kept !== undefined && Date.now() < kept.until) return kept.head;
  const head = await site.sequencer().head();
  heads.set(site, { head, until: Date.now() + KEEP_MS });
  return head;
}

const growths = new WeakMap<ReadingConfig, Growth>();

/** Reports on every log. */
export async function reportLogs(config: ReadingConfig, times: readonly UnixMs[]): Promise<readonly LogReport[]> {
  const growth = growths.get(config) ?? new Growth();
  growths.set(config, growth);
  const [shown, described] = await Promise.all([
    readHeads(config),
    Promise.all(
      config.sites.map(({ sequencer }) =>
        sequencer()
          .describe()
          .catch(() => null),
      ),
    ),
  ]);
  // The logs first: what they say is in the index by then.
  const watermarks = await readWatermarks(config.index);
  return Promise.all(
    config.sites.map(({ log }, i) => {
      const [head, description = null] = [shown[i], described[i]];
      if (head === undefined) throw new RangeError("a log without a head");
      return reportLog({ config, log, head, description, watermarks, growth, times });
    }),
  );
}

interface Readings {
  readonly config: ReadingConfig;
  readonly log: LogConfig;
  readonly head: LogHead;
  readonly description: LogDescription | null;
  readonly watermarks: ReadonlyMap<string, Watermark> | null;
  readonly growth: Growth;
  readonly times: readonly UnixMs[];
}

async function reportLog(readings: Readings): Promise<LogReport> {
  const { config, log, head, description, watermarks, growth, times } = readings;
  const watermark = watermarks?.get(log.name) ?? null;
  const searchable = watermarks === null ? null : (watermark?.size ?? 0);
  if (description === null) return { ...head, description, searchable, problems: [], sizesAt: null };
  const lag = watermarks === null ? null : searchLagOf(log.name, description, watermark);
  const problems = [describeLogProblem(log, description), lag?.problem ?? null].filter((line) => line !== null);
  const sizesAt =
    searchable === null ? null : await growth.countBefore(config.index, log.name, searchable, times).catch(() => null);
  return { ...head, description, searchable, problems, sizesAt };
}

async function readWatermarks(index: D1Database): Promise<ReadonlyMap<string, Watermark> | null> {
  try {
    const [answer] = await index.batch<Row>([index.prepare(SELECT_WATERMARKS)]);
    return new Map((answer?.results ?? []).map(decodeWatermark).map((row) => [row.log, row]));
  } catch {
    return null;
  }
}

/** Counts the entries of an identity by month. */
export async function countMonths(
  { index, sites }: ReadingConfig,
  identity: string,
  before: UnixMs | null,
): ReturnType<LogReadsRpc["countByMonth"]> {
  const all = sites.map(({ log }) => log.name);
  const query = parseSearchQuery(new URLSearchParams({ identity }), all);
  if (!query.ok) return err({ code: "search_failed", status: 400, message: "give the whole name of an identity" });
  const until = before === null ? null : unixMs(Math.max(0, before - 1));
  try {
    return ok(await countByMonth(index, { ...query.value, until }, await listIndexedLogs(sites), { before }));
  } catch (error) {
    console.error(JSON.stringify({ code: "search_unavailable", reason: String(error) }));
    return err({ code: "search_failed", status: 503, message: "the search index is unavailable" });
  }
}

/** Finds what `GET /api/search?<query>` finds. */
export async function answerSearch(config: ReadingConfig, query: string): Promise<Result<SearchAnswer, SearchError>> {
  const found = await findEntries(config, new URLSearchParams(query));
  if (found.ok) return found;
  const response = renderJsonError(new Request(`${config.publicUrl.href}/api/search?${query}`), found.error);
  const message = member(await response.json(), "message");
  return err({ code: "search_failed", status: response.status, message: typeof message === "string" ? message : "" });
}
