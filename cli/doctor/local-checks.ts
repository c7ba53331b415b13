// SPDX-License-Identifier: Apache-2.0
// Checks of a deployment's folder, and of the Cloudflare account: whether the deployed Worker matches the folder,
// whether files are private, and whether the Worker fits into the plan.

import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { runDry } from "../deploy/dry-run.ts";
import { settingsOf } from "../deploy/plan.ts";
import {
  type Deployment,
  offlineFolder,
  openIssuersLine,
  shortenPath,
  type WorkerSettings,
  workerSettings,
} from "../deployment/deployment.ts";
import { PASSPHRASE_FILE } from "../deployment/passphrase.ts";
import { listRemoteSecrets } from "../deployment/prepare.ts";
import { reasonOf, runWrangler } from "../deployment/wrangler.ts";
import { configPath, SPLIT_ORDER, type SplitWorker, workerName } from "../deployment/wrangler-config.ts";
import { IS_INSTALLED } from "../root.ts";
import { readTrustRoot } from "../status/observe.ts";
import { type Check, error, type Finding, warning } from "./finding.ts";

/** Free plan: https://developers.cloudflare.com/workers/platform/limits/ */
const MAX_GZIP_BYTES = 3 * 1024 * 1024;
const MAX_SETTING_BYTES = 5 * 1024;
const MAX_SETTINGS = 64;

/** The checks of a deployment's folder. */
export const localChecks = (deployment: Deployment): readonly Check[] => [
  { title: "the deployment's folder", run: async () => checkFolder(deployment) },
  { title: "settings", run: () => checkSettings(deployment) },
  { title: "the plan's limits", run: () => checkLimits(deployment) },
];

/** The checks of the Cloudflare account. */
export const accountChecks = (deployment: Deployment): readonly Check[] => [
  { title: "secrets in the account", run: () => checkSecrets(deployment) },
  { title: "D1 migrations in the account", run: () => checkMigrations(deployment) },
];

function checkFolder(deployment: Deployment): readonly Finding[] {
  const { folder } = deployment;
  const findings: Finding[] = [];
  const offline = offlineFolder(deployment);
  if (existsSync(join(offline, PASSPHRASE_FILE))) {
    const path = shortenPath(join(offline, PASSPHRASE_FILE));
    findings.push(
      warning("folder", `${path} is beside the keys that it protects`, "move it to where you keep passwords"),
    );
  }
  if (deployment.shape !== null && existsSync(offline)) {
    findings.push(
      warning(
        "folder",
        `the root keys are still in ${shortenPath(offline)}`,
        "copy the folder to two media, then delete it here",
      ),
    );
  }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // wrangler's own bundles, in a private folder.
    if (path.includes(`${sep}.wrangler`)) continue;
    if ((statSync(path).mode & 0o077) !== 0)
      findings.push(error("folder", `others can open ${shortenPath(path)}`, `chmod go= ${shortenPath(path)}`));
  }
  return findings;
}

async function checkSettings(deployment: Deployment): Promise<readonly Finding[]> {
  const settings = workerSettings(deployment);
  if (!settings.ok) {
    const fix = "correct it, then check again: npx sigedge deploy --dry-run";
    return settings.error.split("\n").map((problem) => error("settings", problem, fix));
  }
  const open = openIssuersLine(deployment);
  const admits =
    open === null
      ? []
      : [warning("issuers", `the CA ${open}`, "remove the issuers that you do not need, or give them a policy")];
  if (deployment.publicUrl === null)
    return [error("settings", "the deployment has no address", "npx sigedge init --url https://HOST")];
  const root = await readTrustRoot(deployment.publicUrl.href);
  const deployed = root.ok ? root.value.cas[0]?.[0]?.fingerprint256 : undefined;
  const chain = settings.value.vars["CA_CHAIN"] ?? "";
  const here = new X509Certificate(chain).fingerprint256;
  return deployed === undefined || deployed === here
    ? admits
    : [
        ...admits,
        error(
          "settings",
          "the deployed CA is not the one in the folder",
          "npx sigedge deploy, or use the folder that it was deployed from",
        ),
      ];
}

async function checkLimits(deployment: Deployment): Promise<readonly Finding[]> {
  const settings = workerSettings(deployment);
  const { passed, gzipBytes, output } = await runDry(null, IS_INSTALLED ? configPath(deployment, null) : null);
  const findings: Finding[] = [];
  if (!passed) findings.push(error("limits", "the Worker does not build", output.trim().split("\n").at(-1) ?? ""));
  if (gzipBytes > MAX_GZIP_BYTES)
    findings.push(error("limits", `the Worker is ${gzipBytes} bytes after gzip`, "the Free plan allows 3 MiB"));
  return settings.ok ? [...findings, ...settingLimits(settings.value)] : findings;
}

function settingLimits({ secrets, vars }: WorkerSettings): readonly Finding[] {
  const all = Object.entries({ ...vars, ...secrets });
  const large = all.filter(([, value]) => Buffer.byteLength(value) > MAX_SETTING_BYTES);
  return [
    ...large.map(([name]) => error("limits", `${name} is larger than 5 KB`, "shorten the file that it comes from")),
    ...(all.length > MAX_SETTINGS
      ? [error("limits", `${all.length} settings and secrets`, "the Free plan allows 64")]
      : []),
  ];
}

const workersOf = ({ shape }: Deployment): readonly (SplitWorker | null)[] =>
  shape === "split" ? SPLIT_ORDER : [null];

async function checkSecrets(deployment: Deployment): Promise<readonly Finding[]> {
  const settings = workerSettings(deployment);
  if (!settings.ok) return [];
  const findings: Finding[] = [];
  for (const worker of workersOf(deployment)) {
    const name = workerName(deployment, worker);
    const remote = await listRemoteSecrets(deployment, worker);
    if (!remote.ok) return [error("secrets", remote.error, "npx wrangler login, or set CLOUDFLARE_API_TOKEN")];
    const own = Object.keys(settingsOf(worker, settings.value.secrets));
    const missing = own.filter((secret) => remote.value?.includes(secret) !== true);
    const extra = (remote.value ?? []).filter((secret) => worker !== null && !own.includes(secret));
    if (missing.length > 0)
      findings.push(error("secrets", `${name} lacks ${missing.join(", ")}`, "npx sigedge deploy"));
    if (extra.length > 0) {
      const fix = `npx wrangler secret delete NAME --name ${name}`;
      findings.push(error("secrets", `${name} has ${extra.join(", ")}, which belong to another service only`, fix));
    }
  }
  return findings;
}

async function checkMigrations(deployment: Deployment): Promise<readonly Finding[]> {
  const config = configPath(deployment, deployment.shape === "split" ? "sequencer" : null);
  const run = await runWrangler(["d1", "migrations", "list", "INDEX", "--remote", "--config", config]);
  if (!run.passed) return [error("migrations", reasonOf(run), "npx wrangler login, or set CLOUDFLARE_API_TOKEN")];
  return run.output.includes("No migrations to apply")
    ? []
    : [error("migrations", "D1 migrations are not applied", "npx sigedge deploy")];
}
