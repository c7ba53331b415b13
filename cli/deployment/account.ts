// SPDX-License-Identifier: Apache-2.0
// Reads from the Cloudflare account what wrangler does not print: which Workers, buckets, databases and domains there
// are, and what a deployed Worker was given. Changes nothing. Authenticates as wrangler does.
// Spec: https://developers.cloudflare.com/api/

import { createHash } from "node:crypto";
import { lookup } from "node:dns/promises";
import { isObject, member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { jsonOf, reasonOf, runWrangler } from "./wrangler.ts";
import { NOT_LOGGED_IN } from "./wrangler-text.ts";

const API = "https://api.cloudflare.com/client/v4";
const DEADLINE_MS = 30_000;

/** The account that a deployment goes to. */
export interface CloudflareAccount {
  /** Names the account without showing it. */
  readonly fingerprint: string;
  /** Reads a path below the account; null if there is nothing. The error is a line for the operator. */
  readonly read: (path: string) => Promise<Result<unknown, string>>;
  /** Whether the DNS has an address of a host name. */
  readonly resolves: (hostname: string) => Promise<boolean>;
}

/** Opens the account of wrangler's login. The error is a line for the operator. */
export async function openAccount(env: NodeJS.ProcessEnv = process.env): Promise<Result<CloudflareAccount, string>> {
  const headers = await readAuthorization();
  if (!headers.ok) return headers;
  const base = env["CLOUDFLARE_API_BASE_URL"] ?? API;
  const id = env["CLOUDFLARE_ACCOUNT_ID"] ?? (await findOnlyAccount(base, headers.value));
  if (typeof id !== "string") return id;
  return ok({
    fingerprint: createHash("sha256").update(id).digest("hex").slice(0, 16),
    read: (path) => call(`${base}/accounts/${id}/${path}`, headers.value),
    resolves: async (hostname) => (await lookup(hostname, { all: true }).catch(() => [])).length > 0,
  });
}

async function readAuthorization(): Promise<Result<Readonly<Record<string, string>>, string>> {
  const run = await runWrangler(["auth", "token", "--json"]);
  const json = jsonOf(run);
  const text = (name: string): string => {
    const value = member(json, name);
    return typeof value === "string" ? value : "";
  };
  if (text("token") !== "") return ok({ authorization: `Bearer ${text("token")}` });
  if (text("key") !== "") return ok({ "x-auth-key": text("key"), "x-auth-email": text("email") });
  const reason = reasonOf(run);
  return err(reason === NOT_LOGGED_IN ? reason : `${NOT_LOGGED_IN}\n${reason}`);
}

async function findOnlyAccount(
  base: string,
  headers: Readonly<Record<string, string>>,
): Promise<string | Result<never, string>> {
  const accounts = await call(`${base}/accounts`, headers);
  if (!accounts.ok) return accounts;
  const ids = Array.isArray(accounts.value) ? accounts.value.map((account: unknown) => member(account, "id")) : [];
  const [id] = ids;
  if (ids.length === 1 && typeof id === "string") return id;
  return err(`the login has ${ids.length} accounts; choose one: set CLOUDFLARE_ACCOUNT_ID`);
}

async function call(url: string, headers: Readonly<Record<string, string>>): Promise<Result<unknown, string>> {
  const path = new URL(url).pathname.replace(/\/accounts\/[^/]+/, "");
  try {
    const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(DEADLINE_MS) });
    if (response.status === 404) return ok(null);
    const body: unknown = await response.json();
    if (response.ok && isObject(body)) return ok(body["result"] ?? null);
    return err(`Cloudflare's API answers ${response.status} for ${path}`);
  } catch (error) {
    return err(
      `Cloudflare's API cannot be reached for ${path} (${error instanceof Error ? error.message : "unknown"})`,
    );
  }
}
