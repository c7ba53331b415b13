// SPDX-License-Identifier: Apache-2.0
// Checks of a deployment from outside, without a key: whether its name, clock, routes, proxies and published
// documents agree.

import { member } from "../../shared/json/member.ts";
import { logsOf } from "../../shared/logs/config.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { jsonOf } from "../status/observe.ts";
import { PATHS } from "../status/paths.ts";
import { checkSignIn } from "./connector-checks.ts";
import { type Check, conclude, concludeInPart, error, type Finding, type Outcome, warning } from "./finding.ts";
import { checkForecasts, checkLogs, checkSearch } from "./log-checks.ts";
import { checkRoutes } from "./route-check.ts";
import { serviceCheck } from "./service-check.ts";
import { describeAnswer, readAs, requireSuccess, type Site } from "./site.ts";
import { checkExpiry, checkTrustRoot } from "./trust-checks.ts";

/** Certificates are valid for ten minutes, so a clock that is off by more cannot sign reliably. */
const MAX_SKEW_MS = 30_000;

/** The checks from outside. */
export const publicChecks = (site: Site): readonly Check[] => [
  serviceCheck(site),
  ...CHECKS.map(({ name, title, look }) => ({
    name,
    title,
    needs: ["service"] as const,
    gives: null,
    run: () => look(site),
  })),
];

interface PublicCheck {
  readonly name: string;
  readonly title: string;
  readonly look: (site: Site) => Promise<Outcome>;
}

const CHECKS: readonly PublicCheck[] = [
  { name: "clock", title: "clock", look: checkClock },
  { name: "origin", title: "host name and origins", look: checkOrigins },
  { name: "routes", title: "routes", look: checkRoutes },
  { name: "caches", title: "caches", look: checkCaches },
  { name: "trust-root", title: "trust root and the keys that run", look: checkTrustRoot },
  { name: "sign-in", title: "sign-in: CA, signing config and discovery", look: checkSignIn },
  { name: "logs", title: "logs", look: checkLogs },
  { name: "search", title: "search", look: checkSearch },
  { name: "forecast", title: "what is full, and when", look: checkForecasts },
  { name: "expiry", title: "expiry", look: checkExpiry },
];

async function checkClock({ read }: Site): Promise<Outcome> {
  const answer = await read(PATHS.health);
  const date = answer.ok ? Date.parse(answer.value.headers.get("date") ?? "") : Number.NaN;
  if (!answer.ok || Number.isNaN(date)) return concludeInPart([], [`${PATHS.health} has no Date header`]);
  // The Date header has no fractions of a second.
  const late = Math.max(0, answer.value.from - (date + 1000));
  const early = Math.max(0, date - answer.value.to);
  const skew = Math.max(late, early);
  if (skew <= MAX_SKEW_MS) return conclude([]);
  const found = `the clocks of the service and of this machine differ by ${Math.round(skew / 1000)} s`;
  return conclude([error("clock", found, "set this machine's clock (NTP)")]);
}

async function checkOrigins(site: Site): Promise<Outcome> {
  const { href } = site.publicUrl;
  const findings: Finding[] = [];
  const notChecked: string[] = [];
  for (const { kind, origin } of Object.values(logsOf(site.publicUrl))) {
    const path = `${LOG_KINDS[kind].basePath}${PATHS.checkpoint}`;
    const head = await readAs(site, path, requireSuccess);
    const found = head.ok ? head.value.text.split("\n")[0] : origin;
    if (!head.ok) notChecked.push(head.error);
    if (found !== origin) findings.push(error("origin", `${path} has the origin ${found}, not ${origin}`, ORIGIN_FIX));
  }
  const discovery = await readAs(site, PATHS.discovery, jsonOf);
  if (!discovery.ok) notChecked.push(discovery.error);
  const issuer = discovery.ok ? member(discovery.value, "issuer") : ownIssuerOf(href);
  if (issuer !== ownIssuerOf(href))
    findings.push(error("origin", `the built-in issuer calls itself ${String(issuer)}`, ORIGIN_FIX));
  return concludeInPart(findings, notChecked);
}

const ORIGIN_FIX = "use the deployment's own address (PUBLIC_URL); a log keeps the name that it was created with";

async function checkCaches(site: Site): Promise<Outcome> {
  const findings: Finding[] = [];
  const head = await readAs(site, PATHS.checkpoint, requireSuccess);
  const missing = await site.read(PATHS.futureTile);
  if (head.ok && head.value.headers.get("cache-control") !== "public, max-age=1") {
    findings.push(
      warning(
        "caches",
        `${PATHS.checkpoint} says Cache-Control: ${head.value.headers.get("cache-control")}`,
        CACHE_FIX,
      ),
    );
  }
  const isMissing = missing.ok && missing.value.status === 404;
  if (isMissing && missing.value.headers.get("cache-control") !== "no-store") {
    const kept = missing.value.headers.get("cache-control");
    findings.push(error("caches", `the 404 of a future tile can be cached (${kept})`, CACHE_FIX));
  }
  for (const [path, answer] of [
    [PATHS.checkpoint, head],
    ["a missing tile", missing],
  ] as const) {
    const kept = answer.ok ? answer.value.headers.get("age") : null;
    if (kept !== null && Number(kept) > 5)
      findings.push(error("caches", `${path} comes from a cache, ${kept} s old`, CACHE_FIX));
  }
  const tile = missing.ok ? `answers ${describeAnswer(missing.value)}` : missing.error;
  return concludeInPart(findings, [
    ...(head.ok ? [] : [head.error]),
    ...(isMissing ? [] : [`${PATHS.futureTile} ${tile}`]),
  ]);
}

const CACHE_FIX = "remove cache and transform rules for this host; the Worker sets Cache-Control on every answer";
