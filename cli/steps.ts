// SPDX-License-Identifier: Apache-2.0
// The steps of a long command, each reported as it ends.

import { styleText } from "node:util";
import { err, ok, type Result } from "../shared/result.ts";
import { duration } from "./terminal.ts";

/** A step of a long command. */
export interface Step {
  readonly title: string;
  /** Gives a short result for the report. The error is a line for the operator. */
  readonly run: () => Promise<Result<string, string>>;
}

const TITLE_COLUMNS = 44;

/** Runs steps in order until one fails; the error starts with its title. @param stream receives the report */
export async function runSteps(steps: readonly Step[], stream: NodeJS.WriteStream): Promise<Result<null, string>> {
  for (const { title, run } of steps) {
    const started = performance.now();
    // A terminal shows the title while the step runs, and overwrites the line afterwards.
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
