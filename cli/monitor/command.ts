// SPDX-License-Identifier: Apache-2.0
// `sigedge monitor`: its arguments, examples and exit codes. run.ts runs it.

import { defineCommand } from "../command.ts";
import { FLAGS, readOptions } from "./options.ts";
import { runMonitor } from "./run.ts";

export const MONITOR = defineCommand({
  name: "monitor",
  summary: "warn when somebody signs in your name, or when a log misbehaves",
  usage: ["monitor URL --config FILE [options]"],
  description: [
    "Reads every new entry of the logs, from outside: verifies each checkpoint, the witnesses' cosignatures and that the log only ever grew, rebuilds the tree from the entries, and compares each entry with the selectors of the configuration. Works with the logs of a Sigedge deployment, every shard included, and with any C2SP tlog-tiles or static-ct-api log.",
    "The first run reads the logs from their beginning. Each run says which entries it has read: silence never means that all is well. A run that was killed goes on where it stopped, and loses no event.",
  ],
  arguments: [
    { name: "URL", description: "A deployment, whose trusted root lists the logs; with --key, the URL of one log." },
  ],
  flags: FLAGS,
  json: "Print one JSON object a line: events, the coverage of each log, the verdict.",
  examples: [
    {
      title: "One pass, for cron and CI",
      command: "npx sigedge monitor https://sign.example.com --config monitor.yaml --state monitor.json",
    },
    {
      title: "The matches that this configuration would have had in the last 30 days",
      command: "npx sigedge monitor https://sign.example.com --config monitor.yaml --lint",
    },
    {
      title: "A pass every five minutes, with gauges for Prometheus",
      command: "npx sigedge monitor https://sign.example.com --config monitor.yaml --interval 300 --metrics-port 9464",
    },
    {
      title: "Watch another operator's log",
      command: "npx sigedge monitor https://log.example.org --key VKEY --witness VKEY --config monitor.yaml",
    },
  ],
  exitCodes: {
    0: "Everything was read, and nothing unexpected was found.",
    1: "Somebody signed who was not expected, or a certificate and the entries do not belong together; with --lint: a selector is doubtful.",
    2: "A log or a witness misbehaved; the output names a file with the evidence.",
    3: "Could not tell: a log is unreachable, entries could not be read or parsed, the arguments are wrong, or the state or the configuration cannot be used.",
  },
  failureCode: 3,
  misuseCode: 3,
  read: readOptions,
  run: runMonitor,
});
