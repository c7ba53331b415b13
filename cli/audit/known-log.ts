// SPDX-License-Identifier: Apache-2.0
// Identifies the log of an audit: by the keys that the caller gives, by the keys that an earlier audit pinned or, the
// first time, by the keys that the log's own server publishes. Reads the state of earlier audits of the same log.

import { readFileSync } from "node:fs";
import { err, ok, type Result } from "../../shared/result.ts";
import { httpSource } from "../served-log/log-source.ts";
import type { Options } from "./options.ts";
import { type AuditState, readState, type TrustSource } from "./state.ts";
import { logOfTrustedRoot, logOfVkeys, type TrustedLog } from "./trust.ts";

/** A log with its keys, and where they come from. */
export interface KnownLog {
  readonly log: TrustedLog;
  readonly trust: TrustSource;
  /** The state of an earlier audit of the same log, null at the first one. */
  readonly earlier: AuditState | null;
}

/** A hundred times the trusted root of the public instance. */
const MAX_TRUSTED_ROOT_BYTES = 1024 * 1024;
/** Short waits: a mistyped URL should fail fast, and no work is lost yet. */
const FIRST_WAITS_MS = [200, 800];
const ADVICE = "give the log's key with --key or --trusted-root";

/** Finds the log's keys and the state of earlier audits. The error is a line for the operator. */
export async function findLog(options: Options): Promise<Result<KnownLog, string>> {
  const { stateFile } = options;
  const state = readState(stateFile);
  if (!state.ok) return state;
  const earlier = state.value;
  const named = await nameLog(options, earlier);
  if (!named.ok) return named;
  if (earlier === null || isSameLog(earlier, named.value.log)) return ok({ ...named.value, earlier });
  return err(
    `${stateFile} remembers another log (${earlier.vkeys.join(", ")}): ` +
      "give another file with --state, or remove this one if that log no longer exists",
  );
}

/** Logs with a key in common are the same: a log may add keys later. */
const isSameLog = (earlier: AuditState, { kind, origin, vkeys }: TrustedLog): boolean =>
  earlier.kind === kind && earlier.origin === origin && vkeys.some((vkey) => earlier.vkeys.includes(vkey));

type NamedLog = Omit<KnownLog, "earlier">;

async function nameLog(options: Options, earlier: AuditState | null): Promise<Result<NamedLog, string>> {
  const { url, vkeys, trustedRoot, isCertificateLog } = options;
  if (vkeys.length > 0) return nameTrusted(logOfVkeys(url, vkeys, isCertificateLog), "key");
  if (trustedRoot !== null) {
    const json = readFile(trustedRoot);
    return json.ok ? nameTrusted(logOfTrustedRoot(url, json.value, isCertificateLog), "trusted-root") : json;
  }
  return earlier === null ? await trustOnFirstUse(url, isCertificateLog) : ok({ log: earlier, trust: earlier.trust });
}

const nameTrusted = (log: Result<TrustedLog, string>, trust: TrustSource): Result<NamedLog, string> =>
  log.ok ? ok({ log: log.value, trust }) : log;

/** Trusts the trusted root of the server that serves the log, this once: it is as trustworthy as the connection. */
async function trustOnFirstUse(url: string, isCertificateLog: boolean): Promise<Result<NamedLog, string>> {
  const { origin } = new URL(url);
  const fetched = await httpSource(origin, FIRST_WAITS_MS).read("trusted_root.json", MAX_TRUSTED_ROOT_BYTES);
  if (fetched.kind === "missing") return err(`${origin} has no trusted_root.json: ${ADVICE}`);
  if (fetched.kind === "unreadable") {
    return err(`${origin}/trusted_root.json cannot be read (${fetched.reason}): ${ADVICE}`);
  }
  const log = logOfTrustedRoot(url, fetched.bytes, isCertificateLog);
  return log.ok ? nameTrusted(log, "first-use") : err(`${origin}/trusted_root.json: ${log.error}; ${ADVICE}`);
}

function readFile(path: string): Result<Uint8Array, string> {
  try {
    return ok(readFileSync(path));
  } catch (error) {
    return err(`${path} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : "?"})`);
  }
}
