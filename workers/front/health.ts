// SPDX-License-Identifier: Apache-2.0
// GET /healthz: whether the deployment serves, what is wrong with it, and what an operator must do. Every composition
// answers it, also one that is not configured.

import { problemsOf } from "../../shared/http/settings-check.ts";
import type { Result } from "../../shared/result.ts";
import type { ConfigError } from "../../shared/settings/settings.ts";
import { readTrustHealth, type TrustHealth } from "../../shared/trust/health.ts";
import type { FrontConfig } from "./config.ts";

/** The parts of a composition that its health depends on. */
interface Deployment {
  readonly config: Result<FrontConfig, ConfigError>;
  readonly settingsProblems: () => readonly string[] | Promise<readonly string[]>;
  readonly logProblems?: (config: FrontConfig) => Promise<readonly string[]>;
  readonly dispatch: (service: "trust", request: Request) => Response | Promise<Response>;
}

interface Health {
  /**
   * NOT_SERVING: a setting is missing or wrong. DEGRADED: the deployment serves, and an operator must act before it
   * stops.
   */
  readonly status: "SERVING" | "DEGRADED" | "NOT_SERVING";
  readonly problems: readonly string[];
  readonly expiries: TrustHealth["expiries"];
}

/** 200 while everything is well, otherwise 503, so that a monitor that checks only the status notices. */
export async function serveHealth(front: Deployment): Promise<Response> {
  const { config } = front;
  const wrong = [...new Set([...problemsOf(config), ...(await front.settingsProblems())])];
  const body: Health =
    config.ok && wrong.length === 0
      ? await checkServing(config.value, front)
      : { status: "NOT_SERVING", problems: wrong, expiries: [] };
  return Response.json(body, {
    status: body.status === "SERVING" ? 200 : 503,
    headers: { "cache-control": "no-store" },
  });
}

async function checkServing(config: FrontConfig, { dispatch, logProblems }: Deployment): Promise<Health> {
  const [trust, ofLogs] = await Promise.all([fetchTrustHealth(config, dispatch), logProblems?.(config) ?? []]);
  const problems = [...trust.problems, ...ofLogs];
  return { status: problems.length === 0 ? "SERVING" : "DEGRADED", problems, expiries: trust.expiries };
}

async function fetchTrustHealth(
  { publicUrl }: FrontConfig,
  dispatch: Deployment["dispatch"],
): Promise<Omit<Health, "status">> {
  try {
    const { problems, expiries } = await readTrustHealth(publicUrl.href, (request) => dispatch("trust", request));
    return { problems, expiries };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "no reason given";
    return { problems: [`The trust service does not report its health: ${reason}`], expiries: [] };
  }
}
