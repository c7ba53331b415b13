// SPDX-License-Identifier: Apache-2.0
// A service's report on its own settings to the front end of its deployment. Where services are deployed apart, the
// gateway asks each over its service binding, since it has no setting of theirs.

import { member } from "../json/member.ts";
import type { ConfigError } from "../settings/settings.ts";

/** Only the gateway gets here: no public route leads to this path (workers/front/routes.ts). */
const SETTINGS_CHECK_PATH = "/settings/check";

/** Whether the request asks a service for its report. */
export const isSettingsCheck = (request: Request): boolean => new URL(request.url).pathname === SETTINGS_CHECK_PATH;

/** Lists what is wrong or missing, one line each; empty for a configuration that was read. */
export const problemsOf = (
  config: { readonly ok: true } | { readonly ok: false; readonly error: ConfigError },
): readonly string[] => (config.ok ? [] : config.error.problems);

/** The report of a service. */
export const settingsReport = (problems: readonly string[]): Response =>
  Response.json({ problems }, { headers: { "cache-control": "no-store" } });

/** Asks a service for its report. A service that does not report is a problem; never rejects. */
export async function readSettingsReport(
  service: string,
  ask: (request: Request) => Response | Promise<Response>,
): Promise<readonly string[]> {
  const reportUnusable = (reason: string): readonly string[] => [
    `The ${service} service does not check its settings: ${reason}`,
  ];
  try {
    const response = await ask(new Request(`https://${service}${SETTINGS_CHECK_PATH}`));
    if (!response.ok) return reportUnusable(`it answers ${response.status}`);
    const problems: unknown = member(await response.json(), "problems");
    if (!Array.isArray(problems)) return reportUnusable("it answers with something else");
    return problems.map(String);
  } catch (error) {
    return reportUnusable(error instanceof Error ? error.message : "no reason given");
  }
}
