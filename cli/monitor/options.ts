// SPDX-License-Identifier: Apache-2.0
// The flags of `sigedge monitor`, and the options that they become.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { LogKind } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { NOTE_COSIGNATURE } from "../../shared/tlog/note.ts";
import { parseWitnessPolicy, type WitnessPolicy } from "../../shared/tlog/policy.ts";
import { noteVerifier } from "../../shared/tlog/verify-note.ts";
import { readUrl } from "../audit/options.ts";
import { defaultStateFile } from "../audit/state.ts";
import type { Arguments } from "../command.ts";
import { verifiersOf } from "../served-log/trust.ts";
import type { CrossChecked, ExpectedWitnesses } from "./scan/context.ts";
import type { FirstEntry } from "./scan/log-scan.ts";

/** Where the keys come from. */
type KeySource =
  | { readonly kind: "keys"; readonly vkeys: readonly string[]; readonly logKind: LogKind | null }
  | { readonly kind: "file"; readonly path: string }
  /** By TUF from the deployment; `root` is a file, null to pin the root of trust that the first run finds. */
  | { readonly kind: "deployment"; readonly root: string | null };

/** The options of a monitor. */
export interface Options {
  /** Without a trailing slash. */
  readonly url: string;
  readonly keys: KeySource;
  /** URLs of the logs to watch; none for all. */
  readonly only: readonly string[];
  readonly forgotten: readonly string[];
  /** Null for those of the configuration. */
  readonly witnesses: ExpectedWitnesses | null;
  /** A file. */
  readonly config: string;
  readonly stateFile: string;
  /** Null for that of the configuration, or the beginning. */
  readonly first: FirstEntry | null;
  /** Null for one pass. */
  readonly intervalMs: number | null;
  readonly metricsPort: number | null;
  readonly crossChecked: CrossChecked;
  /** Whether to show what the configuration would match, in place of watching. */
  readonly isLint: boolean;
}

export const FLAGS = {
  config: {
    value: "FILE",
    description: "Who is watched, and who is told: docs/monitoring.md. Also reads that of rekor-monitor.",
  },
  state: {
    value: "FILE",
    description:
      "The file that the monitor remembers by. Keep it between runs. Default: one for each URL in the user's cache folder.",
  },
  lint: {
    description:
      "Only show what the configuration means: doubtful selectors, and what each of them would have matched in the last 30 days. Nothing is kept, and nobody is told.",
  },
  once: { description: "Make one pass and end. This is the default." },
  interval: {
    value: "SECONDS",
    description: "Make a pass every so many seconds, 10 to 86400, until a signal ends the monitor.",
  },
  key: { value: "VKEY", multiple: true, description: "A key of the one log at URL, <name>+<hex id>+<base64>." },
  ct: { description: "The log at URL is a certificate log (static-ct-api), where its key does not say so." },
  "trusted-root": {
    value: "FILE",
    description: "Watch every log of this Sigstore trusted root. The file is read again at every pass.",
  },
  root: {
    value: "FILE",
    description:
      "The TUF root (root.json) of the deployment at URL that you trust, instead of the one that the first run finds and pins.",
  },
  log: { value: "URL", multiple: true, description: "Watch only this log of the trusted root." },
  witness: {
    value: "VKEY",
    multiple: true,
    description: "The key of a witness whose cosignature every checkpoint must have.",
  },
  "witness-policy": {
    value: "FILE",
    description:
      "A policy of witnesses (c2sp.org/tlog-policy) whose quorum every checkpoint must have, instead of --witness.",
  },
  from: { value: "INDEX", description: "Where the first run begins: an index, or now. Default: 0, the whole log." },
  "no-cross-check": {
    description: "Do not compare the certificates of the certificate logs with those of the entries.",
  },
  "cross-check-all": {
    description:
      "Report every certificate that no entry used and every entry whose certificate is in no log, not only those that a selector watches.",
  },
  forget: {
    value: "ORIGIN",
    multiple: true,
    description: "Stop watching a log that the trusted root no longer lists.",
  },
  "metrics-port": {
    value: "PORT",
    description: "With --interval: serve gauges for Prometheus on this port of 127.0.0.1.",
  },
} as const;

type Values = Arguments<typeof FLAGS>["values"];

/** Reads the options. The error is one line. */
export function readOptions({ values, positionals }: Arguments<typeof FLAGS>): Result<Options, string> {
  const url = positionals.length === 1 ? readUrl(positionals[0] ?? "") : null;
  if (url === null) return err("give one http or https URL: sigedge monitor https://HOST --config FILE");
  if (values.config === null) return err("give --config FILE: it says who is watched");
  if (values.lint && values.interval !== null) return err("give --lint or --interval, not both");
  if (values["no-cross-check"] && values["cross-check-all"])
    return err("give --no-cross-check or --cross-check-all, not both");
  const keys = readKeys(values);
  const witnesses = readWitnesses(values);
  const times = readTimes(values);
  if (!keys.ok) return keys;
  if (!witnesses.ok) return witnesses;
  if (!times.ok) return times;
  return ok({
    url,
    keys: keys.value,
    only: values.log.map((text) => text.replace(/\/+$/, "")),
    forgotten: values.forget,
    witnesses: witnesses.value,
    config: values.config,
    stateFile: resolve(values.state ?? defaultStateFile(url, "monitor")),
    crossChecked: values.lint ? "off" : chooseCrossCheck(values),
    isLint: values.lint,
    ...times.value,
  });
}

function readKeys(values: Values): Result<KeySource, string> {
  const { key: vkeys, "trusted-root": path, root, ct, log } = values;
  const given = [vkeys.length > 0, path !== null, root !== null].filter(Boolean).length;
  if (given > 1) return err("give only one of --key, --trusted-root and --root");
  if (ct && vkeys.length === 0) return err("--ct needs --key; a trusted root says which log is which");
  if (log.length > 0 && vkeys.length > 0) return err("--log chooses logs of a trusted root; --key names the only one");
  if (vkeys.length > 0) return ok({ kind: "keys", vkeys, logKind: ct ? "certificate" : null });
  return ok(path === null ? { kind: "deployment", root } : { kind: "file", path });
}

function readWitnesses({ witness, "witness-policy": file }: Values): Result<ExpectedWitnesses | null, string> {
  if (file !== null && witness.length > 0) return err("give --witness or --witness-policy, not both");
  if (file !== null) return readPolicy(file);
  if (witness.length === 0) return ok(null);
  const verifiers = verifiersOf(witness);
  return verifiers.ok ? ok({ verifiers: verifiers.value, policy: null }) : verifiers;
}

function readPolicy(file: string): Result<ExpectedWitnesses, string> {
  const text = readText(file);
  if (!text.ok) return text;
  const policy = parseWitnessPolicy(text.value);
  return policy.ok
    ? ok(witnessesOfPolicy(policy.value))
    : err(`${file}, line ${policy.error.line}: ${policy.error.reason}`);
}

/** The witnesses of a policy, which says how many of them suffice. */
export function witnessesOfPolicy(policy: WitnessPolicy): ExpectedWitnesses {
  const verifiers = policy.witnesses.flatMap(({ key: { name, keyId, publicKey } }) => {
    const verifier = noteVerifier({ name, keyId, type: NOTE_COSIGNATURE, key: publicKey });
    return verifier.ok ? [verifier.value] : [];
  });
  return { verifiers, policy };
}

function readText(file: string): Result<string, string> {
  try {
    return ok(readFileSync(file, "utf8"));
  } catch (error) {
    return err(`${file} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : "?"})`);
  }
}

function chooseCrossCheck(values: Values): CrossChecked {
  if (values["no-cross-check"]) return "off";
  return values["cross-check-all"] ? "all" : "watched";
}

type Times = Pick<Options, "first" | "intervalMs" | "metricsPort">;

function readTimes(values: Values): Result<Times, string> {
  const { from, interval, once, "metrics-port": port } = values;
  if (once && interval !== null) return err("give --once or --interval, not both");
  const seconds = interval === null ? null : readNumber(interval, 10, 86_400);
  if (seconds === undefined) return err("--interval must be a number of seconds, 10 to 86400");
  const first = from === null ? null : from === "now" ? from : readNumber(from, 0, Number.MAX_SAFE_INTEGER);
  if (first === undefined) return err("--from must be an index or now");
  const metricsPort = port === null ? null : readNumber(port, 0, 65_535);
  if (metricsPort === undefined) return err("--metrics-port must be a port, 1 to 65535, or 0 for a free one");
  if (metricsPort !== null && seconds === null) return err("--metrics-port needs --interval");
  return ok({ first, intervalMs: seconds === null ? null : seconds * 1000, metricsPort });
}

function readNumber(text: string, least: number, most: number): number | undefined {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}
