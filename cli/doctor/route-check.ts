// SPDX-License-Identifier: Apache-2.0
// Whether each service answers on its routes. Routes that fail alike are one finding; a route that fails for what
// /healthz names is none.

import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { type Answer, get } from "../status/observe.ts";
import { concludeInPart, error, type Finding, type Outcome } from "./finding.ts";
import { READABLE_ROUTES } from "./readable-routes.ts";
import { adviseInFront } from "./service-check.ts";
import { describeAnswer, type Site } from "./site.ts";

type Route = (typeof READABLE_ROUTES)[number];

interface Failure {
  readonly path: string;
  readonly seen: string;
  readonly wanted: string;
  readonly fix: string;
}

/** Checks every route in READABLE_ROUTES, and that no development issuer is deployed. */
export async function checkRoutes(site: Site): Promise<Outcome> {
  const problems = await site.problems();
  const failures: Failure[] = [];
  const notChecked: string[] = [];
  for (const route of READABLE_ROUTES) {
    const answer = await site.read(route.path);
    if (answer.ok && isRight(answer.value, route)) continue;
    const known = answer.ok ? problems.find((problem) => answer.value.text.includes(problem)) : undefined;
    if (known !== undefined) notChecked.push(`${route.path} answers ${answer.ok ? answer.value.status : ""}: ${known}`);
    else failures.push(failureOf(route, answer.ok ? answer.value : answer.error, site));
  }
  const findings = [...groupAlike(failures), ...(await checkDevelopmentIssuer(site))];
  return concludeInPart(findings, notChecked);
}

const isRight = ({ status, headers }: Answer, { type }: Route): boolean =>
  status === 200 && (headers.get("content-type") ?? "").startsWith(type);

function failureOf({ path, type }: Route, answer: Answer | string, { advice }: Site): Failure {
  if (typeof answer === "string")
    return { path, seen: answer, wanted: "", fix: "try again; something in front of the Worker may drop requests" };
  const tail = `the answer names what is missing; see also the Worker's log (${advice.tail("gateway")})`;
  return {
    path,
    seen: `answers ${describeAnswer(answer)}`,
    wanted: `, not 200 ${type}`,
    fix: answer.status === 503 ? tail : adviseInFront(answer),
  };
}

/** One finding for all paths that fail alike. */
function groupAlike(failures: readonly Failure[]): readonly Finding[] {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = JSON.stringify([failure.seen, failure.fix]);
    groups.set(key, [...(groups.get(key) ?? []), failure]);
  }
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const paths = [first, ...others].map(({ path }) => path);
    const found =
      others.length === 0
        ? `${first.path} ${first.seen}${first.wanted}`
        : `${paths.length} routes fail alike: each ${first.seen} (${paths.join(", ")})`;
    return [error("routes", found, first.fix)];
  });
}

async function checkDevelopmentIssuer({ publicUrl, advice }: Site): Promise<readonly Finding[]> {
  if (publicUrl.isLoopback) return [];
  const answer = await get(`${ownIssuerOf(publicUrl.href)}/dev/token`);
  const isOpen = answer.ok && answer.value.status !== 404 && answer.value.status !== 403;
  const fix = `workers/dev.ts is deployed; deploy the service with: ${advice.deploy}`;
  return isOpen ? [error("routes", "the development issuer answers", fix)] : [];
}
