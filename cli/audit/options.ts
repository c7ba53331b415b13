// SPDX-License-Identifier: Apache-2.0
// The command line of `sigedge audit`.

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { readFlags } from "../flags.ts";
import { defaultStateFile } from "./state.ts";

export const USAGE = `sigedge audit URL [options]

Reads a whole log and rebuilds it: every hash of every tile from its entries, the root, the signatures on the
checkpoint, the signature or the certificate chain of each entry, and that it continues what was audited before.
Works with any C2SP tlog-tiles log and any static-ct-api log.

  URL                  where the log's checkpoint lies (https://HOST, https://HOST/ct)
  --key VKEY           a key of the log, <name>+<hex id>+<base64>; may be repeated
  --trusted-root FILE  take the log's keys from a Sigstore trusted root
                       with neither, the keys come from URL's own server at the first audit, and are pinned
  --witness VKEY       a witness whose cosignature is checked where the checkpoint has one; may be repeated
  --ct                 a certificate log (static-ct-api), or the certificate log below URL
  --no-signatures      rebuild the tree, but do not verify the signatures of entries
  --incremental        read only what is new since the last audit that found the log good
  --state FILE         what this log's audits remember (default: a file of its own in the user's cache folder)
  --jobs N             worker threads (default: one for each core; 0: none)
  --json               one JSON object on standard output

Exit code: 0 good, 1 bad, 2 could not tell (unreachable, something missing, wrong use).
An interrupted audit goes on where it was.`;

/** More than any machine gains from. */
const MAX_JOBS = 64;

export interface Options {
  /** Without a trailing slash. */
  readonly url: string;
  readonly vkeys: readonly string[];
  /** A file. */
  readonly trustedRoot: string | null;
  readonly witnesses: readonly string[];
  readonly isCertificateLog: boolean;
  readonly verifies: boolean;
  readonly isIncremental: boolean;
  readonly stateFile: string;
  readonly jobs: number;
  readonly json: boolean;
}

const FLAGS = {
  key: { type: "string", multiple: true },
  "trusted-root": { type: "string" },
  witness: { type: "string", multiple: true },
  ct: { type: "boolean", default: false },
  "no-signatures": { type: "boolean", default: false },
  incremental: { type: "boolean", default: false },
  state: { type: "string" },
  jobs: { type: "string", default: String(availableParallelism()) },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Reads the arguments; null for --help. The error is a line for the caller. */
export function readOptions(args: readonly string[]): Result<Options | null, string> {
  const parsed = readFlags(args, FLAGS);
  if (!parsed.ok) return parsed;
  const { values, positionals } = parsed.value;
  if (values.help) return ok(null);
  const url = positionals.length === 1 ? readUrl(positionals[0] ?? "") : null;
  if (url === null) return err("give one http or https URL of a log (--help shows what there is)");
  if (!/^\d{1,2}$/.test(values.jobs) || Number(values.jobs) > MAX_JOBS)
    return err(`--jobs takes a number of 0 to ${MAX_JOBS}`);
  const { key: vkeys = [], "trusted-root": trustedRoot = null, witness: witnesses = [] } = values;
  if (vkeys.length > 0 && trustedRoot !== null) return err("give --key or --trusted-root, not both");
  return ok({
    url,
    vkeys,
    trustedRoot,
    witnesses,
    isCertificateLog: values.ct,
    verifies: !values["no-signatures"],
    isIncremental: values.incremental,
    // The certificate log below a URL is another log than the one at it.
    stateFile: resolve(values.state ?? defaultStateFile(values.ct ? `${url} ct` : url)),
    jobs: Number(values.jobs),
    json: values.json,
  });
}

function readUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname } = new URL(text);
  return protocol === "http:" || protocol === "https:" ? `${origin}${pathname}`.replace(/\/+$/, "") : null;
}
