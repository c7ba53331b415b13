// SPDX-License-Identifier: Apache-2.0
// `sigedge doctor`: looks for what is wrong with a deployment, and says what to do about it. Changes nothing.

import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  DEPLOYMENT_FLAGS,
  DEPLOYMENT_USAGE,
  type Deployment,
  readDeployment,
  selectDeployment,
} from "../deployment/deployment.ts";
import { readFlags } from "../flags.ts";
import { say, styled } from "../terminal.ts";
import type { Finding } from "./finding.ts";
import { accountChecks, localChecks } from "./local-checks.ts";
import { publicChecks } from "./public-checks.ts";

const USAGE = `sigedge doctor [URL] [options]

Looks for misconfiguration, and says of each finding what to do: host name against origins, routes, what stands in front
of the Worker, caches, clocks, expiry, the trust root against the keys that run; of the deployment in this checkout also
its files, settings and the Free plan's limits. Changes nothing.

  URL              any deployment, seen from outside; by default that of the folder
  --account        also ask the account for secrets and D1 migrations; wrangler must be logged in
${DEPLOYMENT_USAGE}
  --json           one JSON object on standard output

Exit code: 0 nothing is wrong (warnings count as nothing), 1 something is, 2 wrong use.`;

const FLAGS = {
  ...DEPLOYMENT_FLAGS,
  account: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

interface Options {
  readonly publicUrl: PublicUrl;
  /** Null if the address is of another one, or none is here. */
  readonly deployment: Deployment | null;
  readonly account: boolean;
  readonly json: boolean;
}

/** Runs the command; gives its exit code. */
export async function doctorCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) {
    process.stderr.write(`sigedge doctor: ${options.error}\n`);
    return 2;
  }
  if (options.value === null) {
    say(USAGE);
    return 0;
  }
  const { publicUrl, deployment, account, json } = options.value;
  const checks = [
    ...publicChecks(publicUrl),
    ...(deployment === null ? [] : localChecks(deployment)),
    ...(deployment === null || !account ? [] : accountChecks(deployment)),
  ];
  const findings: Finding[] = [];
  for (const { title, run } of checks) {
    const found = await run();
    findings.push(...found);
    if (!json) tell(title, found);
  }
  if (json) say(JSON.stringify({ url: publicUrl.href, findings }));
  else if (findings.length === 0) say(`\n${publicUrl.href}: nothing found.`);
  return findings.some(({ level }) => level === "error") ? 1 : 0;
}

function tell(title: string, findings: readonly Finding[]): void {
  const isBad = findings.some(({ level }) => level === "error");
  const mark = isBad ? styled("red", "✗") : findings.length > 0 ? styled("yellow", "!") : styled("green", "✓");
  say(`${mark} ${title}`);
  for (const { level, finding, fix } of findings) {
    say(`    ${styled(level === "error" ? "red" : "yellow", finding)}`);
    say(`    → ${fix}`);
  }
}

/** Null for --help. */
function readOptions(args: readonly string[]): Result<Options | null, string> {
  const flags = readFlags(args, FLAGS);
  if (!flags.ok) return flags;
  const { values, positionals } = flags.value;
  if (values.help) return ok(null);
  if (positionals.length > 1) return err("give one address");
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  const deployment = readDeployment(selection.value.folder);
  if (!deployment.ok) return deployment;
  const own = deployment.value?.publicUrl ?? null;
  const given = positionals[0] === undefined ? ok(own) : parsePublicUrl(positionals[0].replace(/\/$/, ""));
  if (!given.ok) return err(`the address ${given.error.reason}`);
  if (given.value === null) return err("give the address of a deployment: sigedge doctor https://HOST");
  const isOwn = own?.href === given.value.href;
  if (values.account && !isOwn)
    return err("--account is for the deployment of the folder; choose it with --env or --dir");
  return ok({
    publicUrl: given.value,
    deployment: isOwn ? deployment.value : null,
    account: values.account,
    json: values.json,
  });
}
