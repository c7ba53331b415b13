// SPDX-License-Identifier: Apache-2.0
// The logs of a service, as its /api/logs lists them. The search index uses the same names.

import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { isObject, isTexts } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { type LogConfig, logsOf, openLog } from "../../shared/logs/config.ts";
import { isLogKind } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { httpSource, type LogSource } from "./log-source.ts";
import { LOGS_PATH } from "./paths.ts";

/** Ten times the size of sixteen logs with their keys. */
const MAX_LOGS_BYTES = 128 * 1024;

/** A log as /api/logs lists it. */
export interface ListedLog extends LogConfig {
  /** Tells two logs of one name apart. Null if the service does not say. */
  readonly creation: string | null;
  /** The keys that sign its checkpoints. Null if the service cannot say now. */
  readonly vkeys: readonly string[] | null;
}

/** Reads /api/logs. The error is a line for the operator that starts with the path. */
export async function readServedLogs(service: LogSource): Promise<Result<readonly ListedLog[], string>> {
  const fetched = await service.read(LOGS_PATH, MAX_LOGS_BYTES);
  if (fetched.kind === "missing") return err(`${LOGS_PATH} is missing: the server is not Sigedge, or an older version`);
  if (fetched.kind === "unreadable") return err(`api/logs cannot be read (${fetched.reason})`);
  const json = parseJson(fetched.bytes);
  const rows: unknown = json.ok && isObject(json.value) ? json.value["logs"] : null;
  if (!Array.isArray(rows)) return err("api/logs has a format that this version does not support");
  const logs = rows.map(parseLog).filter((log) => log !== null);
  return logs.length === rows.length && logs.length > 0
    ? ok(logs)
    : err("api/logs has a format that this version does not support");
}

/** Reads the logs of a service: all, or the one of this name. The error is a line for the operator. */
export async function readLogsOf(url: PublicUrl, name: string | null): Promise<Result<readonly ListedLog[], string>> {
  const all = await readServedLogs(httpSource(url.href));
  if (!all.ok) return err(`${url.href}/${all.error}`);
  const logs = all.value.filter((log) => name === null || log.name === name);
  const names = all.value.map((log) => log.name).join(", ");
  return logs.length > 0 ? ok(logs) : err(`there is no log ${name ?? ""}; ${url.href} has ${names}`);
}

/** The logs of a deployment: all that it lists or, if it does not answer so, those that every deployment has. */
export async function listLogs(publicUrl: PublicUrl): Promise<readonly LogConfig[]> {
  const all = await readServedLogs(httpSource(publicUrl.href, []));
  return all.ok ? all.value : Object.values(logsOf(publicUrl));
}

function parseLog(row: unknown): ListedLog | null {
  if (!isObject(row)) return null;
  const { name, kind, url, creation = null, vkeys = null } = row;
  if (typeof name !== "string" || typeof url !== "string" || !URL.canParse(url)) return null;
  if (!isLogKind(kind)) return null;
  const origin = parsePublicUrl(new URL(url).origin);
  const log = origin.ok ? openLog({ name, kind, url: origin.value }) : null;
  if (log?.baseUrl !== url) return null;
  return { ...log, creation: typeof creation === "string" ? creation : null, vkeys: isTexts(vkeys) ? vkeys : null };
}
