// SPDX-License-Identifier: Apache-2.0
// Checks of a deployment from outside, without a key: whether its name, clock, routes, proxies and published
// documents agree.

import { createPublicKey, verify } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { ok, type Result } from "../../shared/result.ts";
import { ecdsaKeyId, findSignature, parseNote } from "../../shared/tlog/note.ts";
import { gaugeOf } from "../status/gauges.ts";
import {
  type Answer,
  expiriesOf,
  get,
  getJson,
  readGauges,
  readHealth,
  readTreeSize,
  readTrustRoot,
} from "../status/observe.ts";
import { type Check, error, type Finding, warning } from "./finding.ts";

const DAY_MS = 86_400_000;
/** Certificates are valid for ten minutes, so a clock that is off by more cannot sign reliably. */
const MAX_SKEW_MS = 30_000;
const EXPIRY_ERROR_DAYS = 7;
const EXPIRY_WARNING_DAYS = 60;
/** Longer than the log needs to feed an entry to the search index. */
const FEED_MS = 3_000;
/** More than the backlog of a busy minute. */
const MAX_BACKLOG = 10_000;

/** The checks from outside. */
export const publicChecks = (publicUrl: PublicUrl): readonly Check[] => [
  { title: "health", run: () => checkHealth(publicUrl) },
  { title: "clock", run: () => checkClock(publicUrl) },
  { title: "host name and origins", run: () => checkOrigins(publicUrl) },
  { title: "routes", run: () => checkRoutes(publicUrl) },
  { title: "caches", run: () => checkCaches(publicUrl) },
  { title: "trust root and the keys that run", run: () => checkTrustRoot(publicUrl) },
  { title: "logs", run: () => checkLogs(publicUrl) },
  { title: "search", run: () => checkSearch(publicUrl) },
  { title: "expiry", run: () => checkExpiry(publicUrl) },
];

async function checkHealth({ href }: PublicUrl): Promise<readonly Finding[]> {
  const health = await readHealth(href);
  if (!health.ok) {
    const fix =
      "check DNS, the route or custom domain of the Worker, and anything in front of it (Access, a firewall rule)";
    return [error("health", `${href}/healthz ${health.error}`, fix)];
  }
  const { status, problems } = health.value;
  if (status === "SERVING" && problems.length === 0) return [];
  const level = status === "NOT_SERVING" ? error : warning;
  return (problems.length === 0 ? [status] : problems).map((problem) => level("health", problem, fixOf(problem)));
}

function fixOf(problem: string): string {
  if (/_KEY\b/.test(problem)) return "upload the secrets of the deployment: npx sigedge deploy";
  if (/is missing|must |is not/.test(problem))
    return "correct the setting in the deployment's folder, then: npx sigedge deploy";
  return "follow the message";
}

async function checkClock({ href }: PublicUrl): Promise<readonly Finding[]> {
  const answer = await get(`${href}/healthz`);
  const date = answer.ok ? Date.parse(answer.value.headers.get("date") ?? "") : Number.NaN;
  if (!answer.ok || Number.isNaN(date)) return [];
  // The Date header has no fractions of a second.
  const late = Math.max(0, answer.value.from - (date + 1000));
  const early = Math.max(0, date - answer.value.to);
  const skew = Math.max(late, early);
  if (skew <= MAX_SKEW_MS) return [];
  const seconds = Math.round(skew / 1000);
  return [
    error(
      "clock",
      `the clocks of the service and of this machine differ by ${seconds} s`,
      "set this machine's clock (NTP)",
    ),
  ];
}

async function checkOrigins({ href, host, hostname }: PublicUrl): Promise<readonly Finding[]> {
  const expected = { "/checkpoint": hostname, "/ct/checkpoint": `${host}/ct` };
  const findings: Finding[] = [];
  for (const [path, origin] of Object.entries(expected)) {
    const answer = await get(`${href}${path}`);
    if (!answer.ok || answer.value.status !== 200) continue;
    const found = answer.value.text.split("\n")[0];
    if (found !== origin) findings.push(error("origin", `${path} has the origin ${found}, not ${origin}`, ORIGIN_FIX));
  }
  const configuration = await getJson(`${href}/oidc/.well-known/openid-configuration`);
  const issuer = configuration.ok ? (configuration.value as { readonly issuer?: unknown }).issuer : `${href}/oidc`;
  if (issuer !== `${href}/oidc`)
    findings.push(error("origin", `the built-in issuer calls itself ${String(issuer)}`, ORIGIN_FIX));
  return findings;
}

const ORIGIN_FIX = "use the deployment's own address (PUBLIC_URL); a log keeps the name that it was created with";

interface Route {
  readonly path: string;
  readonly status: number;
  readonly type: string;
}

/** One route of each service, with the answer to a GET. */
const ROUTES: readonly Route[] = [
  { path: "/", status: 200, type: "text/html" },
  { path: "/api/v2/configuration", status: 200, type: "application/json" },
  { path: "/api/v2/trustBundle", status: 200, type: "application/json" },
  { path: "/api/v1/rootCert", status: 200, type: "application/pem-certificate-chain" },
  { path: "/api/v1/timestamp/certchain", status: 200, type: "application/pem-certificate-chain" },
  { path: "/checkpoint", status: 200, type: "text/plain" },
  { path: "/api/v2/checkpoint", status: 200, type: "text/plain" },
  { path: "/ct/checkpoint", status: 200, type: "text/plain" },
  { path: "/ct/ct/v1/get-roots", status: 200, type: "application/json" },
  { path: "/trusted_root.json", status: 200, type: "application/json" },
  { path: "/signing_config.json", status: 200, type: "application/json" },
  { path: "/oidc/jwks", status: 200, type: "application/json" },
];

async function checkRoutes({ href, isLoopback }: PublicUrl): Promise<readonly Finding[]> {
  const findings = await Promise.all(ROUTES.map((route) => checkRoute(href, route)));
  if (isLoopback) return findings.flat();
  const developer = await fetch(`${href}/oidc/dev/token`, { method: "POST", body: "{}" }).catch(() => null);
  const isOpen = developer !== null && developer.status !== 404 && developer.status !== 403;
  return isOpen
    ? [
        ...findings.flat(),
        error(
          "routes",
          "the development issuer answers",
          "workers/dev.ts is deployed; deploy the service with: npx sigedge deploy",
        ),
      ]
    : findings.flat();
}

async function checkRoute(href: string, { path, status, type }: Route): Promise<readonly Finding[]> {
  const answer = await get(`${href}${path}`);
  const seen = answer.ok
    ? `${answer.value.status} ${answer.value.headers.get("content-type") ?? "without a type"}`
    : answer.error;
  if (answer.ok && answer.value.status === status && (answer.value.headers.get("content-type") ?? "").startsWith(type))
    return [];
  return [error("routes", `${path} answers ${seen}, not ${status} ${type}`, routeFix(answer.ok ? answer.value : null))];
}

function routeFix(answer: Answer | null): string {
  const location = answer?.headers.get("location") ?? "";
  if (location.includes("cloudflareaccess.com"))
    return "an Access policy protects the path; docs/deploy.md lists the paths that clients need";
  if (answer !== null && answer.status >= 300 && answer.status < 400)
    return `something in front of the Worker redirects to ${location}; remove that, as clients do not follow redirects`;
  if (answer?.headers.has("cf-mitigated") === true)
    return "a challenge protects the path; exempt the host from bot protection and firewall rules";
  if (answer?.status === 503) return "the answer names what is missing; see also the Worker's log (npx wrangler tail)";
  return "the route of the Worker must cover the whole host (custom domain, or HOST/*)";
}

async function checkCaches({ href }: PublicUrl): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const head = await get(`${href}/checkpoint`);
  if (head.ok && head.value.headers.get("cache-control") !== "public, max-age=1") {
    findings.push(
      warning("caches", `/checkpoint says Cache-Control: ${head.value.headers.get("cache-control")}`, CACHE_FIX),
    );
  }
  const missing = await get(`${href}/tile/0/x999/999`);
  if (missing.ok && missing.value.headers.get("cache-control") !== "no-store") {
    findings.push(
      error(
        "caches",
        `the 404 of a future tile can be cached (${missing.value.headers.get("cache-control")})`,
        CACHE_FIX,
      ),
    );
  }
  for (const [path, answer] of [
    ["/checkpoint", head],
    ["a missing tile", missing],
  ] as const) {
    const kept = answer.ok ? answer.value.headers.get("age") : null;
    if (kept !== null && Number(kept) > 5)
      findings.push(error("caches", `${path} comes from a cache, ${kept} s old`, CACHE_FIX));
  }
  return findings;
}

const CACHE_FIX = "remove cache and transform rules for this host; the Worker sets Cache-Control on every answer";

async function checkTrustRoot({ href, hostname }: PublicUrl): Promise<readonly Finding[]> {
  const root = await readTrustRoot(href);
  if (!root.ok) return [error("trust-root", `/trusted_root.json ${root.error}`, "see the findings of the routes")];
  const { json, cas, tsas } = root.value;
  const findings: Finding[] = [];
  const bundle = await getJson(`${href}/api/v2/trustBundle`);
  const chains = bundle.ok
    ? ((bundle.value as { chains?: readonly { certificates?: readonly string[] }[] }).chains ?? [])
    : [];
  const issuing = cas[0]?.[0]?.toString().trim();
  if (bundle.ok && !chains.some(({ certificates }) => certificates?.[0]?.trim() === issuing)) {
    findings.push(error("trust-root", "the CA of the trust root is not the one that issues", TRUST_FIX));
  }
  const tsa = await get(`${href}/api/v1/timestamp/certchain`);
  if (tsa.ok && !tsas.some(([leaf]) => leaf !== undefined && tsa.value.text.includes(leaf.toString().trim()))) {
    findings.push(
      error("trust-root", "the timestamp authority of the trust root is not the one that signs", TRUST_FIX),
    );
  }
  const keys = (json.tlogs ?? []).flatMap(({ publicKey }) => publicKey?.rawBytes ?? []);
  const head = await get(`${href}/checkpoint`);
  if (head.ok && head.value.status === 200 && !keys.some((key) => isSignedBy(head.value.text, hostname, key))) {
    findings.push(error("trust-root", "no key of the trust root has signed the signature log's checkpoint", TRUST_FIX));
  }
  return findings;
}

const TRUST_FIX = "settings and secrets come from two deployments; deploy both from one folder: npx sigedge deploy";

function isSignedBy(checkpoint: string, name: string, spki: string): boolean {
  const note = parseNote(Buffer.from(checkpoint));
  const der = Buffer.from(spki, "base64");
  const line = note.ok ? findSignature(note.value, name, ecdsaKeyId(der)) : null;
  if (!note.ok || line === null) return false;
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify("sha256", Buffer.from(note.value.text), key, line.signature);
}

async function checkLogs({ href }: PublicUrl): Promise<readonly Finding[]> {
  const gauges = await readGauges(href);
  if (!gauges.ok) return [];
  return ["signature", "certificate"].flatMap((log) => {
    const gauge = (name: string): number => gaugeOf(gauges.value, `sigedge_log_${name}`, { log }) ?? 0;
    const findings: Finding[] = [];
    if (gaugeOf(gauges.value, "sigedge_log_running", { log }) === 0 && gauge("frozen") === 0) {
      findings.push(
        error(
          "logs",
          `the ${log} log accepts no entries`,
          "see the Worker's log for the reason (npx wrangler tail), and docs/log.md for the remedy",
        ),
      );
    }
    for (const [name, where] of [
      ["publish_backlog_entries", "R2"],
      ["search_backlog_entries", "the search index"],
    ] as const) {
      if (gauge(name) > MAX_BACKLOG) {
        findings.push(
          warning(
            "logs",
            `${where} is ${gauge(name)} entries behind the ${log} log`,
            `check that ${where} answers, and that the plan's daily limits are not used up`,
          ),
        );
      }
    }
    return findings;
  });
}

async function checkSearch({ href }: PublicUrl): Promise<readonly Finding[]> {
  const sizes = await readTreeSizes(href);
  const first = await readCompleteness(href);
  // The log feeds the index within a second or two.
  const isBehind = first.ok && sizes.some(([log, size]) => (first.value[log] ?? 0) < size);
  if (isBehind) await sleep(FEED_MS);
  const answer = isBehind ? await readCompleteness(href) : first;
  if (answer.ok) return sizes.flatMap(([log, size]) => reportIncomplete(log, size, answer.value[log] ?? 0));
  const fix =
    "apply the migrations: npx sigedge deploy, or npx wrangler d1 migrations apply INDEX --remote --config .sigedge-deploy/wrangler.json";
  return [error("search", `/api/search ${answer.error}`, fix)];
}

type Completeness = Readonly<Record<string, number>>;

/** Up to which index search finds the entries of each log. */
async function readCompleteness(href: string): Promise<Result<Completeness, string>> {
  const answer = await getJson(`${href}/api/search?email=doctor@example.com`);
  if (!answer.ok) return answer;
  const { completeThroughByLog = {} } = answer.value as { readonly completeThroughByLog?: Completeness };
  return ok(completeThroughByLog);
}

/** Sizes of the first two logs, by name, as their checkpoints have them. */
async function readTreeSizes(href: string): Promise<readonly (readonly [log: string, size: number])[]> {
  const heads = { signature: `${href}/checkpoint`, certificate: `${href}/ct/checkpoint` };
  const sizes = await Promise.all(
    Object.entries(heads).map(async ([log, url]) => [log, (await readTreeSize(url)) ?? 0] as const),
  );
  return sizes;
}

function reportIncomplete(log: string, size: number, complete: number): readonly Finding[] {
  if (complete >= size) return [];
  const found = `search finds ${complete} of the ${size} entries of the ${log} log`;
  return [
    warning(
      "search",
      found,
      "the log restores what a lost database lacks; npx sigedge reindex URL --remote does it now, and removes the rows of another log",
    ),
  ];
}

async function checkExpiry({ href }: PublicUrl): Promise<readonly Finding[]> {
  const [root, gauges] = await Promise.all([readTrustRoot(href), readGauges(href)]);
  if (!root.ok) return [];
  return expiriesOf(root.value, gauges.ok ? gauges.value : []).flatMap(({ what, at }) => {
    const days = Math.floor((at.getTime() - Date.now()) / DAY_MS);
    // Timestamp and snapshot are signed again every day; /healthz reports it if that fails.
    if (/timestamp|snapshot/i.test(what) ? days >= 1 : days >= EXPIRY_WARNING_DAYS) return [];
    const level = days < EXPIRY_ERROR_DAYS ? error : warning;
    const when = days < 0 ? `expired on ${at.toISOString().slice(0, 10)}` : `expires in ${days} days`;
    return [
      level(
        "expiry",
        `${what} ${when}`,
        "rotate it before it expires, so that clients learn the new one in time: npx sigedge rotate --help",
      ),
    ];
  });
}
