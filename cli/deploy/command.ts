// SPDX-License-Identifier: Apache-2.0
// `sigedge deploy`: deploys to Cloudflare with the unmodified wrangler, then signs a file with the deployed service.

import type { KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Arguments, defineCommand, refusePositionals } from "../command.ts";
import {
  chooseShape,
  DEPLOYMENT_FLAGS,
  type Deployment,
  offlineFolder,
  openIssuersLine,
  requireDeployment,
  type Selection,
  selectDeployment,
  shortenPath,
  workerSettings,
} from "../deployment/deployment.ts";
import { OPERATOR_KEY_FILE } from "../deployment/operator-issuer.ts";
import { askOfflinePassphrase, PASSPHRASE_FLAGS } from "../deployment/passphrase.ts";
import { installTrustFile, TRUST_FILE_CHANGED } from "../deployment/trust-root.ts";
import { runSteps, type Step } from "../steps.ts";
import { paint } from "../terminal.ts";
import { readTrustFromUrl } from "../trust/files.ts";
import { trustText } from "../trust/text.ts";
import { openKey } from "../tuf/encrypted-key.ts";
import { type Deployed, deploySteps, dryRunSteps } from "./plan.ts";
import { smokeSteps } from "./smoke.ts";

const FLAGS = {
  split: {
    description:
      "Deploy one Worker for each service, with the gateway in front. Each Worker then holds only its own secrets.",
  },
  "dry-run": { description: "Build every Worker and check every setting, but send nothing." },
  adopt: {
    description:
      "Replace a Worker, bucket or database of this name that was not made from this folder. Its logs and secrets are lost to their owner.",
  },
  "take-over-domain": {
    description: "Take the host name from another Worker, or replace the DNS record that it has.",
  },
  "no-smoke-test": { description: "Skip the signature at the end." },
  offline: {
    value: "DIR",
    description: "The folder with the operator issuer's key, if you moved the offline folder.",
  },
  ...DEPLOYMENT_FLAGS,
  ...PASSPHRASE_FLAGS,
} as const;

interface Options extends Selection {
  readonly isSplit: boolean;
  readonly isDryRun: boolean;
  readonly isTried: boolean;
  readonly adopts: boolean;
  readonly takesDomain: boolean;
  readonly offline: string | null;
  readonly passphraseFile: string | null;
}

export const DEPLOY = defineCommand({
  name: "deploy",
  summary: "deploy to Cloudflare and test the deployment with a signature",
  usage: ["deploy [options]"],
  description: [
    "Deploys what sigedge init created: finds or creates the database and the bucket, applies D1 migrations, uploads code, settings and secrets, then signs, logs, verifies and finds a file at the deployed address.",
    "The command is safe to repeat. Run it again to deploy a new version, a changed setting or an edited issuers.yaml.",
    "A first deployment stops before it sends anything if the account already has a Worker, bucket, database or domain of these names.",
    "Requires a wrangler that is logged in (npx wrangler login), or CLOUDFLARE_API_TOKEN.",
  ],
  arguments: [],
  flags: FLAGS,
  json: "Print one JSON object on standard output, and progress on standard error.",
  examples: [
    { title: "Deploy everything as one Worker", command: "npx sigedge deploy" },
    { title: "Check all settings without sending anything", command: "npx sigedge deploy --dry-run" },
    {
      title: "Deploy with the operator's key on a removable disk",
      command: "npx sigedge deploy --offline /media/keys/offline",
    },
  ],
  exitCodes: {
    0: "Everything is deployed and the smoke test passed, or the dry run passed.",
    1: "A step failed; the message names it.",
    2: "The arguments are wrong.",
  },
  read: readOptions,
  run: async (options, output) => {
    const done = await deploy(options, output.stream);
    if (!done.ok) return done;
    output.result(done.value, output.isJson ? "" : await runToText(done.value));
    return ok(0);
  },
});

function readOptions(args: Arguments<typeof FLAGS>): Result<Options, string> {
  const { values } = args;
  const unexpected = refusePositionals(args);
  if (!unexpected.ok) return unexpected;
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  return ok({
    ...selection.value,
    isSplit: values.split,
    isDryRun: values["dry-run"],
    isTried: !values["no-smoke-test"],
    adopts: values.adopt,
    takesDomain: values["take-over-domain"],
    offline: values.offline,
    passphraseFile: values["passphrase-file"],
  });
}

interface Outcome {
  readonly url: string | null;
  readonly shape: "composed" | "split";
  readonly dryRun: boolean;
  readonly workers: readonly Deployed[];
  readonly tried: boolean;
}

async function deploy(options: Options, stream: NodeJS.WriteStream): Promise<Result<Outcome, string>> {
  const { isSplit, isDryRun, adopts, takesDomain } = options;
  const shape = isSplit ? "split" : "composed";
  const read = requireDeployment(options);
  if (!read.ok) return read;
  const settings = workerSettings(read.value);
  if (!settings.ok) return settings;
  const open = openIssuersLine(read.value);
  if (open !== null) stream.write(`${paint("yellow", `The CA ${open}`)}\n`);
  const workers: Deployed[] = [];
  const isFirst = read.value.shape === null;
  const chosen = { isSplit, isFirst, adopts, takesDomain };
  const plan = { ...chosen, settings: settings.value, done: (worker: Deployed) => void workers.push(worker) };
  if (isDryRun) {
    const built = await runSteps(dryRunSteps({ ...plan, deployment: read.value }), stream);
    const url = read.value.publicUrl?.href ?? null;
    return built.ok ? ok({ url, shape, dryRun: true, workers, tried: false }) : built;
  }
  const deployment = chooseShape(read.value, shape);
  if (!deployment.ok) return deployment;
  const trust = installTrustFile(deployment.value.folder, deployment.value.publicUrl);
  if (!trust.ok) return trust;
  if (trust.value) stream.write(`${TRUST_FILE_CHANGED}\n`);
  // Asks for the passphrase before the deployment, which takes minutes.
  const key = options.isTried ? await openOperatorKey(options, deployment.value) : ok(null);
  if (!key.ok) return key;
  const { publicUrl } = deployment.value;
  const steps = [...deploySteps({ ...plan, deployment: deployment.value }), ...smokeTest(publicUrl, key.value)];
  const done = await runSteps(steps, stream);
  return done.ok ? ok({ url: publicUrl.href, shape, dryRun: false, workers, tried: options.isTried }) : done;
}

function smokeTest(publicUrl: PublicUrl, key: KeyObject | null): readonly Step[] {
  if (key === null) return [];
  return smokeSteps(publicUrl, key).map(({ title, run }) => ({
    title,
    run: () => run().then(ok, (error: unknown) => err(error instanceof Error ? error.message : String(error))),
  }));
}

async function openOperatorKey(
  { offline, passphraseFile }: Options,
  deployment: Deployment,
): Promise<Result<KeyObject, string>> {
  const folder = offline ?? offlineFolder(deployment);
  const path = join(folder, OPERATOR_KEY_FILE);
  if (!existsSync(path)) {
    return err(
      `the smoke test needs ${shortenPath(path)}; give its folder with --offline DIR, or skip the test with --no-smoke-test`,
    );
  }
  const passphrase = await askOfflinePassphrase(folder, passphraseFile);
  if (!passphrase.ok) return passphrase;
  const key = openKey(readFileSync(path, "utf8"), passphrase.value);
  return key === null ? err(`this passphrase does not open ${shortenPath(path)}`) : ok(key);
}

async function runToText({ dryRun, url, tried }: Outcome): Promise<string> {
  if (dryRun || url === null) return "\nEverything builds. Nothing was sent.";
  if (!tried) return `\n${url} is deployed, but not tested. To test it: npx sigedge doctor ${url}`;
  const trust = await readTrustFromUrl(url);
  return [
    `\n${url} is deployed. A test signature was made, logged, verified and found there.`,
    "",
    trust.ok ? trustText(trust.value, ["cosign"], null) : trust.error,
    "",
    `For the other clients: npx sigedge trust ${url}`,
  ].join("\n");
}
