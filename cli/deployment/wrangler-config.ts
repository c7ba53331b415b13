// SPDX-License-Identifier: Apache-2.0
// Writes the files that wrangler deploys from: wrangler.toml with the deployment's own names and public settings.
// wrangler.toml itself never changes, so an upgrade by `git pull` meets no local edit. The files hold no secret, since
// wrangler prints parts of its configuration.
// Spec: https://developers.cloudflare.com/workers/wrangler/configuration/#generated-wrangler-configuration

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseShards } from "../../shared/logs/shards.ts";
import { parseMailFrom } from "../../workers/monitor/settings/mail.ts";
import { IS_INSTALLED, ROOT } from "../root.ts";
import { DEFAULT_NAME, type Deployment, type WorkerSettings, writePrivate } from "./deployment.ts";
import { readJsonFile } from "./json-file.ts";
import { TRUST_FILE } from "./trust-root.ts";

type Json = Readonly<Record<string, unknown>>;

/** The sections that an environment does not inherit from the top level. */
const NOT_INHERITED = new Set([
  "durable_objects",
  "r2_buckets",
  "d1_databases",
  "ratelimits",
  "send_email",
  "services",
  "vars",
  "env",
]);

/** The files that the pages load. */
const STATIC = "web/static";

/** The Workers of a split deployment, each after those that it binds. */
export const SPLIT_ORDER = [
  "sequencer",
  "oidc",
  "tsa",
  "log",
  "trust",
  "ca",
  "witness",
  "monitor",
  "web",
  "gateway",
] as const;
export type SplitWorker = (typeof SPLIT_ORDER)[number];

/** The file in which wrangler finds the path of another configuration. */
const REDIRECT = join(ROOT, ".wrangler", "deploy", "config.json");
/** Runs before a bare `wrangler deploy` bundles. */
const HOOK = "node cli/sigedge.mjs wrangler-hook";

/** The configuration file of a split Worker, or of the composed one (null). */
export const configPath = ({ folder }: Pick<Deployment, "folder">, worker: SplitWorker | null): string =>
  join(folder, worker === null ? "wrangler.json" : `wrangler.${worker}.json`);

/** The Worker's name. */
export const workerName = ({ name }: Pick<Deployment, "name">, worker: SplitWorker | null): string =>
  worker === null ? name : `${name}-${worker}`;

/** The Worker to configure. */
export interface ConfigRequest {
  readonly deployment: Deployment;
  readonly worker: SplitWorker | null;
  /** The variables that the Worker receives: a split Worker gets only its own. */
  readonly vars: WorkerSettings["vars"];
}

/** Writes the configuration file of a Worker and returns its path. Loads wrangler, which takes a second. */
export async function writeConfig({ deployment, worker, vars }: ConfigRequest): Promise<string> {
  const path = configPath(deployment, worker);
  const section = rename(await readSection(worker), deployment.name) as Json;
  const config = {
    ...section,
    name: workerName(deployment, worker),
    ...routesOf(deployment, worker, vars["SHARDS"] ?? "[]"),
    main: fromFolder(deployment, String(section["main"])),
    vars,
    // The deployment's folder decides, not the dashboard.
    keep_vars: false,
    // Without it, `wrangler deploy -e NAME` would silently deploy this configuration.
    targetEnvironment: "deployment",
    topLevelName: workerName(deployment, worker),
    build: worker === null && !IS_INSTALLED ? { command: HOOK, cwd: ROOT } : {},
    ...aliasTrustFile(deployment),
    ...bindMail(vars),
    assets: { ...(section["assets"] as Json), directory: fromFolder(deployment, STATIC) },
    d1_databases: withoutIds(section["d1_databases"], fromFolder(deployment, "migrations")),
  };
  writePrivate(path, `${JSON.stringify(config, null, 2)}\n`);
  return path;
}

/** Reads the top level, or an environment with what it inherits. */
async function readSection(worker: SplitWorker | null): Promise<Json> {
  const { experimental_readRawConfig: readRawConfig } = await import("wrangler");
  const { env, ...top } = readRawConfig({ config: join(ROOT, "wrangler.toml") }).rawConfig as Json;
  if (worker === null) return top;
  const inherited = Object.entries(top).filter(([key]) => !NOT_INHERITED.has(key));
  return { ...Object.fromEntries(inherited), ...((env as Json)[worker] as Json) };
}

/** The domains of the Worker. Services behind a gateway answer their bindings only. */
function routesOf({ publicUrl }: Deployment, worker: SplitWorker | null, shards: string): Json {
  const isFront = worker === null || worker === "gateway";
  if (!isFront || publicUrl === null || publicUrl.isLoopback) return { workers_dev: false, preview_urls: false };
  const own = customDomains({ publicUrl }, shards);
  return {
    workers_dev: isWorkersDev(publicUrl.hostname),
    preview_urls: false,
    ...(own.length === 0 ? {} : { routes: own.map((pattern) => ({ pattern, custom_domain: true })) }),
  };
}

/** The host names that the deployment needs as domains of its front Worker. */
export function customDomains({ publicUrl }: Pick<Deployment, "publicUrl">, shards: string): readonly string[] {
  if (publicUrl === null || publicUrl.isLoopback) return [];
  // The domains of further logs, too: a deployment removes the domains that its configuration lacks.
  const logs = parseShards(shards, publicUrl);
  const others = logs.ok ? logs.value.map(({ baseUrl }) => new URL(baseUrl).hostname) : [];
  return [...new Set([publicUrl.hostname, ...others])].filter((hostname) => !isWorkersDev(hostname));
}

/** Binds Cloudflare's mail service for the sender of mails, unless a mail API sends them. */
function bindMail({ MAIL_FROM = "", MAIL_URL = "" }: ConfigRequest["vars"]): Json {
  const sender = parseMailFrom(MAIL_FROM);
  return sender.ok && MAIL_URL === ""
    ? { send_email: [{ name: "MAIL", allowed_sender_addresses: [sender.value.address] }] }
    : {};
}

const isWorkersDev = (hostname: string): boolean => hostname.endsWith(".workers.dev");

const NAMES = new Set(["name", "service", "script_name", "bucket_name", "database_name"]);

/** Replaces `sigedge` in our names by the deployment's name. The `name` of a binding is in capitals and stays. */
function rename(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const isOurs = typeof member === "string" && NAMES.has(key) && /^sigedge(-|$)/.test(member);
      return [key, isOurs ? `${name}${member.slice(DEFAULT_NAME.length)}` : rename(member, name)];
    }),
  );
}

/** Removes the ids, so that wrangler finds each database by its name or creates it. */
function withoutIds(databases: unknown, migrations: string): readonly Json[] {
  if (!Array.isArray(databases)) return [];
  return databases.map((configured: Json) => {
    const { database_id: _, ...database } = configured;
    return { ...database, migrations_dir: migrations };
  });
}

const fromFolder = ({ folder }: Deployment, path: string): string => relative(folder, join(ROOT, path)) || ".";

/** Bundles the deployment's own trust file in place of deployment/trust.json, which may hold another one's. */
function aliasTrustFile({ folder }: Deployment): Json {
  const file = join(folder, TRUST_FILE);
  return existsSync(file) ? { alias: { "#trust-file": file } } : {};
}

/**
 * Makes a bare `wrangler deploy` in this checkout deploy this deployment. Does nothing for an installed package, whose
 * working folder may hold another project's Worker; returns whether it did.
 */
export function redirectTo(deployment: Deployment): boolean {
  if (IS_INSTALLED) return false;
  mkdirSync(dirname(REDIRECT), { recursive: true });
  const target = relative(dirname(REDIRECT), configPath(deployment, null));
  writeFileSync(REDIRECT, `${JSON.stringify({ configPath: target })}\n`);
  return true;
}

/** The folder of the deployment that a bare `wrangler deploy` deploys, null if it deploys wrangler.toml itself. */
export function findRedirectedFolder(): string | null {
  const json = readJsonFile(REDIRECT);
  const path = json.ok ? json.value?.["configPath"] : null;
  return typeof path === "string" ? dirname(resolve(dirname(REDIRECT), path)) : null;
}
