// SPDX-License-Identifier: Apache-2.0
// A progress line on standard error for long commands. Prints nothing if standard error is not a terminal.

import { styleText } from "node:util";

/** A progress line. */
export interface ProgressBar {
  /** Redraws the line, at most ten times a second. */
  readonly show: (done: number, total: number) => void;
  /** Erases the line. */
  readonly end: () => void;
}

const REDRAW_MS = 100;
const BAR_CHARS = 24;
/** For a terminal that does not report its width. */
const DEFAULT_COLUMNS = 80;

const SILENT: ProgressBar = { show: () => undefined, end: () => undefined };

/** Makes a progress line. @param what the noun that is counted: `entries` */
export function progressBar(what: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!stream.isTTY) return SILENT;
  const started = performance.now();
  let drawnAt = 0;
  let first: number | null = null;
  return {
    show: (done, total) => {
      first ??= done;
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      const perSecond = ((done - first) * 1000) / Math.max(1, now - started);
      const line = progressLine(what, { done, total, perSecond }, stream.columns || DEFAULT_COLUMNS);
      stream.write(`\r${line}\x1b[K`);
    },
    end: () => void stream.write("\r\x1b[K"),
  };
}

interface ProgressFigures {
  readonly done: number;
  readonly total: number;
  readonly perSecond: number;
}

/** `████░░░░  33%  12,345 of 37,000 entries, 4,321/s, 6 s left`, cut to the width of the terminal. */
function progressLine(what: string, { done, total, perSecond }: ProgressFigures, columns: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * BAR_CHARS);
  const bar = `${styleText("cyan", "█".repeat(filled))}${"░".repeat(BAR_CHARS - filled)}`;
  const percent = String(Math.floor(share * 100)).padStart(3);
  const left = perSecond > 0 ? `, ${timeLeft((total - done) / perSecond)} left` : "";
  const text = ` ${percent}%  ${count(done)} of ${count(total)} ${what}, ${count(perSecond)}/s${left}`;
  // A line that the terminal wraps could not be erased.
  return bar + text.slice(0, Math.max(0, columns - BAR_CHARS - 1));
}

/** Formats a count: `12,345`. */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US");

function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
