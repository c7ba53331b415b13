// SPDX-License-Identifier: Apache-2.0
// `sigedge audit`: its arguments, examples and exit codes. run.ts runs it.

import { ok } from "../../shared/result.ts";
import { defineCommand } from "../command.ts";
import { FLAGS, readOptions } from "./options.ts";
import { prepareAudit, runAudit } from "./run.ts";

const EXIT_CODES = { good: 0, bad: 1, "could not tell": 2 } as const;

export const AUDIT = defineCommand({
  name: "audit",
  summary: "read a whole log and prove that it is what it claims to be",
  usage: ["audit URL [options]"],
  description: [
    "Reads a whole log and rebuilds it: every hash of every tile from the entries, the root, the signatures on the checkpoint, and the signature or certificate chain of each entry. Also checks that the log extends the tree of the last audit. Works with any C2SP tlog-tiles log and any static-ct-api log.",
    "An interrupted audit continues where it stopped.",
  ],
  arguments: [
    { name: "URL", description: "The URL below which the checkpoint is served: https://HOST, https://HOST/ct." },
  ],
  flags: FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    {
      title: "Audit the signature log, with keys from a trusted root",
      command: "npx sigedge audit https://sign.example.com --trusted-root trusted_root.json",
    },
    {
      title: "Audit what the certificate log has added since the last audit",
      command: "npx sigedge audit https://sign.example.com --ct --incremental",
    },
    {
      title: "Audit another operator's log, and verify its witness",
      command: "npx sigedge audit https://log.example.org --key VKEY --witness VKEY",
    },
  ],
  exitCodes: {
    0: "The log is good.",
    1: "The log is bad: it is not what it claims to be.",
    2: "The audit could not tell: the log is unreachable or incomplete, or the arguments are wrong.",
  },
  failureCode: EXIT_CODES["could not tell"],
  read: readOptions,
  run: async (options, output) => {
    const setup = await prepareAudit(options);
    return setup.ok ? ok(EXIT_CODES[await runAudit(options, { ...setup.value, output })]) : setup;
  },
});
