// SPDX-License-Identifier: Apache-2.0
// `sigedge doctor`: finds what is wrong with a deployment and says how to fix it. Changes nothing.

import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Arguments, defineCommand, type Output } from "../command.ts";
import { DEPLOYMENT_FLAGS, type Deployment, readDeployment, selectDeployment } from "../deployment/deployment.ts";
import { paint } from "../terminal.ts";
import { accountChecks } from "./account-checks.ts";
import { adviceFor, adviceForOthers } from "./advice.ts";
import { connectorCheck } from "./connector-checks.ts";
import { type Check, type Checked, type Finding, runChecks } from "./finding.ts";
import { localChecks } from "./local-checks.ts";
import { publicChecks } from "./public-checks.ts";
import { openSite } from "./site.ts";

const FLAGS = {
  account: {
    description: "Also check secrets and D1 migrations in the Cloudflare account. wrangler must be logged in.",
  },
  ...DEPLOYMENT_FLAGS,
} as const;

interface Options {
  readonly publicUrl: PublicUrl;
  /** The deployment of the folder, null if the address is another one or the folder holds none. */
  readonly deployment: Deployment | null;
  readonly account: boolean;
}

export const DOCTOR = defineCommand({
  name: "doctor",
  summary: "find what is wrong with a deployment, and say how to fix it",
  usage: ["doctor [URL] [options]"],
  description: [
    "Looks for misconfiguration and gives a fix for each finding: host name and log origins, routes, proxies in front of the Worker, caches, clocks, expiry, and the trust root against the keys in use. For the deployment in this checkout, it also checks files, settings and the limits of Cloudflare's Free plan, and asks the providers of its connectors whether they know it. Changes nothing.",
    "A ✓ stands for a check that looked at everything and found nothing, a – for one that could not look, with the reason. If one cause stops several checks, the first reports it.",
  ],
  arguments: [
    {
      name: "URL",
      description: "The address of any deployment, checked from outside. Default: the deployment of the folder.",
    },
  ],
  flags: FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    { title: "Check the deployment of this checkout, including the account", command: "npx sigedge doctor --account" },
    { title: "Check any deployment from outside", command: "npx sigedge doctor https://sign.example.com" },
  ],
  exitCodes: {
    0: "No errors. There may be warnings.",
    1: "At least one error was found.",
    2: "The arguments are wrong, or the deployment's folder cannot be read.",
  },
  read: readOptions,
  run: async (options, output) => {
    const findings: Finding[] = [];
    const notChecked: NotChecked[] = [];
    for await (const checked of runChecks(checksOf(options))) {
      const { check, outcome } = checked;
      findings.push(...outcome.findings);
      notChecked.push(...outcome.notChecked.map((reason) => ({ check: check.name, reason })));
      report(checked, output);
    }
    const { href } = options.publicUrl;
    if (output.isJson || findings.length === 0)
      output.result({ url: href, findings, notChecked }, `\n${href}: ${summary(notChecked)}.`);
    return ok(findings.some(({ level }) => level === "error") ? 1 : 0);
  },
});

interface NotChecked {
  readonly check: string;
  readonly reason: string;
}

const summary = ({ length }: readonly NotChecked[]): string =>
  length === 0 ? "no problems found" : "no problems found in what could be checked";

function checksOf({ publicUrl, deployment, account }: Options): readonly Check[] {
  const advice = deployment === null ? adviceForOthers(publicUrl) : adviceFor(deployment);
  const site = openSite(publicUrl, advice);
  return [
    ...publicChecks(site),
    ...(deployment === null ? [] : [...localChecks(deployment, site), connectorCheck(deployment)]),
    ...(deployment === null || !account ? [] : accountChecks(deployment, advice)),
  ];
}

function report({ check: { title }, outcome: { findings, notChecked } }: Checked, { say }: Output): void {
  const isBad = findings.some(({ level }) => level === "error");
  if (findings.length > 0) say(`${isBad ? paint("red", "✗") : paint("yellow", "!")} ${title}`);
  else if (notChecked.length > 0) say(`${paint("dim", "–")} ${title}: not checked (${notChecked.join("; ")})`);
  else say(`${paint("green", "✓")} ${title}`);
  for (const { level, finding, fix } of findings) {
    say(`    ${paint(level === "error" ? "red" : "yellow", finding)}`);
    say(`    → ${fix}`);
  }
  if (findings.length > 0 && notChecked.length > 0) say(`    – not checked: ${notChecked.join("; ")}`);
}

function readOptions({ values, positionals }: Arguments<typeof FLAGS>): Result<Options, string> {
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
    return err("--account works for the deployment of the folder only; choose it with --env or --dir");
  return ok({ publicUrl: given.value, deployment: isOwn ? deployment.value : null, account: values.account });
}
