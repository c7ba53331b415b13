// SPDX-License-Identifier: Apache-2.0
// What the commands say: lines for a person, in colour only where a terminal shows them.

import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

/** Styled if standard output is a terminal that shows colours; NO_COLOR and FORCE_COLOR count. */
export const styled = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

/** A line on standard output. */
export const say = (line = ""): void => void process.stdout.write(`${line}\n`);

/** Ends the command with one line on standard error and exit code 1. */
export function fail(line: string): never {
  process.stderr.write(`sigedge: ${line}\n`);
  process.exit(1);
}

/** `0.4 s`, `12 ms`. */
export const duration = (milliseconds: number): string =>
  milliseconds < 950 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
