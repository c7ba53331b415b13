// SPDX-License-Identifier: Apache-2.0
// The setting WITNESSED_LOGS.

import { parseWitnessedLogs, type WitnessedLogs } from "../../shared/logs/witnessed-logs.ts";
import { err, type Result } from "../../shared/result.ts";

/** Parses `log <vkey>` lines. The error completes "WITNESSED_LOGS …" and names the line. */
export function parseWitnessedLogsSetting(text: string): Result<WitnessedLogs, string> {
  const logs = parseWitnessedLogs(text);
  return logs.ok ? logs : err(`line ${logs.error.line}: ${logs.error.reason}`);
}
