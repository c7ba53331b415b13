// SPDX-License-Identifier: Apache-2.0
// The commands that doctor advises, for the deployment that it looks at: with --env or --dir, and its own names.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import { type Deployment, deploymentFlags, quoteForShell, shortenPath } from "../deployment/deployment.ts";
import { configPath, type SplitWorker, workerName } from "../deployment/wrangler-config.ts";

/** Commands for one deployment. */
export interface Advice {
  readonly init: string;
  readonly deploy: string;
  readonly dryRun: string;
  readonly rotate: string;
  readonly reindex: string;
  /** Shows the log of the Worker that has a service. */
  readonly tail: (worker: SplitWorker) => string;
  readonly migrate: string;
}

const sigedge = (...words: readonly string[]): string => ["npx sigedge", ...words].join(" ");

/** The advice for a deployment of this machine. */
export function adviceFor(deployment: Deployment): Advice {
  const flags = deploymentFlags(deployment);
  const isSplit = deployment.shape === "split";
  const url = deployment.publicUrl?.href ?? "https://HOST";
  const deploy = [...(isSplit ? ["--split"] : []), ...flags];
  const config = quoteForShell(shortenPath(configPath(deployment, isSplit ? "sequencer" : null)));
  return {
    init: sigedge("init", "--url", url, ...flags),
    deploy: sigedge("deploy", ...deploy),
    dryRun: sigedge("deploy", "--dry-run", ...deploy),
    rotate: sigedge("rotate", "WHAT", ...flags),
    reindex: sigedge("reindex", url, "--remote", ...flags),
    tail: (worker) => `npx wrangler tail ${workerName(deployment, isSplit ? worker : null)}`,
    migrate: `npx wrangler d1 migrations apply INDEX --remote --config ${config}`,
  };
}

/** The advice for a deployment whose folder is elsewhere: its operator knows the flags. */
export function adviceForOthers({ href }: PublicUrl): Advice {
  const there = "in the folder that it is deployed from";
  return {
    init: `npx sigedge init --url ${href} ${there}`,
    deploy: `npx sigedge deploy ${there}`,
    dryRun: `npx sigedge deploy --dry-run ${there}`,
    rotate: `npx sigedge rotate WHAT ${there}`,
    reindex: `npx sigedge reindex ${href} --remote ${there}`,
    tail: (worker) => `npx wrangler tail with the name of the Worker that has the service ${worker}`,
    migrate: `npx sigedge deploy ${there}`,
  };
}
