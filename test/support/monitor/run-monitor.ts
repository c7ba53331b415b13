// SPDX-License-Identifier: Apache-2.0
// Runs `sigedge monitor --json` as a real process, and reads its lines.

import { runCommand } from "../process/command.ts";

/** A line: an event, the coverage of a log, or the verdict. */
interface MonitorLine {
  readonly type: string;
  readonly kind?: string;
  readonly key?: string;
  readonly text?: string;
  readonly log?: string;
  readonly from?: number;
  readonly to?: number;
  readonly isWhole?: boolean;
  readonly exitCode?: number;
  readonly details?: { readonly evidence?: string | null };
}

/** How a run ended. */
export interface MonitorRun {
  readonly code: number | null;
  readonly lines: readonly MonitorLine[];
  /** The kinds and the keys of its events. */
  readonly kinds: readonly string[];
  readonly keys: readonly string[];
  readonly stderr: string;
}

/** Runs the monitor once. */
export async function runMonitor(url: string, ...args: readonly string[]): Promise<MonitorRun> {
  const given = ["monitor", url, ...args, "--json"];
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args: given }).ended;
  const texts = stdout.split("\n").filter((line) => line !== "");
  const lines = texts.map((line) => JSON.parse(line) as MonitorLine);
  const events = lines.filter(({ type }) => type === "event");
  const kinds = events.map(({ kind = "" }) => kind);
  return { code, lines, kinds, keys: events.map(({ key = "" }) => key), stderr };
}
