// SPDX-License-Identifier: Apache-2.0
// The logs that a witness knows: the `log` lines of a policy.
// Spec: https://c2sp.org/tlog-policy#log-lines, https://c2sp.org/signed-note#verifier-keys

import { checkpointVerifier } from "../ct/tree-head.ts";
import { err, ok, type Result } from "../result.ts";
import { NOTE_COSIGNATURE } from "../tlog/note.ts";
import type { NoteVerifier } from "../tlog/verify-note.ts";
import { parseVkey } from "../tlog/vkey.ts";

/** Origin → keys of the log. */
export type WitnessedLogs = ReadonlyMap<string, readonly NoteVerifier[]>;

export interface WitnessedLogsError {
  readonly code: "witnessed_logs_invalid";
  /** 1-based; 0 if there is no log line. */
  readonly line: number;
  readonly reason: string;
}

const MAX_LOGS = 1000;

/**
 * Parses lines `log <vkey> [url]`. The name of the vkey is the log's origin; a log may have several keys, of types 01,
 * 02 and 05. Ignores the URL, empty lines and lines that begin with #. Fails with witnessed_logs_invalid.
 */
export function parseWitnessedLogs(text: string): Result<WitnessedLogs, WitnessedLogsError> {
  const logs = new Map<string, readonly NoteVerifier[]>();
  for (const [i, line] of text.split("\n").entries()) {
    const fail = (reason: string): Result<never, WitnessedLogsError> =>
      err({ code: "witnessed_logs_invalid", line: i + 1, reason });
    const [keyword = "", vkeyText = "", ...rest] = line.trim().split(/[ \t]+/);
    if (keyword === "" || keyword.startsWith("#")) continue;
    if (keyword !== "log" || vkeyText === "" || rest.length > 1) return fail("a line must be `log <vkey> [url]`");
    const verifier = logVerifier(vkeyText);
    if (verifier === null) return fail("its vkey must be that of a log's key (type 01, 02 or 05)");
    const { name } = verifier.vkey;
    logs.set(name, [...(logs.get(name) ?? []), verifier]);
    if (logs.size > MAX_LOGS) return fail(`more than ${MAX_LOGS} logs`);
  }
  return logs.size === 0
    ? err({ code: "witnessed_logs_invalid", line: 0, reason: "at least one log line is required" })
    : ok(logs);
}

function logVerifier(text: string): NoteVerifier | null {
  const vkey = parseVkey(text);
  if (!vkey.ok || vkey.value.type === NOTE_COSIGNATURE) return null;
  const verifier = checkpointVerifier(vkey.value);
  return verifier.ok ? verifier.value : null;
}
