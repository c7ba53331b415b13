// SPDX-License-Identifier: Apache-2.0
// Whether Sigedge answers at the address at all, and as this deployment. If it does not, nothing else can be checked
// from outside.

import { NOT_CONFIGURED } from "../../shared/http/status.ts";
import { type Answer, healthOf } from "../status/observe.ts";
import { PATHS } from "../status/paths.ts";
import type { Advice } from "./advice.ts";
import { type Check, conclude, error, type Finding, type Outcome, stopOthers, warning } from "./finding.ts";
import { describeAnswer, type Site } from "./site.ts";

/** The check that every other check from outside needs. */
export const serviceCheck = (site: Site): Check => ({
  name: "health",
  title: "health",
  needs: [],
  gives: "service",
  run: () => checkService(site),
});

async function checkService(site: Site): Promise<Outcome> {
  const { href, host } = site.publicUrl;
  const answer = await site.read(PATHS.health);
  if (!answer.ok) {
    const found = error("health", `${href} cannot be reached: ${answer.error}`, adviseUnreachable(answer.error, site));
    return stopOthers([found], "the service cannot be reached");
  }
  const health = healthOf(answer.value);
  if (!health.ok) {
    const found = `something other than Sigedge answers at ${href}: /healthz answers ${describeAnswer(answer.value)}`;
    return stopOthers([error("health", found, adviseInFront(answer.value))], "something other than Sigedge answers");
  }
  const front = await site.read("/");
  if (front.ok && front.value.status === 421) {
    const found = `the Worker at ${host} is that of another deployment: ${front.value.text.trim()}`;
    return stopOthers([error("health", found, otherWorkerFix(site))], "the Worker is that of another deployment");
  }
  const findings = problemFindings(health.value, site.advice);
  return front.ok && saysUnconfigured(front.value)
    ? stopOthers(findings, "the Worker is not configured")
    : conclude(findings);
}

/** A page may answer 503 for other reasons, such as storage that fails. */
const saysUnconfigured = ({ status, text }: Answer): boolean => status === 503 && text.includes(NOT_CONFIGURED);

const IN_FRONT =
  "check the route or custom domain of the Worker, and anything in front of it (Access, a firewall rule)";

function adviseUnreachable(reason: string, { publicUrl: { hostname }, advice }: Site): string {
  if (/ENOTFOUND|EAI_AGAIN/.test(reason))
    return `check the spelling and this machine's network; the DNS record of a custom domain is made by: ${advice.deploy}`;
  if (/certificate|TLS|SSL/i.test(reason))
    return `Cloudflare needs some minutes for the certificate of a new host name; then look at that of ${hostname} in the dashboard`;
  return IN_FRONT;
}

/** Advises on an answer that is not the Worker's. */
export function adviseInFront({ status, headers }: Answer): string {
  const location = headers.get("location") ?? "";
  if (location.includes("cloudflareaccess.com"))
    return "an Access policy protects the path; docs/deploy.md lists the paths that clients need";
  if (status >= 300 && status < 400)
    return `something in front of the Worker redirects to ${location}; remove that, as clients do not follow redirects`;
  if (headers.has("cf-mitigated"))
    return "a challenge protects the path; exempt the host from bot protection and firewall rules";
  return "the route of the Worker must cover the whole host (custom domain, or HOST/*)";
}

const otherWorkerFix = ({ publicUrl: { hostname }, advice }: Site): string =>
  `check that deployment by its own address; to give ${hostname} to this one: ${advice.deploy}, with --take-over-domain`;

const MISSING = /^([A-Z][A-Z0-9_]*) is missing(: .*)?$/;

/** One finding for all missing settings, since one command creates them; one for each other problem. */
function problemFindings(
  { status, problems }: { readonly status: string; readonly problems: readonly string[] },
  advice: Advice,
): readonly Finding[] {
  if (status === "SERVING" && problems.length === 0) return [];
  const level = status === "NOT_SERVING" ? error : warning;
  const isNew = problems.some((problem) => problem.startsWith("PUBLIC_URL is missing"));
  // The hint beside a missing setting helps only once there are other settings.
  const nameIn = (problem: string): string | null => {
    const [, name, hint] = MISSING.exec(problem) ?? [];
    return name !== undefined && (isNew || hint === undefined) ? name : null;
  };
  const missing = problems.map(nameIn).filter((name) => name !== null);
  const others = (problems.length === 0 ? [status] : problems).filter((problem) => nameIn(problem) === null);
  return [
    ...(missing.length === 0 ? [] : [level("health", describeMissing(missing), adviseMissing(missing, advice))]),
    ...others.map((problem) => level("health", problem, fixOf(problem, advice))),
  ];
}

function describeMissing(names: readonly string[]): string {
  const [last] = names.slice(-1);
  return names.length === 1 ? `${last} is missing` : `${names.slice(0, -1).join(", ")} and ${last} are missing`;
}

const adviseMissing = (names: readonly string[], { init, deploy }: Advice): string =>
  names.includes("PUBLIC_URL")
    ? `give the Worker its settings and keys; create them if there are none yet (${init}), then: ${deploy}`
    : `upload what is missing: ${deploy}`;

function fixOf(problem: string, { deploy }: Advice): string {
  if (/_KEY\b/.test(problem)) return `upload the secrets of the deployment: ${deploy}`;
  if (/is missing|must |is not/.test(problem)) return `correct the setting in the deployment's folder, then: ${deploy}`;
  return "follow the message";
}
