// SPDX-License-Identifier: Apache-2.0
// Output for people: lines, with color if the terminal shows it.

import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

/** Styles a text if standard output is a terminal with colors. Honors NO_COLOR and FORCE_COLOR. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

/** The width of a page of text: that of the terminal, but no wider than is easy to read. */
export const pageColumns = (): number => Math.min(100, Math.max(60, process.stdout.columns ?? 100));

/** Prints a line on standard output. */
export const say = (line = ""): void => void process.stdout.write(`${line}\n`);

/** The code of a program that a closed pipe ends (128 + SIGPIPE): never the 0 of one that has said everything. */
const PIPE_CLOSED = 141;

function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(PIPE_CLOSED);
  throw error;
}

/** Ends the process quietly once nobody reads its output any longer, as after `sigedge … | head`. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.off("error", endOnClosedPipe);
    stream.on("error", endOnClosedPipe);
  }
}

/** Ends the process with one line on standard error and exit code 1. */
export function fail(line: string): never {
  process.stderr.write(`sigedge: ${line}\n`);
  process.exit(1);
}

/** Formats a duration: `0.4 s`, `12 ms`. */
export const duration = (milliseconds: number): string =>
  milliseconds < 950 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
