// SPDX-License-Identifier: Apache-2.0
// `sigedge deploy`: brings a deployment to Cloudflare with the unmodified wrangler, and tries it.

import type { KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  claimShape,
  DEPLOYMENT_FLAGS,
  DEPLOYMENT_USAGE,
  type Deployment,
  offlineFolder,
  requireDeployment,
  type Selection,
  selectDeployment,
  shown,
  workerSettings,
} from "../deployment/deployment.ts";
import { OPERATOR_KEY_FILE } from "../deployment/operator-issuer.ts";
import { offlinePassphrase, PASSPHRASE_USAGE } from "../deployment/passphrase.ts";
import { installTrustFile } from "../deployment/trust-root.ts";
import { readFlags } from "../flags.ts";
import { runSteps, type Step } from "../steps.ts";
import { say } from "../terminal.ts";
import { trustFromUrl } from "../trust/files.ts";
import { trustText } from "../trust/text.ts";
import { openKey } from "../tuf/encrypted-key.ts";
import { type Deployed, deploySteps, dryRunSteps } from "./plan.ts";
import { smokeSteps } from "./smoke.ts";

const USAGE = `sigedge deploy [options]

Deploys what \`sigedge init\` made: creates or finds database and bucket, applies D1 migrations, uploads code, settings and
secrets, then signs, logs, verifies and finds a file at the deployed address. Safe to run again: it is also how a new
version, a new setting or an edited issuers.yaml gets there.

wrangler must be logged in (npx wrangler login), or CLOUDFLARE_API_TOKEN be set.

  --split          a Worker for each service, with the edge in front: each has only its own secrets
  --dry-run        build everything, check all settings, send nothing
  --no-smoke-test  do not sign a file at the end
  --offline DIR    where the operator issuer's key lies, if the offline folder has been put away
${DEPLOYMENT_USAGE}
${PASSPHRASE_USAGE}
  --json           one JSON object on standard output, progress on standard error

Exit code: 0 done, 1 not done, 2 wrong use.`;

const FLAGS = {
  ...DEPLOYMENT_FLAGS,
  split: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  "no-smoke-test": { type: "boolean", default: false },
  offline: { type: "string" },
  "passphrase-file": { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

interface Options extends Selection {
  readonly isSplit: boolean;
  readonly isDryRun: boolean;
  readonly isTried: boolean;
  readonly offline: string | null;
  readonly passphraseFile: string | null;
  readonly json: boolean;
}

/** Runs the command; gives its exit code. */
export async function deployCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return failed(options.error, 2);
  if (options.value === null) {
    say(USAGE);
    return 0;
  }
  const done = await deploy(options.value);
  if (!done.ok) return failed(done.error, 1);
  say(options.value.json ? JSON.stringify(done.value) : await afterwards(options.value, done.value));
  return 0;
}

function failed(reason: string, code: 1 | 2): number {
  process.stderr.write(`sigedge deploy: ${reason}\n`);
  return code;
}

/** Null for --help. */
function readOptions(args: readonly string[]): Result<Options | null, string> {
  const flags = readFlags(args, FLAGS);
  if (!flags.ok) return flags;
  const { values, positionals } = flags.value;
  if (values.help) return ok(null);
  if (positionals.length > 0) return err(`${positionals[0]} is not an option; --help shows what there is`);
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  return ok({
    ...selection.value,
    isSplit: values.split,
    isDryRun: values["dry-run"],
    isTried: !values["no-smoke-test"],
    offline: values.offline ?? null,
    passphraseFile: values["passphrase-file"] ?? null,
    json: values.json,
  });
}

interface Outcome {
  readonly url: string | null;
  readonly shape: "composed" | "split";
  readonly dryRun: boolean;
  readonly workers: readonly Deployed[];
  readonly tried: boolean;
}

async function deploy(options: Options): Promise<Result<Outcome, string>> {
  const { isSplit, isDryRun, json } = options;
  const shape = isSplit ? "split" : "composed";
  const read = requireDeployment(options);
  if (!read.ok) return read;
  const settings = workerSettings(read.value);
  if (!settings.ok) return settings;
  const stream = json ? process.stderr : process.stdout;
  const workers: Deployed[] = [];
  const plan = { isSplit, settings: settings.value, done: (worker: Deployed) => void workers.push(worker) };
  if (isDryRun) {
    const built = await runSteps(dryRunSteps({ ...plan, deployment: read.value }), stream);
    const url = read.value.publicUrl?.href ?? null;
    return built.ok ? ok({ url, shape, dryRun: true, workers, tried: false }) : built;
  }
  const deployment = claimShape(read.value, shape);
  if (!deployment.ok) return deployment;
  const trust = installTrustFile(deployment.value.folder, deployment.value.publicUrl);
  if (!trust.ok) return trust;
  // Asked for at the beginning: nobody wants to come back for it.
  const key = options.isTried ? await operatorKey(options, deployment.value) : ok(null);
  if (!key.ok) return key;
  const { publicUrl } = deployment.value;
  const steps = [...deploySteps({ ...plan, deployment: deployment.value }), ...trySteps(publicUrl, key.value)];
  const done = await runSteps(steps, stream);
  return done.ok ? ok({ url: publicUrl.href, shape, dryRun: false, workers, tried: options.isTried }) : done;
}

function trySteps(publicUrl: PublicUrl, key: KeyObject | null): readonly Step[] {
  if (key === null) return [];
  return smokeSteps(publicUrl, key).map(({ title, run }) => ({
    title,
    run: () => run().then(ok, (error: unknown) => err(error instanceof Error ? error.message : String(error))),
  }));
}

async function operatorKey(
  { offline, passphraseFile }: Options,
  deployment: Deployment,
): Promise<Result<KeyObject, string>> {
  const folder = offline ?? offlineFolder(deployment);
  const path = join(folder, OPERATOR_KEY_FILE);
  if (!existsSync(path)) {
    return err(
      `the smoke test needs ${shown(path)}; say where it is with --offline DIR, or leave it out with --no-smoke-test`,
    );
  }
  const passphrase = await offlinePassphrase(folder, passphraseFile);
  if (!passphrase.ok) return passphrase;
  const key = openKey(readFileSync(path, "utf8"), passphrase.value);
  return key === null ? err(`${shown(path)} cannot be opened with this passphrase`) : ok(key);
}

async function afterwards({ isDryRun }: Options, { url, tried }: Outcome): Promise<string> {
  if (isDryRun || url === null) return "\nEverything builds. Nothing was sent.";
  if (!tried) return `\n${url} is deployed. Not tried: npx sigedge doctor ${url}`;
  const trust = await trustFromUrl(url);
  return [
    `\n${url} is deployed, and a signature was made, logged, verified and found there.`,
    "",
    trust.ok ? trustText(trust.value, ["cosign"], null) : trust.error,
    "",
    `For the other clients: npx sigedge trust ${url}`,
  ].join("\n");
}
