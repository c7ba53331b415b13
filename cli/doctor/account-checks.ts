// SPDX-License-Identifier: Apache-2.0
// Checks of the Cloudflare account: whether it has the secrets and tables that the folder's Workers need.

import { settingsOf } from "../deploy/plan.ts";
import { openAccount } from "../deployment/account.ts";
import { type Deployment, workerSettings } from "../deployment/deployment.ts";
import { listRemoteSecrets } from "../deployment/prepare.ts";
import { reasonOf, runWrangler } from "../deployment/wrangler.ts";
import { configPath, SPLIT_ORDER, type SplitWorker, workerName } from "../deployment/wrangler-config.ts";
import type { Advice } from "./advice.ts";
import { type Check, conclude, concludeInPart, error, type Finding, type Outcome, stopOthers } from "./finding.ts";

/** The checks of the Cloudflare account. */
export const accountChecks = (deployment: Deployment, advice: Advice): readonly Check[] => [
  { name: "account", title: "the account", needs: [], gives: "account", run: checkLogin },
  {
    name: "secrets",
    title: "secrets in the account",
    needs: ["account", "settings"],
    gives: null,
    run: () => checkSecrets(deployment, advice),
  },
  {
    name: "migrations",
    title: "D1 migrations in the account",
    needs: ["account"],
    gives: null,
    run: () => checkMigrations(deployment, advice),
  },
];

const LOGIN = "npx wrangler login, or set CLOUDFLARE_API_TOKEN";

async function checkLogin(): Promise<Outcome> {
  const account = await openAccount();
  if (account.ok) return conclude([]);
  const [line = ""] = account.error.split("\n");
  return stopOthers([error("account", line, LOGIN)], "the account cannot be read");
}

const workersOf = ({ shape }: Deployment): readonly (SplitWorker | null)[] =>
  shape === "split" ? SPLIT_ORDER : [null];

async function checkSecrets(deployment: Deployment, advice: Advice): Promise<Outcome> {
  const settings = workerSettings(deployment);
  if (!settings.ok) return conclude([]);
  const findings: Finding[] = [];
  const notChecked: string[] = [];
  for (const worker of workersOf(deployment)) {
    const remote = await listRemoteSecrets(deployment, worker);
    const own = Object.keys(settingsOf(worker, settings.value.secrets));
    const name = workerName(deployment, worker);
    if (!remote.ok) notChecked.push(`${name}: ${remote.error}`);
    else if (remote.value === null) findings.push(error("secrets", `the account has no Worker ${name}`, advice.deploy));
    else findings.push(...compareSecrets({ name, own, isSplit: worker !== null }, remote.value, advice));
  }
  return concludeInPart(findings, notChecked);
}

function compareSecrets(
  { name, own, isSplit }: { readonly name: string; readonly own: readonly string[]; readonly isSplit: boolean },
  remote: readonly string[],
  { deploy }: Advice,
): readonly Finding[] {
  const missing = own.filter((secret) => !remote.includes(secret));
  const extra = remote.filter((secret) => isSplit && !own.includes(secret));
  const fix = `npx wrangler secret delete NAME --name ${name}`;
  return [
    ...(missing.length === 0 ? [] : [error("secrets", `${name} lacks ${missing.join(", ")}`, deploy)]),
    ...(extra.length === 0
      ? []
      : [error("secrets", `${name} has ${extra.join(", ")}, which belong to another service only`, fix)]),
  ];
}

async function checkMigrations(deployment: Deployment, { deploy }: Advice): Promise<Outcome> {
  const config = configPath(deployment, deployment.shape === "split" ? "sequencer" : null);
  const run = await runWrangler(["d1", "migrations", "list", "INDEX", "--remote", "--config", config]);
  if (!run.passed) return concludeInPart([], [reasonOf(run)]);
  return conclude(
    run.output.includes("No migrations to apply") ? [] : [error("migrations", "D1 migrations are not applied", deploy)],
  );
}
