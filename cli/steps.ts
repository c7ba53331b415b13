// SPDX-License-Identifier: Apache-2.0
// Steps of a long command, each told as it is done: on standard output for a person, on standard error beside JSON.

import { styleText } from "node:util";
import { err, ok, type Result } from "../shared/result.ts";
import { duration } from "./terminal.ts";

export interface Step {
  readonly title: string;
  /** Gives a word on how it went. Fails with what went wrong. */
  readonly run: () => Promise<Result<string, string>>;
}

const TITLE_COLUMNS = 44;

/** Runs them in order; the first that fails ends it, with its title in the error. @param stream where to tell */
export async function runSteps(steps: readonly Step[], stream: NodeJS.WriteStream): Promise<Result<null, string>> {
  for (const { title, run } of steps) {
    const started = performance.now();
    // Seen at once where the line can be written over.
    if (stream.isTTY) stream.write(`… ${title}`);
    const done = await run();
    const mark = done.ok ? styleText("green", "✓", { stream }) : styleText("red", "✗", { stream });
    const word = done.ok ? `${done.value} ${styleText("dim", duration(performance.now() - started), { stream })}` : "";
    stream.write(
      `${stream.isTTY ? "\r\x1b[K" : ""}${mark} ${title.padEnd(TITLE_COLUMNS)} ${word}`.trimEnd().concat("\n"),
    );
    if (!done.ok) return err(`${title}: ${done.error}`);
  }
  return ok(null);
}
