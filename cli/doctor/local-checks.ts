// SPDX-License-Identifier: Apache-2.0
// Checks of a deployment's folder: whether its files are private, its settings right, the deployed Worker made from it,
// and whether the Worker fits into the plan.

import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { runDry } from "../deploy/dry-run.ts";
import {
  type Deployment,
  offlineFolder,
  openIssuersLine,
  quoteForShell,
  shortenPath,
  type WorkerSettings,
  workerSettings,
} from "../deployment/deployment.ts";
import { PASSPHRASE_FILE } from "../deployment/passphrase.ts";
import { readRetiredKeys } from "../deployment/retired-keys.ts";
import {
  describeOverdue,
  describePending,
  findUndeployed,
  isOverdue,
  postponeRetirement,
} from "../deployment/undeployed.ts";
import { configPath } from "../deployment/wrangler-config.ts";
import { IS_INSTALLED } from "../root.ts";
import { jsonOf, trustRootOf } from "../status/observe.ts";
import { PATHS } from "../status/paths.ts";
import {
  type Check,
  conclude,
  concludeInPart,
  error,
  type Finding,
  type Outcome,
  stopOthers,
  warning,
} from "./finding.ts";
import { readAs, type Site } from "./site.ts";

/** Free plan: https://developers.cloudflare.com/workers/platform/limits/ */
const MAX_GZIP_BYTES = 3 * 1024 * 1024;
const MAX_SETTING_BYTES = 5 * 1024;
const MAX_SETTINGS = 64;

/** The checks of a deployment's folder. @param site the deployment, from outside */
export const localChecks = (deployment: Deployment, site: Site): readonly Check[] => [
  {
    name: "folder",
    title: "the deployment's folder",
    needs: [],
    gives: null,
    run: async () => conclude(checkFolder(deployment)),
  },
  {
    name: "settings",
    title: "settings",
    needs: [],
    gives: "settings",
    run: async () => checkSettings(deployment, site),
  },
  {
    name: "deployed",
    title: "the deployed Worker comes from this folder",
    needs: ["service", "settings"],
    gives: null,
    run: () => checkDeployed(deployment, site),
  },
  {
    name: "retired-keys",
    title: "retired keys",
    needs: ["service"],
    gives: null,
    run: () => checkRetired(deployment, site),
  },
  {
    name: "limits",
    title: "the plan's limits",
    needs: ["settings"],
    gives: null,
    run: () => checkLimits(deployment),
  },
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
      findings.push(
        error("folder", `others can open ${shortenPath(path)}`, `chmod go= ${quoteForShell(shortenPath(path))}`),
      );
  }
  return findings;
}

function checkSettings(deployment: Deployment, { advice }: Site): Outcome {
  const settings = workerSettings(deployment);
  if (!settings.ok) {
    const fix = `correct it, then check again: ${advice.dryRun}`;
    const findings = settings.error.split("\n").map((problem) => error("settings", problem, fix));
    return stopOthers(findings, "the settings of the folder are wrong");
  }
  const open = openIssuersLine(deployment);
  const fix = "remove the issuers that you do not need, or give them a policy";
  return conclude(open === null ? [] : [warning("issuers", `the CA ${open}`, fix)]);
}

async function checkDeployed(deployment: Deployment, site: Site): Promise<Outcome> {
  const root = await readAs(site, PATHS.trustedRoot, trustRootOf);
  if (!root.ok) return concludeInPart([], [root.error]);
  const settings = workerSettings(deployment);
  const chain = settings.ok ? (settings.value.vars["CA_CHAIN"] ?? "") : "";
  const here = new X509Certificate(chain).fingerprint256;
  const isSame = root.value.cas.some(([certificate]) => certificate?.fingerprint256 === here);
  const fix = `${site.advice.deploy}, or use the folder that it was deployed from`;
  return conclude(isSame ? [] : [error("settings", "the deployed CA is not the one in the folder", fix)]);
}

async function checkRetired(deployment: Deployment, site: Site): Promise<Outcome> {
  const rows = readRetiredKeys(deployment.folder);
  if (!rows.ok) return conclude([error("retired-keys", rows.error, "restore the file from a backup")]);
  if (rows.value.length === 0) return conclude([]);
  const root = await readAs(site, PATHS.trustedRoot, jsonOf);
  if (!root.ok) return concludeInPart([], [root.error]);
  const now = Date.now();
  return conclude(
    findUndeployed(rows.value, root.value).map((one) =>
      isOverdue(one, now)
        ? error("retired-keys", describeOverdue(one), postponeRetirement(deployment, one, now))
        : warning("retired-keys", describePending(one), `before that: ${site.advice.deploy}`),
    ),
  );
}

async function checkLimits(deployment: Deployment): Promise<Outcome> {
  const settings = workerSettings(deployment);
  const { passed, gzipBytes, output } = await runDry(null, IS_INSTALLED ? configPath(deployment, null) : null);
  const findings: Finding[] = [];
  if (!passed) findings.push(error("limits", "the Worker does not build", output.trim().split("\n").at(-1) ?? ""));
  if (gzipBytes > MAX_GZIP_BYTES)
    findings.push(error("limits", `the Worker is ${gzipBytes} bytes after gzip`, "the Free plan allows 3 MiB"));
  return conclude(settings.ok ? [...findings, ...settingLimits(settings.value)] : findings);
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
