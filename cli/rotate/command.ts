// SPDX-License-Identifier: Apache-2.0
// `sigedge rotate`: replaces a log, an authority or a key of a deployment, in the steps that clients need to follow.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { FIRST_KINDS, LOG_KIND_NAMES, LOG_KINDS, type LogKind } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { type Arguments, defineCommand } from "../command.ts";
import {
  DEPLOYMENT_FLAGS,
  offlineFolder,
  requireDeployment,
  type Selection,
  selectDeployment,
  workerSettings,
  writePrivate,
} from "../deployment/deployment.ts";
import { askOfflinePassphrase, PASSPHRASE_FLAGS } from "../deployment/passphrase.ts";
import { readJson } from "../signing/sigstore-js.ts";
import { paint } from "../terminal.ts";
import { planAuthority, planAuthorityFinish } from "./authority.ts";
import { planCompromisedAuthority } from "./compromised.ts";
import { type LogRotation, planCompromisedLog, planLog, planLogFinish } from "./logs.ts";
import { planCompromisedOidc, planOidc, planOidcFinish } from "./oidc.ts";
import { planCompromisedSeal, planConnectorSecret, planSeal, planSealFinish } from "./provider-secrets.ts";
import { DAY_MS, type Planned, type RotationContext } from "./rotation.ts";
import { planSigningConfig } from "./signing-config.ts";
import { planTuf, type TufRotation } from "./tuf.ts";

const FLAGS = {
  finish: { description: "Take the last step of the rotation." },
  compromised: {
    description:
      "Others may have the key: take all steps at once, and end the trust in the key at the time of --since.",
  },
  since: {
    value: "TIME",
    description:
      "With --compromised: when others may have got the key, in UTC, such as 2027-01-31 or 2027-01-31T12:00:00Z. Default: now.",
  },
  url: {
    value: "URL",
    description: "The address of the new log: https://HOST with a host name that no log of its kind has.",
  },
  name: { value: "NAME", description: "The name of the new log. Default: signature-2, certificate-2, and so on." },
  wait: {
    value: "DAYS",
    description:
      "How long clients may use what they fetched before this step. Default: 7; 1 for oidc; ten minutes for oidc-seal.",
  },
  connector: { value: "SLUG", description: "With connector-secret: the connector, as in connectors.yaml." },
  "secret-file": {
    value: "FILE",
    description:
      "With connector-secret: a file whose first line is the new client secret. Without it, the secret is read from SIGEDGE_CONNECTOR_SECRET_SLUG, or asked for.",
  },
  again: { description: "Also replace what is less than 30 days old." },
  "no-check": {
    description:
      "Do not check that the deployment serves what the step before announced, or that the provider accepts a client secret.",
  },
  "dry-run": { description: "Show what would change." },
  offline: { value: "DIR", description: "The folder with the offline keys, if you moved it." },
  ...DEPLOYMENT_FLAGS,
  ...PASSPHRASE_FLAGS,
} as const;

type LogTarget = `${LogKind}-log`;

/** Makes a record with a member for the log of each kind. */
const mapLogs = <T>(make: (kind: LogKind) => T): Readonly<Record<LogTarget, T>> =>
  Object.fromEntries(LOG_KIND_NAMES.map((kind) => [`${kind}-log`, make(kind)])) as Record<LogTarget, T>;

/** Clients read the signing config, so a log that they write to is announced there. */
function describeLogTarget(kind: LogKind): string {
  const { holds, writer } = LOG_KINDS[kind];
  const announcing = writer === "clients" ? "a second run announces it to clients; " : "";
  const isFirst = FIRST_KINDS.some((one) => one === kind);
  const opening = isFirst
    ? "Opens the next log (--url)"
    : "Opens the first log, at the deployment's address, or the next (--url)";
  return `The log of ${holds}. ${opening}; ${announcing}--finish freezes the former log.`;
}

const TARGETS = {
  ...mapLogs(describeLogTarget),
  ca: "The issuing CA, under the current root. --finish lets the new CA issue.",
  "ca-root": "The issuing CA, under a new root. --finish lets the new CA issue.",
  tsa: "The timestamp authority, under the current root. --finish lets the new one sign.",
  "tsa-root": "The timestamp authority, under a new root. --finish lets the new one sign.",
  oidc: "The token key of the built-in issuer. --finish lets the new key sign.",
  "oidc-seal": "The secret that seals sign-ins under way. --finish seals with the new one.",
  "connector-secret": "The client secret of a connector (--connector). One step.",
  "tuf-root": "The root keys of the TUF repository. One step.",
  "tuf-targets": "The targets key of the TUF repository. One step.",
  "tuf-online": "The online key of the TUF repository. One step.",
  "signing-config": "The signing config that clients fetch over TUF, after a change of oidc-providers.json. One step.",
  "tuf-expiry": "The expiry of the TUF root and targets: another year for the same keys. One step.",
} as const;

interface Steps {
  readonly begin: (context: RotationContext, log: Omit<LogRotation, "kind">) => Planned;
  /** Null for a rotation of one step. */
  readonly finish: ((context: RotationContext, log: Omit<LogRotation, "kind">) => Planned) | null;
  /** Null for a rotation whose one step takes the former key out at once. */
  readonly compromised: ((context: RotationContext, log: Omit<LogRotation, "kind">) => Planned) | null;
}

const logSteps = (kind: LogKind): Steps => ({
  begin: (context, options) => planLog(context, { kind, ...options }),
  finish: (context, options) => planLogFinish(context, { kind, ...options }),
  compromised: (context, options) => planCompromisedLog(context, { kind, ...options }),
});
const authoritySteps = (kind: "ca" | "tsa", isNewRoot: boolean): Steps => ({
  begin: (context) => planAuthority(context, { kind, isNewRoot }),
  finish: (context) => planAuthorityFinish(context, { kind, isNewRoot }),
  compromised: (context) => planCompromisedAuthority(context, { kind, isNewRoot }),
});
const tufSteps = (rotation: TufRotation): Steps => ({
  begin: (context) => planTuf(context, rotation),
  finish: null,
  compromised: null,
});

const ROTATIONS: Readonly<Record<keyof typeof TARGETS, Steps>> = {
  ...mapLogs(logSteps),
  ca: authoritySteps("ca", false),
  "ca-root": authoritySteps("ca", true),
  tsa: authoritySteps("tsa", false),
  "tsa-root": authoritySteps("tsa", true),
  oidc: { begin: planOidc, finish: planOidcFinish, compromised: planCompromisedOidc },
  "oidc-seal": { begin: planSeal, finish: planSealFinish, compromised: planCompromisedSeal },
  "connector-secret": { begin: planConnectorSecret, finish: null, compromised: null },
  "tuf-root": tufSteps("root"),
  "tuf-targets": tufSteps("targets"),
  "tuf-online": tufSteps("online"),
  "signing-config": { begin: planSigningConfig, finish: null, compromised: null },
  "tuf-expiry": tufSteps("expiry"),
};

interface RotateOptions extends Selection {
  readonly what: string;
  readonly isFinish: boolean;
  readonly compromisedSince: UnixMs | null;
  readonly log: Omit<LogRotation, "kind">;
  readonly connector: RotationContext["connector"];
  readonly waitMs: number | null;
  readonly isAgain: boolean;
  readonly isChecked: boolean;
  readonly isDryRun: boolean;
  readonly offline: string | null;
  readonly passphraseFile: string | null;
}

export const ROTATE = defineCommand({
  name: "rotate",
  summary: "replace a log, an authority or a key, without breaking verification",
  usage: [
    "rotate WHAT [options]",
    "rotate WHAT --finish [options]",
    "rotate WHAT --compromised [--since TIME] [options]",
  ],
  description: [
    "Replaces one part of a deployment. Everything that verified before still verifies afterwards. The command edits the deployment's folder and prints what to do next; it sends nothing. Run it again after an interruption: it continues where it stopped.",
  ],
  arguments: [{ name: "WHAT", description: "The part to replace:", choices: TARGETS }],
  flags: FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    { title: "Make a new issuing CA and announce it", command: "npx sigedge rotate ca" },
    {
      title: "Replace an issuing CA whose key others may have since the 1st of May",
      command: "npx sigedge rotate ca --compromised --since 2027-05-01",
    },
    { title: "Let it issue, a week after the deployment that announced it", command: "npx sigedge rotate ca --finish" },
    {
      title: "Open the next signature log",
      command: "npx sigedge rotate signature-log --url https://log2.example.com",
    },
    {
      title: "Extend the TUF root and targets by a year, with the keys on a removable disk",
      command: "npx sigedge rotate tuf-expiry --offline /media/keys/offline",
    },
  ],
  exitCodes: {
    0: "The step is done, or there is nothing to do yet.",
    1: "The step failed. Run the command again to continue.",
    2: "The arguments are wrong.",
  },
  read: readOptions,
  run: async (options, output) => {
    const done = await rotate(options);
    if (!done.ok) return done;
    output.result(done.value, outcomeText(done.value));
    return ok(0);
  },
});

function readOptions({ values, positionals }: Arguments<typeof FLAGS>): Result<RotateOptions, string> {
  const [what, ...more] = positionals;
  if (what === undefined || more.length > 0)
    return err(`name one part to rotate: ${Object.keys(ROTATIONS).join(", ")}`);
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  const waitMs = readWait(values.wait);
  if (!waitMs.ok) return waitMs;
  const since = readSince(values.compromised, values.since, Date.now());
  if (!since.ok) return since;
  if (values.compromised && values.finish) return err("--compromised takes all steps at once; run it without --finish");
  return ok({
    ...selection.value,
    what,
    isFinish: values.finish,
    compromisedSince: since.value,
    log: { url: values.url, name: values.name },
    connector: { slug: values.connector, secretFile: values["secret-file"] },
    waitMs: waitMs.value,
    isAgain: values.again,
    isChecked: !values["no-check"],
    isDryRun: values["dry-run"],
    offline: values.offline,
    passphraseFile: values["passphrase-file"],
  });
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?$/;

/** Whole seconds; null without --compromised. */
function readSince(isCompromised: boolean, text: string | null, now: number): Result<UnixMs | null, string> {
  if (!isCompromised) return text === null ? ok(null) : err("--since needs --compromised");
  const time = text === null ? now : DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || time < 0)
    return err("--since must be a time in UTC, such as 2027-01-31 or 2027-01-31T12:00:00Z");
  return time > now ? err("--since must not be in the future") : ok(unixMs(Math.floor(time / 1000) * 1000));
}

/** Null if the flag is absent. */
function readWait(text: string | null): Result<number | null, string> {
  if (text === null) return ok(null);
  const days = Number(text);
  return /^\d{1,3}$/.test(text) && days <= 365 ? ok(days * DAY_MS) : err("--wait must be a number of days, 0 to 365");
}

interface Rotated {
  readonly what: string;
  readonly dryRun: boolean;
  /** One line for each change; empty if the step was done before. */
  readonly changes: readonly string[];
  readonly next: readonly string[];
}

/** Takes one step of a rotation. The error is a line for the operator. */
async function rotate(options: RotateOptions): Promise<Result<Rotated, string>> {
  const { what, isDryRun } = options;
  if (!isTarget(what)) return err(`${what} cannot be rotated; name one of ${Object.keys(ROTATIONS).join(", ")}`);
  const run = stepOf(what, options);
  if (!run.ok) return run;
  if (!what.endsWith("-log") && (options.log.url ?? options.log.name) !== null)
    return err("--url and --name apply to logs only");
  const context = contextOf(options);
  if (!context.ok) return context;
  const asked = await run.value(context.value, options.log);
  // A dry run shows the step that --again would take, and first why it needs that.
  const plan = asked.ok || !isDryRun ? asked : await run.value({ ...context.value, isAgain: true }, options.log);
  if (!plan.ok) return err(asked.ok ? plan.error : asked.error);
  const { changes, apply } = plan.value;
  if (!isDryRun && changes.length > 0) {
    const done = await applyStep(context.value, apply);
    if (!done.ok) return done;
  }
  const next = [...(asked.ok ? [] : [asked.error]), ...plan.value.next];
  return ok({ what, dryRun: isDryRun, changes, next });
}

/** The step that the flags ask for. The error is a line for the operator. */
function stepOf(
  what: keyof typeof TARGETS,
  { isFinish, compromisedSince }: RotateOptions,
): Result<Steps["begin"], string> {
  const { begin, finish, compromised } = ROTATIONS[what];
  if (compromisedSince !== null)
    return compromised === null
      ? err(`the rotation of ${what} takes the former key out at once; run it without --compromised`)
      : ok(compromised);
  if (!isFinish) return ok(begin);
  return finish === null ? err(`the rotation of ${what} has one step; run it without --finish`) : ok(finish);
}

const isTarget = (what: string): what is keyof typeof TARGETS => Object.hasOwn(ROTATIONS, what);

/** Applies the step, then updates the file of secrets for a bare `wrangler deploy` if it exists. */
async function applyStep(
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
  if (publicUrl === null)
    return err("the deployment has no address yet; set it with: npx sigedge init --url https://HOST");
  const offline = options.offline === null ? offlineFolder(read.value) : resolve(options.offline);
  let passphrase: Promise<Result<string, string>> | null = null;
  return ok({
    deployment: { ...read.value, publicUrl },
    offline,
    passphrase: () => (passphrase ??= askOfflinePassphrase(offline, options.passphraseFile)),
    now: unixMs(Date.now()),
    waitMs: options.waitMs,
    compromisedSince: options.compromisedSince,
    isAgain: options.isAgain,
    connector: options.connector,
    served: options.isChecked ? (path) => readJson(`${publicUrl.href}${path}`) : null,
  });
}

function outcomeText({ what, dryRun, changes, next }: Rotated): string {
  const head = changes.length === 0 ? `Nothing to change now for ${what}.` : dryRun ? "This would change:" : "Changed:";
  return [
    paint("bold", head),
    ...changes.map((change) => `  ${change}`),
    "",
    paint("bold", dryRun && changes.length > 0 ? "Then:" : "Next:"),
    ...next.map((step, i) => `  ${i + 1}. ${step}`),
  ].join("\n");
}
