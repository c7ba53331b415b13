// SPDX-License-Identifier: Apache-2.0
// Doctor's report on deployments that fail in one way each: every check that depends on what failed is "not checked",
// the cause is named once, and the advice is for the folder in use.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { COMPOSED, CONTEXT, createFailingBindings } from "../../test/support/composed.ts";
import { valueOf } from "../../test/support/value-of.ts";
import type { ComposedEnv } from "../../workers/compose.ts";
import { createDeployment } from "../deployment/create.ts";
import { type Deployment, workerSettings } from "../deployment/deployment.ts";
import { accountChecks } from "./account-checks.ts";
import { type Advice, adviceFor, adviceForOthers } from "./advice.ts";
import { type Checked, runChecks } from "./finding.ts";
import { localChecks } from "./local-checks.ts";
import { publicChecks } from "./public-checks.ts";
import { openSite } from "./site.ts";

const URL_TEXT = "https://staging.sign.example.com";
const publicUrl = valueOf(parsePublicUrl(URL_TEXT));

let root: string;
let deployment: Deployment;
let settings: Readonly<Record<string, string>>;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "sigedge-doctor-"));
  const options = { folder: join(root, "staging"), name: "sigedge-staging", publicUrl, issuers: "none" } as const;
  deployment = valueOf(await createDeployment({ ...options, passphrase: "correct horse battery staple" }));
  const { vars, secrets } = valueOf(workerSettings(deployment));
  settings = { ...vars, ...secrets };
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

type Server = (path: string) => Promise<Response>;

const date = (): Readonly<Record<string, string>> => ({ date: new Date().toUTCString() });

/** The composed Worker with these settings. Its storage fails. */
const worker =
  (given: () => Readonly<Record<string, string>>): Server =>
  async (path) => {
    const unlimited = { READS: { limit: () => Promise.resolve({ success: true }) } };
    const env = { ...createFailingBindings(), ...unlimited, ...given() } as unknown as ComposedEnv;
    const answer = await COMPOSED.fetch(new Request(`${URL_TEXT}${path}`), env, CONTEXT);
    return new Response(answer.body, {
      status: answer.status,
      headers: { ...Object.fromEntries(answer.headers), ...date() },
    });
  };

const unresolvable: Server = () =>
  Promise.reject(new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND staging.sign.example.com") }));
/** `python3 -m http.server` */
const fileServer: Server = () =>
  Promise.resolve(
    new Response("<!DOCTYPE HTML>", { status: 404, headers: { ...date(), "content-type": "text/html;charset=utf-8" } }),
  );
const access: Server = () =>
  Promise.resolve(
    new Response(null, { status: 302, headers: { location: "https://team.cloudflareaccess.com/login" } }),
  );
const unconfigured = worker(() => ({}));
const elsewhere = worker(() => ({ ...settings, PUBLIC_URL: "https://other.example.com", SHARDS: "" }));
const withoutTsaKey = worker(() => ({ ...settings, TSA_KEY: "x" }));

/** The mark of each check, as in the output: ✓ looked at everything, ✗ error, ! warning, – not checked. */
const mark = ({ outcome: { findings, notChecked } }: Checked): string => {
  if (findings.length === 0) return notChecked.length === 0 ? "✓" : "–";
  return findings.some(({ level }) => level === "error") ? "✗" : "!";
};

async function collect(checked: AsyncIterable<Checked>): Promise<readonly Checked[]> {
  const all: Checked[] = [];
  for await (const one of checked) all.push(one);
  return all;
}

async function examine(server: Server, advice: Advice = adviceFor(deployment)): Promise<readonly Checked[]> {
  vi.stubGlobal("fetch", (url: string) => server(new URL(url).pathname));
  // The Worker's log, of storage that fails.
  vi.spyOn(console, "error").mockReturnValue();
  const site = openSite(publicUrl, advice);
  const checks = [...publicChecks(site), ...localChecks(deployment, site).filter(({ name }) => name !== "limits")];
  return collect(runChecks(checks));
}

const PUBLIC = [
  "health",
  "clock",
  "origin",
  "routes",
  "caches",
  "trust-root",
  "sign-in",
  "logs",
  "search",
  "forecast",
  "expiry",
];
const NOTHING_ELSE = {
  ...Object.fromEntries(PUBLIC.map((name) => [name, "–"])),
  deployed: "–",
  "retired-keys": "–",
  health: "✗",
};

it.each<[failure: string, server: Server, cause: string, fix: string]>([
  ["a host name without an address", unresolvable, "cannot be reached: getaddrinfo ENOTFOUND", "check the spelling"],
  ["another web server", fileServer, "something other than Sigedge answers", "the route of the Worker"],
  ["an Access policy", access, "/healthz answers 302", "an Access policy protects the path"],
  ["a Worker without settings", unconfigured, "PUBLIC_URL", "give the Worker its settings"],
  ["a Worker of another deployment", elsewhere, "answers for https://other.example.com", "--take-over-domain"],
])("%s is named once, and nothing that depends on it is ticked", async (_, server, cause, fix) => {
  const checked = await examine(server);
  const marks = Object.fromEntries(checked.map((one) => [one.check.name, mark(one)]));
  expect(marks).toEqual({ ...NOTHING_ELSE, folder: "✓", settings: "✓" });
  const findings = checked.flatMap(({ outcome }) => outcome.findings);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ check: "health", level: "error" });
  expect(findings[0]?.finding).toContain(cause);
  expect(findings[0]?.fix).toContain(fix);
});

it("a wrong setting is named once, and only what depends on it is not checked", async () => {
  const checked = await examine(withoutTsaKey);
  const named = checked.flatMap(({ outcome }) => outcome.findings).filter(({ finding }) => finding.includes("TSA_KEY"));
  expect(named).toMatchObject([{ check: "health", level: "error" }]);
  const outcomeOf = (name: string): unknown => checked.find(({ check }) => check.name === name)?.outcome;
  expect(outcomeOf("clock")).toEqual({ findings: [], notChecked: [], stops: null });
  expect(outcomeOf("routes")).toMatchObject({
    notChecked: [expect.stringContaining("/api/v1/timestamp/certchain answers 503")],
  });
});

it("routes that fail alike are one finding", async () => {
  const healthy = Response.json({ status: "SERVING", problems: [] }, { headers: date() });
  const checked = await examine((path) => (path === "/healthz" ? Promise.resolve(healthy.clone()) : fileServer(path)));
  const routes = checked.find(({ check }) => check.name === "routes")?.outcome.findings ?? [];
  expect(routes.map(({ finding }) => finding)).toEqual([
    expect.stringContaining("13 routes fail alike: each answers 404"),
  ]);
});

it.each(["composed", "split"] as const)("every command of the advice is for the folder in use, %s", (shape) => {
  const { tail, ...commands } = adviceFor({ ...deployment, shape });
  for (const command of Object.values(commands)) expect(command).toContain(deployment.folder);
  expect(tail("log")).toBe(`npx wrangler tail sigedge-staging${shape === "split" ? "-log" : ""}`);
  expect(commands.deploy.includes("--split")).toBe(shape === "split");
});

it("no advice names the default folder, whatever fails", async () => {
  for (const advice of [adviceFor(deployment), adviceForOthers(publicUrl)]) {
    for (const server of [unresolvable, fileServer, unconfigured, elsewhere, withoutTsaKey]) {
      const fixes = (await examine(server, advice)).flatMap(({ outcome }) => outcome.findings.map(({ fix }) => fix));
      for (const fix of fixes) {
        expect(fix).not.toContain(".sigedge-deploy/");
        if (/npx sigedge (?:deploy|init)/.test(fix))
          expect(fix).toMatch(/--dir|in the folder that it is deployed from/);
      }
    }
  }
});

it("an account that cannot be read is named once", async () => {
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:9/client/v4");
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "");
  vi.stubEnv("HOME", root);
  vi.stubEnv("XDG_CONFIG_HOME", root);
  const checked = await collect(runChecks(accountChecks(deployment, adviceFor(deployment))));
  expect(checked.map(mark)).toEqual(["✗", "–", "–"]);
  expect(checked[0]?.outcome.findings).toMatchObject([
    { check: "account", fix: expect.stringContaining("wrangler login") },
  ]);
});
