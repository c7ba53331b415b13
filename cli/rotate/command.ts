// SPDX-License-Identifier: Apache-2.0
// `sigedge rotate`: replaces one thing of a deployment, in as many steps as clients need to follow.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import {
  DEPLOYMENT_FLAGS,
  DEPLOYMENT_USAGE,
  offlineFolder,
  requireDeployment,
  type Selection,
  selectDeployment,
  workerSettings,
  writePrivate,
} from "../deployment/deployment.ts";
import { offlinePassphrase, PASSPHRASE_USAGE } from "../deployment/passphrase.ts";
import { readFlags } from "../flags.ts";
import { readJson } from "../signing/sigstore-js.ts";
import { say, styled } from "../terminal.ts";
import { planAuthority, planAuthorityFinish } from "./authority.ts";
import { type LogRotation, planLog, planLogFinish } from "./logs.ts";
import { planOidc, planOidcFinish } from "./oidc.ts";
import { DAY_MS, type Planned, type RotationContext } from "./rotation.ts";
import { planTuf } from "./tuf.ts";

const USAGE = `sigedge rotate WHAT [--finish] [options]

Replaces one thing of a deployment so that nothing that was valid stops verifying. Edits the deployment's folder and
tells what to do next; nothing is sent. Run again, it goes on where it was.

  signature-log    the log of signatures: opens the next one (--url), then has clients told to write to it; --finish
                   freezes the one before
  certificate-log  the log of certificates: opens the next one (--url); --finish freezes the one before
  ca, ca-root      the issuing CA, under the root that there is or a new one; --finish lets it issue
  tsa, tsa-root    the timestamp authority, the same
  oidc             the token key of the built-in issuer; --finish lets it sign
  tuf-root, tuf-targets, tuf-online, tuf-expiry
                   the keys of a role of the trust root, or another year for the same keys; one step

  --finish         the last step
  --url URL        of a new log: https://HOST, a host name that no log of its kind has
  --name NAME      of a new log (signature-2, …)
  --wait DAYS      how long clients may go on with what they have fetched (7; oidc 1)
  --again          also replace what is less than 30 days old
  --no-check       do not look whether the deployment serves what was announced
  --dry-run        show what would change
  --offline DIR    where the offline keys lie, if the folder has been put away
${DEPLOYMENT_USAGE}
${PASSPHRASE_USAGE}
  --json           one JSON object on standard output

Exit code: 0 done, 1 not done, 2 wrong use.`;

const FLAGS = {
  ...DEPLOYMENT_FLAGS,
  finish: { type: "boolean", default: false },
  url: { type: "string" },
  name: { type: "string" },
  wait: { type: "string" },
  again: { type: "boolean", default: false },
  "no-check": { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  offline: { type: "string" },
  "passphrase-file": { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

interface Steps {
  readonly begin: (context: RotationContext, log: Omit<LogRotation, "kind">) => Planned;
  /** Null where there is one step only. */
  readonly finish: ((context: RotationContext, log: Omit<LogRotation, "kind">) => Planned) | null;
}

const log = (kind: LogRotation["kind"]): Steps => ({
  begin: (context, options) => planLog(context, { kind, ...options }),
  finish: (context, options) => planLogFinish(context, { kind, ...options }),
});
const authority = (kind: "ca" | "tsa", isNewRoot: boolean): Steps => ({
  begin: (context) => planAuthority(context, { kind, isNewRoot }),
  finish: (context) => planAuthorityFinish(context, { kind, isNewRoot }),
});

const ROTATIONS: Readonly<Record<string, Steps>> = {
  "signature-log": log("signature"),
  "certificate-log": log("certificate"),
  ca: authority("ca", false),
  "ca-root": authority("ca", true),
  tsa: authority("tsa", false),
  "tsa-root": authority("tsa", true),
  oidc: { begin: planOidc, finish: planOidcFinish },
  "tuf-root": { begin: (context) => planTuf(context, "root"), finish: null },
  "tuf-targets": { begin: (context) => planTuf(context, "targets"), finish: null },
  "tuf-online": { begin: (context) => planTuf(context, "online"), finish: null },
  "tuf-expiry": { begin: (context) => planTuf(context, "expiry"), finish: null },
};

interface RotateOptions extends Selection {
  readonly what: string;
  readonly isFinish: boolean;
  readonly log: Omit<LogRotation, "kind">;
  readonly waitMs: number | null;
  readonly isAgain: boolean;
  readonly isChecked: boolean;
  readonly isDryRun: boolean;
  readonly offline: string | null;
  readonly passphraseFile: string | null;
  readonly json: boolean;
}

/** Runs the command; gives its exit code. */
export async function rotateCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return failed(options.error, 2);
  if (options.value === null) {
    say(USAGE);
    return 0;
  }
  const done = await rotate(options.value);
  if (!done.ok) return failed(done.error, 1);
  say(options.value.json ? JSON.stringify(done.value) : outcomeText(done.value));
  return 0;
}

function failed(reason: string, code: 1 | 2): number {
  process.stderr.write(`sigedge rotate: ${reason}\n`);
  return code;
}

/** Null for --help. */
function readOptions(args: readonly string[]): Result<RotateOptions | null, string> {
  const flags = readFlags(args, FLAGS);
  if (!flags.ok) return flags;
  const { values, positionals } = flags.value;
  if (values.help) return ok(null);
  const [what, ...more] = positionals;
  if (what === undefined || more.length > 0) return err(`say what: one of ${Object.keys(ROTATIONS).join(", ")}`);
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  const waitMs = readWait(values.wait);
  if (!waitMs.ok) return waitMs;
  return ok({
    ...selection.value,
    what,
    isFinish: values.finish,
    log: { url: values.url ?? null, name: values.name ?? null },
    waitMs: waitMs.value,
    isAgain: values.again,
    isChecked: !values["no-check"],
    isDryRun: values["dry-run"],
    offline: values.offline ?? null,
    passphraseFile: values["passphrase-file"] ?? null,
    json: values.json,
  });
}

/** Null where nothing was said. */
function readWait(text: string | undefined): Result<number | null, string> {
  if (text === undefined) return ok(null);
  const days = Number(text);
  return /^\d{1,3}$/.test(text) && days <= 365 ? ok(days * DAY_MS) : err("--wait takes a number of days, 0 to 365");
}

interface Rotated {
  readonly what: string;
  readonly dryRun: boolean;
  /** A line each; none: it was done already. */
  readonly changes: readonly string[];
  readonly next: readonly string[];
}

/** One step of a rotation. The error is a line for the operator. */
async function rotate(options: RotateOptions): Promise<Result<Rotated, string>> {
  const { what, isFinish, isDryRun } = options;
  const steps = Object.hasOwn(ROTATIONS, what) ? ROTATIONS[what] : undefined;
  if (steps === undefined) return err(`${what} is nothing to rotate; there are ${Object.keys(ROTATIONS).join(", ")}`);
  const run = isFinish ? steps.finish : steps.begin;
  if (run === null) return err(`${what} has one step only: without --finish`);
  if (!what.endsWith("-log") && (options.log.url ?? options.log.name) !== null)
    return err("--url and --name belong to a new log");
  const context = contextOf(options);
  if (!context.ok) return context;
  const plan = await run(context.value, options.log);
  if (!plan.ok) return plan;
  const { changes, next, apply } = plan.value;
  if (!isDryRun && changes.length > 0) {
    const done = await applied(context.value, apply);
    if (!done.ok) return done;
  }
  return ok({ what, dryRun: isDryRun, changes, next });
}

/** The step, and the file that a bare `wrangler deploy` takes secrets from, as it was there before. */
async function applied(
  { deployment }: RotationContext,
  apply: () => Promise<Result<null, string>>,
): Promise<Result<null, string>> {
  const done = await apply().catch((error: unknown) => err(error instanceof Error ? error.message : String(error)));
  if (!done.ok) return done;
  const settings = workerSettings(deployment);
  if (!settings.ok) return settings;
  const secrets = resolve(deployment.folder, "secrets.json");
  if (existsSync(secrets)) writePrivate(secrets, `${JSON.stringify(settings.value.secrets, null, 2)}\n`);
  return ok(null);
}

function contextOf(options: RotateOptions): Result<RotationContext, string> {
  const read = requireDeployment(options);
  if (!read.ok) return read;
  const { publicUrl } = read.value;
  if (publicUrl === null) return err("the address is not known yet: npx sigedge init --url https://HOST");
  const offline = options.offline === null ? offlineFolder(read.value) : resolve(options.offline);
  let passphrase: Promise<Result<string, string>> | null = null;
  return ok({
    deployment: { ...read.value, publicUrl },
    offline,
    passphrase: () => (passphrase ??= offlinePassphrase(offline, options.passphraseFile)),
    now: unixMs(Date.now()),
    waitMs: options.waitMs,
    isAgain: options.isAgain,
    served: options.isChecked ? (path) => readJson(`${publicUrl.href}${path}`) : null,
  });
}

function outcomeText({ what, dryRun, changes, next }: Rotated): string {
  const head = changes.length === 0 ? `Nothing to change now for ${what}.` : dryRun ? "This would change:" : "Changed:";
  return [
    styled("bold", head),
    ...changes.map((change) => `  ${change}`),
    "",
    styled("bold", dryRun && changes.length > 0 ? "Then:" : "Next:"),
    ...next.map((step, i) => `  ${i + 1}. ${step}`),
  ].join("\n");
}
