// SPDX-License-Identifier: Apache-2.0
// `npm run kill -- --rounds 50`: kills workerd under load so many times, and reads both logs wholly after each.

import { parseArgs } from "node:util";
import { progressBar } from "../cli/progress.ts";
import { fail, say } from "../cli/terminal.ts";
import { killRounds } from "../test/support/logs/kill-rounds.ts";
import { startStack } from "../test/support/process/stack.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "50" } } });
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) fail(`--rounds ${values.rounds} is not a whole number above 0`);

const stack = await startStack({ vars: { ACCEPT: "open" } });
const bar = progressBar("kills");
try {
  const report = await killRounds(stack, rounds, (done) => bar.show(done, rounds));
  bar.end();
  say(
    `${report.kills} kills: ${report.entries} entries and ${report.certificates} certificates acknowledged and there, ` +
      `${report.committedUnanswered} committed without an answer and found again, ` +
      `${report.immutables} times a full tile or bundle read again and the same`,
  );
} finally {
  await stack.stop();
}
