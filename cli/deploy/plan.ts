// SPDX-License-Identifier: Apache-2.0
// The steps of a deployment, Worker by Worker: the composed one, or nine in the order in which they bind each other.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { DECLARATIONS, settingNames } from "../../workers/declarations.ts";
import { SETTINGS as GATEWAY_SETTINGS } from "../../workers/front/declaration.ts";
import { openAccount } from "../deployment/account.ts";
import { type Deployment, forgetShape, recordShape, type WorkerSettings } from "../deployment/deployment.ts";
import { databaseSteps, listRemoteSecrets, useSecretsFile } from "../deployment/prepare.ts";
import { refuseOverdue } from "../deployment/undeployed.ts";
import { reasonOf, runWrangler } from "../deployment/wrangler.ts";
import { SPLIT_ORDER, type SplitWorker, workerName, writeConfig } from "../deployment/wrangler-config.ts";
import type { Step } from "../steps.ts";
import { checkAccountFirst } from "./preflight.ts";

/** A Worker that was deployed. */
export interface Deployed {
  readonly name: string;
  /** Null in a dry run. */
  readonly versionId: string | null;
  readonly gzipBytes: number | null;
}

/** A deployment to make, and its shape. */
export interface Plan {
  readonly deployment: Deployment;
  readonly isSplit: boolean;
  readonly settings: WorkerSettings;
  /** Whether nothing was deployed from the folder before. */
  readonly isFirst: boolean;
  /** Whether to replace what another folder has made. */
  readonly adopts: boolean;
  /** Whether to take a domain from another Worker or DNS record. */
  readonly takesDomain: boolean;
  /** Called after each Worker. */
  readonly done: (worker: Deployed) => void;
}

/** All steps, in order. */
export function deploySteps(plan: Plan): readonly Step[] {
  const { deployment } = plan;
  const workers = workersOf(plan);
  const first = workers[0] ?? null;
  return [
    { title: "configuration", run: () => writeConfigs(plan) },
    ...(plan.isFirst ? [] : [{ title: "retired keys", run: () => refuseOverdue(deployment, Date.now()) }]),
    { title: "what the account has already", run: () => checkAccount(plan, workers) },
    ...databaseSteps(deployment, first),
    ...workers.map((worker) => ({
      title: `Worker ${workerName(deployment, worker)}`,
      run: () => (worker === first ? deployFirst(plan, worker) : deployWorker(plan, worker)),
    })),
  ];
}

async function checkAccount(
  { deployment, settings, ...choices }: Plan,
  workers: readonly (SplitWorker | null)[],
): Promise<Result<string, string>> {
  const account = await openAccount();
  return account.ok
    ? checkAccountFirst(account.value, { ...choices, deployment, workers, vars: settings.vars })
    : account;
}

/** Uploads the first Worker, which decides the deployment's shape if it exists afterwards. */
async function deployFirst(plan: Plan, worker: SplitWorker | null): Promise<Result<string, string>> {
  const { deployment, isFirst } = plan;
  recordShape(deployment);
  const deployed = await deployWorker(plan, worker);
  if (deployed.ok || !isFirst) return deployed;
  const remote = await listRemoteSecrets(deployment, worker);
  if (remote.ok && remote.value === null) forgetShape(deployment);
  return deployed;
}

/** Builds what would be deployed, without a network. */
export function dryRunSteps(plan: Plan): readonly Step[] {
  const { deployment } = plan;
  return [
    { title: "configuration", run: () => writeConfigs(plan) },
    ...workersOf(plan).map((worker) => ({
      title: `Worker ${workerName(deployment, worker)}`,
      run: () => runDeploy(plan, worker, ["--dry-run"]),
    })),
  ];
}

const workersOf = ({ isSplit }: Plan): readonly (SplitWorker | null)[] => (isSplit ? SPLIT_ORDER : [null]);

async function writeConfigs(plan: Plan): Promise<Result<string, string>> {
  for (const worker of workersOf(plan)) {
    await writeConfig({ deployment: plan.deployment, worker, vars: settingsOf(worker, plan.settings.vars) });
  }
  return ok(plan.isSplit ? `${SPLIT_ORDER.length} Workers` : "one Worker");
}

/** The settings that a Worker's service declares. */
export function settingsOf(
  worker: SplitWorker | null,
  settings: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (worker === null) return settings;
  const names = settingNames(worker === "gateway" ? GATEWAY_SETTINGS : DECLARATIONS[worker].settings);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name)));
}

function deployWorker(plan: Plan, worker: SplitWorker | null): Promise<Result<string, string>> {
  const secrets = settingsOf(worker, plan.settings.secrets);
  if (Object.keys(secrets).length === 0) return runDeploy(plan, worker, []);
  return useSecretsFile(plan.deployment, secrets, (file) => runDeploy(plan, worker, ["--secrets-file", file]));
}

async function runDeploy(
  { deployment, done }: Plan,
  worker: SplitWorker | null,
  args: readonly string[],
): Promise<Result<string, string>> {
  const tmp = join(deployment.folder, "tmp");
  mkdirSync(tmp, { recursive: true, mode: 0o700 });
  const report = join(tmp, `deployed-${process.pid}.ndjson`);
  rmSync(report, { force: true });
  try {
    const config = join(deployment.folder, worker === null ? "wrangler.json" : `wrangler.${worker}.json`);
    const run = await runWrangler(["deploy", "--config", config, ...args], { report });
    if (!run.passed) return err(reasonOf(run));
    const deployed = { name: workerName(deployment, worker), ...readReport(report) };
    done(deployed);
    return ok(describe(deployed));
  } finally {
    rmSync(report, { force: true });
  }
}

function describe({ versionId, gzipBytes }: Deployed): string {
  const size = gzipBytes === null ? "" : `${(gzipBytes / 1024).toFixed(0)} KiB gzip`;
  return [size, versionId === null ? "" : `version ${versionId}`].filter((word) => word !== "").join(", ");
}

/** Reads what wrangler reports to programs: one JSON object per line (WRANGLER_OUTPUT_FILE_PATH). */
function readReport(file: string): Omit<Deployed, "name"> {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const entries: readonly unknown[] = lines.map((line) => JSON.parse(line));
  const deployed = entries.find((entry) => member(entry, "type") === "deploy");
  const gzipBytes = member(member(deployed, "bundle_size"), "gzip_bytes");
  const versionId = member(deployed, "version_id");
  return {
    versionId: typeof versionId === "string" ? versionId : null,
    gzipBytes: typeof gzipBytes === "number" ? gzipBytes : null,
  };
}
