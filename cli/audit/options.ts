// SPDX-License-Identifier: Apache-2.0
// The flags of `sigedge audit`, and the options that they become.

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Arguments } from "../command.ts";
import { defaultStateFile } from "./state.ts";

/** More threads gain nothing on any machine. */
const MAX_JOBS = 64;

/** The options of an audit. */
export interface Options {
  /** Without a trailing slash. */
  readonly url: string;
  readonly vkeys: readonly string[];
  /** A file. */
  readonly trustedRoot: string | null;
  readonly witnesses: readonly string[];
  /** The kind of log to audit; null for the one that keys or trusted root say. */
  readonly kind: LogKind | null;
  /** A file. */
  readonly policy: string | null;
  readonly verifies: boolean;
  readonly isIncremental: boolean;
  readonly stateFile: string;
  readonly jobs: number;
}

export const FLAGS = {
  key: {
    value: "VKEY",
    multiple: true,
    description: "A key of the log, <name>+<hex id>+<base64>.",
  },
  "trusted-root": {
    value: "FILE",
    description:
      "Take the log's keys from a Sigstore trusted root. Without --key and --trusted-root, the first audit takes the keys from the server at URL and pins them.",
  },
  witness: {
    value: "VKEY",
    multiple: true,
    description: "The key of a witness. Its cosignature is verified if the checkpoint has one.",
  },
  ct: { description: "Audit a certificate log (static-ct-api): the one at URL, or the one below it." },
  policy: {
    value: "FILE",
    description:
      "A JSON object of the log's settings that say who may write: ACCEPT, LISTED_KEYS, CERTIFICATE_GRACE, RETIRED_KEYS, CA_CHAIN, OTHER_CA_CHAINS. An entry that they forbid makes the log bad. The CAs of the trusted root are the default for CA_CHAIN.",
  },
  "no-signatures": { description: "Rebuild the tree, but do not verify the signatures of entries." },
  incremental: { description: "Read only the entries added since the last audit that found the log good." },
  state: {
    value: "FILE",
    description: "The file that this log's audits keep. Default: one for each log in the user's cache folder.",
  },
  jobs: {
    value: "N",
    description: "The number of worker threads, 0 to 64; 0 uses the main thread. Default: one for each core.",
  },
} as const;

/** Reads the options. The error is one line. */
export function readOptions({ values, positionals }: Arguments<typeof FLAGS>): Result<Options, string> {
  const url = positionals.length === 1 ? readUrl(positionals[0] ?? "") : null;
  if (url === null) return err("give one http or https URL of a log: sigedge audit https://HOST");
  const jobs = values.jobs ?? String(Math.min(MAX_JOBS, availableParallelism()));
  if (!/^\d{1,2}$/.test(jobs) || Number(jobs) > MAX_JOBS) return err(`--jobs must be a number, 0 to ${MAX_JOBS}`);
  const { key: vkeys, "trusted-root": trustedRoot, witness: witnesses, policy } = values;
  if (vkeys.length > 0 && trustedRoot !== null) return err("give --key or --trusted-root, not both");
  return ok({
    url,
    vkeys,
    trustedRoot,
    witnesses,
    kind: values.ct ? "certificate" : null,
    policy,
    verifies: !values["no-signatures"],
    isIncremental: values.incremental,
    // The certificate log below a URL is a different log from the one at it.
    stateFile: resolve(values.state ?? defaultStateFile(values.ct ? `${url} ct` : url, "audit")),
    jobs: Number(jobs),
  });
}

/** Reads the URL of a log or service, without a trailing slash; null if it is none. */
export function readUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname } = new URL(text);
  return protocol === "http:" || protocol === "https:" ? `${origin}${pathname}`.replace(/\/+$/, "") : null;
}
