// SPDX-License-Identifier: Apache-2.0
// The calls of Cloudflare's API that wrangler makes to deploy Workers, over an account in memory. Rejects and records
// every call that is unknown, unauthorized or malformed.
// Spec: https://developers.cloudflare.com/api/; the calls are those of wrangler 4.155.0.

import type { Account, Module, Upload, Version } from "./account.ts";
import { Refusal } from "./account.ts";

/** A call to the API. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The state behind the API. */
export interface Api {
  readonly account: Account;
  readonly accountId: string;
  readonly subdomain: string;
  readonly query: (databaseId: string, sql: string) => Promise<D1Result>;
}

type Parts = readonly string[];
type Handler = (api: Api, parts: Parts, request: ApiRequest) => unknown;

function match(pattern: Parts, path: Parts): Parts | null {
  if (pattern.length !== path.length) return null;
  const fits = pattern.every((segment, i) => segment === "*" || segment === path[i]);
  return fits ? path.filter((_, i) => pattern[i] === "*") : null;
}

type Json = Readonly<Record<string, unknown>>;

function json({ headers, body }: ApiRequest): Json {
  const type = headers.get("content-type") ?? "";
  // wrangler sends no type for a new bucket.
  if (!/json|text\/plain/.test(type)) throw new Refusal(415, 10002, `JSON was expected, not ${type}`);
  const value: unknown = JSON.parse(Buffer.from(body).toString());
  if (typeof value !== "object" || value === null) throw new Refusal(400, 10026, "an object was expected");
  return value as Json;
}

function text(value: Json, key: string): string {
  const found = value[key];
  if (typeof found !== "string" || found === "") throw new Refusal(400, 10021, `${key} is missing`);
  return found;
}

/** Parses the multipart form of an upload. */
async function readUpload({ headers, body }: ApiRequest): Promise<Upload> {
  const type = headers.get("content-type") ?? "";
  if (!type.startsWith("multipart/form-data")) throw new Refusal(415, 10002, "a form was expected");
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  const sent = form.get("metadata");
  if (typeof sent !== "string") throw new Refusal(400, 10021, "the form has no metadata");
  const metadata = JSON.parse(sent) as Upload["metadata"];
  const modules: Module[] = [];
  for (const [name, part] of form) {
    if (typeof part !== "string") modules.push({ name, type: part.type, contents: await part.text() });
  }
  return { metadata, modules };
}

function service({ account }: Api, name: string): Json {
  if (!account.workers.has(name)) throw new Refusal(404, 10090, "workers.api.error.service_not_found");
  const { tag, migrationTag } = account.worker(name);
  const script = {
    id: name,
    tag,
    tags: [],
    last_deployed_from: "wrangler",
    ...(migrationTag === null ? {} : { migration_tag: migrationTag }),
  };
  return { id: name, default_environment: { environment: "production", script } };
}

const subdomainOf = ({ account }: Api, name: string): Json => ({
  enabled: account.worker(name).workersDev,
  previews_enabled: false,
});

async function putScript({ account }: Api, [name = ""]: Parts, request: ApiRequest): Promise<Json> {
  const version = account.putScript(name, await readUpload(request));
  return { id: name, etag: "e", deployment_id: version.id.replaceAll("-", ""), startup_time_ms: 10 };
}

const ASSET_PATH = /^\/[\w./-]+$/;
const ASSET_HASH = /^[0-9a-f]{32}$/;

/** Answers that the account has every file already, so that wrangler uploads none. The files are not served here. */
const startAssets: Handler = (_, __, request) => {
  const { manifest } = json(request) as { manifest?: Record<string, { hash: string; size: number }> };
  const files = Object.entries(manifest ?? {});
  if (files.length === 0) throw new Refusal(400, 10021, "the manifest is empty");
  for (const [path, { hash, size }] of files)
    if (!ASSET_PATH.test(path) || !ASSET_HASH.test(hash) || !Number.isInteger(size))
      throw new Refusal(400, 10021, `a malformed file: ${path}`);
  return { buckets: [], jwt: `${Buffer.from("{}").toString("base64url")}.e30.stand-in` };
};

async function addVersion({ account }: Api, [name = ""]: Parts, request: ApiRequest): Promise<Json> {
  const version = account.addVersion(name, await readUpload(request));
  return { id: version.id, number: version.number, startup_time_ms: 10, resources: { script: { etag: "e" } } };
}

const listVersions: Handler = ({ account }, [name = ""]) => ({
  items: account.worker(name).versions.map(({ id, number, createdAt, metadata }) => ({
    id,
    number,
    metadata: { created_on: createdAt, source: "wrangler" },
    annotations: metadata.annotations ?? {},
  })),
});

const listDeployments: Handler = ({ account }, [name = ""]) => ({
  deployments: account.worker(name).deployments.map((id) => ({ id, versions: [{ version_id: id, percentage: 100 }] })),
});

const createDeployment: Handler = ({ account }, [name = ""], request) => {
  const { strategy, versions } = json(request) as {
    strategy?: unknown;
    versions?: { version_id: string; percentage: number }[];
  };
  const [version, ...more] = versions ?? [];
  if (strategy !== "percentage" || version?.percentage !== 100 || more.length > 0)
    throw new Refusal(400, 10021, "one version with 100 %");
  account.deploy(name, version.version_id);
  return { id: version.version_id };
};

/** Lists a secret by name only, as the platform does. */
const hideSecrets = ({ bindings }: Version): readonly Json[] =>
  bindings.map(({ text: value, ...binding }) =>
    binding.type === "secret_text" ? binding : { ...binding, text: value },
  );

const secretsOf = ({ bindings }: Version): readonly Json[] =>
  bindings.filter(({ type }) => type === "secret_text").map(({ name, type }) => ({ name, type }));

const patchSecrets: Handler = ({ account }, [name = ""], request) => {
  const { secrets } = json(request) as {
    secrets?: Record<string, { name: string; text: string; type: string } | null>;
  };
  for (const [key, secret] of Object.entries(secrets ?? {})) {
    if (secret !== null && (secret.name !== key || secret.type !== "secret_text"))
      throw new Refusal(400, 10021, "not a secret");
  }
  account.patchSecrets(name, secrets ?? {});
  return secretsOf(account.latestVersion(name));
};

const setSubdomain: Handler = (api, [name = ""], request) => {
  const { enabled } = json(request);
  if (typeof enabled !== "boolean") throw new Refusal(400, 10021, "enabled is missing");
  api.account.worker(name).workersDev = enabled;
  return subdomainOf(api, name);
};

const setSchedules: Handler = ({ account }, [name = ""], request) => {
  const crons = json(request) as unknown as readonly { readonly cron: string }[];
  account.worker(name).schedules = crons.map(({ cron }) => cron);
  return { schedules: crons };
};

const domainChanges: Handler = ({ account }, [name = ""], request) => {
  const wanted = json(request) as unknown as readonly { readonly hostname: string }[];
  const { domains } = account.worker(name);
  const added = wanted.filter(({ hostname }) => !domains.has(hostname) && ownerOf(account, hostname) === null);
  const conflicting = wanted.filter(({ hostname }) => !domains.has(hostname) && ownerOf(account, hostname) !== null);
  return { added, removed: [], updated: [], conflicting };
};

/** The Worker that has a domain, null if none has. */
const ownerOf = ({ workers }: Account, hostname: string): string | null =>
  [...workers.values()].find(({ domains }) => domains.has(hostname))?.name ?? null;

const listDomains: Handler = ({ account }, _, { url }) => {
  const hostname = url.searchParams.get("hostname") ?? "";
  const owner = ownerOf(account, hostname);
  return owner === null ? [] : [{ id: hostname, hostname, service: owner, environment: "production" }];
};

const setDomains: Handler = ({ account }, [name = ""], request) => {
  const { origins, override_existing_origin: takesOver } = json(request) as {
    readonly origins?: readonly { readonly hostname: string }[];
    readonly override_existing_origin?: boolean;
  };
  for (const { hostname } of origins ?? []) {
    const owner = ownerOf(account, hostname);
    if (owner !== null && owner !== name && takesOver !== true) throw new Refusal(409, 100_116, "the domain is taken");
    if (owner !== null) account.worker(owner).domains.delete(hostname);
    account.worker(name).domains.add(hostname);
  }
  return origins ?? [];
};

const getBucket: Handler = ({ account }, [name = ""]) => {
  if (!account.buckets.has(name)) throw new Refusal(404, 10006, "The specified bucket does not exist.");
  return { name };
};

const createBucket: Handler = ({ account }, _, request) => {
  const name = text(json(request), "name");
  account.createBucket(name);
  return { name };
};

const listDatabases: Handler = ({ account }, _, { url }) => {
  if (!/^\d+$/.test(url.searchParams.get("per_page") ?? "")) throw new Refusal(400, 7400, "per_page is missing");
  return url.searchParams.get("page") === "1" ? [...account.databases].map(([uuid, name]) => ({ uuid, name })) : [];
};

const queryDatabase: Handler = async ({ account, query }, [id = ""], request) => {
  const { uuid } = account.database(id);
  if (uuid !== id) throw new Refusal(400, 7400, "queries go by the id");
  const { results, success, meta } = await query(uuid, text(json(request), "sql"));
  return [{ results, success, meta }];
};

/** Handlers by path under /accounts/<id>. `*` matches one segment, passed on in order. */
const ROUTES: readonly (readonly [string, string, Handler])[] = [
  ["GET", "workers/services/*", (api, [name = ""]) => service(api, name)],
  ["GET", "workers/workers/*", (api, [name = ""]) => ({ name, subdomain: subdomainOf(api, name) })],
  ["GET", "workers/subdomain", ({ subdomain }) => ({ subdomain })],
  ["PUT", "workers/scripts/*", putScript],
  ["POST", "workers/scripts/*/assets-upload-session", startAssets],
  [
    "GET",
    "workers/scripts/*/settings",
    ({ account }, [name = ""]) => ({ bindings: hideSecrets(account.latestVersion(name)) }),
  ],
  [
    "PATCH",
    "workers/scripts/*/script-settings",
    ({ account }, [name = ""], request) => (account.worker(name), json(request)),
  ],
  ["GET", "workers/scripts/*/secrets", ({ account }, [name = ""]) => secretsOf(account.latestVersion(name))],
  ["PATCH", "workers/scripts/*/secrets-bulk", patchSecrets],
  ["GET", "workers/scripts/*/versions", listVersions],
  ["POST", "workers/scripts/*/versions", addVersion],
  ["GET", "workers/scripts/*/deployments", listDeployments],
  ["POST", "workers/scripts/*/deployments", createDeployment],
  ["POST", "workers/scripts/*/subdomain", setSubdomain],
  ["PUT", "workers/scripts/*/schedules", setSchedules],
  ["POST", "workers/scripts/*/domains/changeset", domainChanges],
  ["PUT", "workers/scripts/*/domains/records", setDomains],
  ["GET", "workers/domains", listDomains],
  ["GET", "r2/buckets", ({ account }) => ({ buckets: Array.from(account.buckets, (name) => ({ name })) })],
  ["GET", "r2/buckets/*", getBucket],
  ["POST", "r2/buckets", createBucket],
  ["GET", "d1/database", listDatabases],
  ["GET", "d1/database/*", ({ account }, [name = ""]) => account.database(name)],
  ["POST", "d1/database", ({ account }, _, request) => account.createDatabase(text(json(request), "name"))],
  ["POST", "d1/database/*/query", queryDatabase],
];

/** Answers a call, or throws a Refusal. */
export async function answerCall(api: Api, request: ApiRequest): Promise<unknown> {
  const prefix = `/client/v4/accounts/${api.accountId}/`;
  const { pathname } = request.url;
  const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length).split("/").map(decodeURIComponent) : null;
  for (const [method, pattern, handle] of path === null ? [] : ROUTES) {
    const parts = match(pattern.split("/"), path ?? []);
    if (parts !== null && method === request.method) return handle(api, parts, request);
  }
  throw new Refusal(404, 7003, `no call ${request.method} ${pathname}`);
}
