// SPDX-License-Identifier: Apache-2.0
// The build.command of the generated configuration: runs before a bare `wrangler deploy` bundles, and does what
// `sigedge deploy` does before it calls wrangler. Does nothing in a dry run. Keeps `wrangler dev` from running with
// production keys: with one log key over two storages, the log would sign two histories.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { err, ok, type Result } from "../../shared/result.ts";
import { childEnvironment } from "../child-environment.ts";
import { openAccount } from "../deployment/account.ts";
import { chooseShape, type Deployment, readDeployment, recordShape, workerSettings } from "../deployment/deployment.ts";
import { databaseSteps, listRemoteSecrets, uploadSecrets } from "../deployment/prepare.ts";
import { refuseOverdue } from "../deployment/undeployed.ts";
import { PREPARED_VARIABLE } from "../deployment/wrangler.ts";
import { findRedirectedFolder } from "../deployment/wrangler-config.ts";
import type { Step } from "../steps.ts";
import { say } from "../terminal.ts";
import { checkAccountFirst, type Target } from "./preflight.ts";

/** wrangler, its shell, and the processes of npx between them. */
const MAX_ANCESTORS = 6;

/** Whether wrangler runs with --dry-run; null if the system does not show its arguments. */
function isDryRun(): boolean | null {
  let id = process.ppid;
  for (let i = 0; i < MAX_ANCESTORS && id > 1; i++) {
    const ancestor = readProcess(id);
    if (ancestor === null) return null;
    if (/wrangler(\.js)?$/.test(ancestor.args[1] ?? "") || /wrangler(\.js)?$/.test(ancestor.args[0] ?? "")) {
      return ancestor.args.some((arg) => /^--dry-?run(=true)?$/i.test(arg));
    }
    id = ancestor.parent;
  }
  return null;
}

interface Ancestor {
  readonly parent: number;
  readonly args: readonly string[];
}

function readProcess(id: number): Ancestor | null {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${id}/stat`, "utf8");
      // The name is in parentheses and may hold any character; state and parent follow it.
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return { parent, args: readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0").slice(0, -1) };
    }
    const line = execFileSync("ps", ["-o", "ppid=,args=", "-p", String(id)], {
      encoding: "utf8",
      env: childEnvironment({}),
    }).trim();
    const [parent = "", ...args] = line.split(/\s+/);
    return { parent: Number(parent), args };
  } catch {
    return null;
  }
}

async function prepare(deployment: Deployment, isFirst: boolean): Promise<Result<null, string>> {
  const settings = workerSettings(deployment);
  if (!settings.ok) return settings;
  const { secrets, vars } = settings.value;
  const steps: readonly Step[] = [
    { title: "retired keys", run: () => refuseOverdue(deployment, Date.now()) },
    { title: "what the account has already", run: () => checkAccount({ deployment, isFirst, vars }) },
    ...databaseSteps(deployment, null),
    { title: "secrets", run: () => uploadMissing(deployment, secrets) },
  ];
  for (const { title, run } of steps) {
    const done = await run();
    if (!done.ok) return err(`${title}: ${done.error}`);
    say(`sigedge: ${title}: ${done.value}`);
  }
  return ok(null);
}

/** Set to 1, it says for a bare `npx wrangler deploy` what --adopt says for `sigedge deploy`. */
const ADOPT_VARIABLE = "SIGEDGE_ADOPT";

async function checkAccount(of: Pick<Target, "deployment" | "isFirst" | "vars">): Promise<Result<string, string>> {
  const account = await openAccount();
  const adopts = process.env[ADOPT_VARIABLE] === "1";
  return account.ok
    ? checkAccountFirst(account.value, { ...of, workers: [null], adopts, takesDomain: false })
    : account;
}

async function uploadMissing(
  deployment: Deployment,
  secrets: Readonly<Record<string, string>>,
): Promise<Result<string, string>> {
  const remote = await listRemoteSecrets(deployment, null);
  if (!remote.ok) return remote;
  const missing = Object.keys(secrets).filter((name) => remote.value?.includes(name) !== true);
  return missing.length === 0 ? ok("all there") : uploadSecrets(deployment, null, secrets);
}

/** Runs the hook; gives its exit code. */
export async function checkBuild(): Promise<number> {
  if (process.env["WRANGLER_COMMAND"] === "dev") {
    return fail("this checkout is prepared for deployment; for development run: npx wrangler dev -c wrangler.toml");
  }
  if (process.env[PREPARED_VARIABLE] !== undefined) return 0;
  const folder = findRedirectedFolder();
  const read = folder === null ? ok(null) : readDeployment(folder);
  if (!read.ok) return fail(read.error);
  if (read.value === null) return fail("the deployment's folder is missing; create one with: npx sigedge init");
  const dry = isDryRun();
  if (dry !== false) {
    say(dry === true ? "sigedge: dry run: nothing is created, no secret uploaded" : UNCERTAIN);
    return 0;
  }
  const deployment = chooseShape(read.value, "composed");
  if (!deployment.ok) return fail(deployment.error);
  const prepared = await prepare(deployment.value, read.value.shape === null);
  if (!prepared.ok) return fail(prepared.error);
  recordShape(deployment.value);
  return 0;
}

const UNCERTAIN =
  "sigedge: cannot tell whether this is a dry run, so no secret is uploaded; to upload them: npx sigedge deploy";

function fail(reason: string): number {
  process.stderr.write(`sigedge: ${reason}\n`);
  return 1;
}
