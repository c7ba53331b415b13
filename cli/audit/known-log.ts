// SPDX-License-Identifier: Apache-2.0
// Identifies the log of an audit: by the keys that the caller gives, by the keys that an earlier audit pinned or, the
// first time, by the keys that the log's own server publishes. Reads the state of earlier audits of the same log, and
// what the log's service says about it.

import { readFileSync } from "node:fs";
import { member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { httpSource } from "../served-log/log-source.ts";
import { entryUrlPath, TRUSTED_ROOT_PATH } from "../served-log/paths.ts";
import { FIRST_WAITS_MS, KEY_ADVICE, MAX_TRUSTED_ROOT_BYTES, readPublishedRoot } from "../served-log/published-root.ts";
import { readServedLogs } from "../served-log/served-logs.ts";
import { logOfTrustedRoot, logOfVkeys, type TrustedLog } from "../served-log/trust.ts";
import { readTrustedRoot, type TrustedRoot } from "../served-log/trusted-root.ts";
import type { Options } from "./options.ts";
import { type AuditState, readState, type TrustSource } from "./state.ts";

/** A log with its keys, and where they come from. */
export interface KnownLog {
  readonly log: TrustedLog;
  readonly trust: TrustSource;
  /** The caller's trusted root, or the one that the log's server publishes now; null if there is none. */
  readonly root: TrustedRoot | null;
  /** The log as its service lists it; null if the service is not Sigedge. */
  readonly listed: ListedAs | null;
  /** The state of an earlier audit of the same log, null at the first one. */
  readonly earlier: AuditState | null;
}

/** Finds the log's keys and the state of earlier audits. The error is a line for the operator. */
export async function findLog(options: Options): Promise<Result<KnownLog, string>> {
  const { stateFile, url } = options;
  const state = readState(stateFile);
  if (!state.ok) return state;
  const earlier = state.value;
  const named = await nameLog(options, earlier);
  if (!named.ok) return named;
  const { log } = named.value;
  if (earlier === null || isSameLog(earlier, log)) {
    const listed = await readListed(new URL(url).origin, log);
    return ok({ ...named.value, listed, earlier });
  }
  return err(
    `${stateFile} remembers another log (${earlier.vkeys.join(", ")}): ` +
      "give another file with --state, or remove this one if that log no longer exists",
  );
}

/** Logs with a key in common are the same: a log may add keys later. */
const isSameLog = (earlier: AuditState, { kind, origin, vkeys }: TrustedLog): boolean =>
  earlier.kind === kind && earlier.origin === origin && vkeys.some((vkey) => earlier.vkeys.includes(vkey));

type NamedLog = Omit<KnownLog, "earlier" | "listed">;

async function nameLog(options: Options, earlier: AuditState | null): Promise<Result<NamedLog, string>> {
  const { url, vkeys, trustedRoot, kind } = options;
  if (trustedRoot !== null) {
    const json = readFile(trustedRoot);
    const root = json.ok ? readTrustedRoot(json.value) : json;
    return root.ok ? nameTrusted(logOfTrustedRoot(url, root.value, kind), "trusted-root", root.value) : root;
  }
  const log = vkeys.length > 0 ? logOfVkeys(url, vkeys, kind) : ok(earlier);
  if (!log.ok) return log;
  const published = await readPublishedRoot(new URL(url).origin);
  const root = published.ok ? published.value : null;
  if (log.value !== null) return nameTrusted(ok(log.value), vkeys.length > 0 ? "key" : (earlier?.trust ?? "key"), root);
  // First use: as trustworthy as the connection, this once.
  if (root === null) return published.ok ? err(KEY_ADVICE) : published;
  const found = logOfTrustedRoot(url, root, kind);
  return found.ok
    ? nameTrusted(found, "first-use", root)
    : err(`${new URL(url).origin}/${TRUSTED_ROOT_PATH}: ${found.error}; ${KEY_ADVICE}`);
}

const nameTrusted = (
  log: Result<TrustedLog, string>,
  trust: TrustSource,
  root: TrustedRoot | null,
): Result<NamedLog, string> => (log.ok ? ok({ log: log.value, trust, root }) : log);

/** A log as its service describes it. */
interface ListedAs {
  /** The log's name in the service. */
  readonly name: string;
  /** Tells two logs of one name apart; null if the service does not say. */
  readonly creation: string | null;
  /** The keys that sign its checkpoints; empty if the service does not say. */
  readonly vkeys: readonly string[];
}

/** Asks the service of a log about it. Null if it is not Sigedge. */
async function readListed(origin: string, log: TrustedLog): Promise<ListedAs | null> {
  const service = httpSource(origin, FIRST_WAITS_MS);
  const logs = await readServedLogs(service);
  const listed = logs.ok ? logs.value.find((one) => one.kind === log.kind && one.origin === log.origin) : undefined;
  if (listed !== undefined) return { ...listed, vkeys: listed.vkeys ?? [] };
  // Only the service's own host lists its logs. The hosts of others name theirs with each entry.
  const entry = await service.read(entryUrlPath(0, log.kind), MAX_TRUSTED_ROOT_BYTES);
  const json = entry.kind === "found" ? parseJson(entry.bytes) : null;
  const name = json?.ok === true ? member(json.value, "log") : null;
  return typeof name === "string" && LOG_NAME.test(name) ? { name, creation: null, vkeys: [] } : null;
}

const LOG_NAME = /^[a-z0-9-]{1,32}$/;

/** Reads a file. The error is a line for the operator. */
export function readFile(path: string): Result<Uint8Array, string> {
  try {
    return ok(readFileSync(path));
  } catch (error) {
    return err(`${path} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : "?"})`);
  }
}
