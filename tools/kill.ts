// SPDX-License-Identifier: Apache-2.0
// `npm run kill -- --rounds 50`: kills workerd under load 50 times, and reads every log from the first entry on after
// each kill.

import { parseArgs } from "node:util";
import { progressBar } from "../cli/progress.ts";
import { fail, say } from "../cli/terminal.ts";
import { killRounds } from "../test/support/logs/kill-rounds.ts";
import { startStack } from "../test/support/process/stack.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "50" } } });
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) fail(`--rounds must be a whole number above 0, not ${values.rounds}`);

const stack = await startStack({ vars: { ACCEPT: "open", ENTRIES_PER_KEY: "1000000000" } });
const bar = progressBar("kills");
try {
  const report = await killRounds(stack, rounds, (done) => bar.show(done, rounds));
  bar.end();
  say(
    `${report.kills} kills: ${report.entries} entries, ${report.v1Entries} of Rekor v1 and ${report.certificates} certificates were acknowledged and are in the logs, ` +
      `${report.committedUnanswered} were committed without an answer and found by a retry, ` +
      `a full tile or bundle was read again ${report.immutables} times and never differed`,
  );
} finally {
  await stack.stop();
}
