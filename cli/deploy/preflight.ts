// SPDX-License-Identifier: Apache-2.0
// Checks the account before anything is sent: a deployment replaces only what was made from its own folder. A
// Worker is this deployment's if it has the same address and a root certificate of the folder.

import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { isObject, member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { CloudflareAccount } from "../deployment/account.ts";
import { type Deployment, type WorkerSettings, writePrivate } from "../deployment/deployment.ts";
import { readJsonFile } from "../deployment/json-file.ts";
import { customDomains, type SplitWorker, workerName } from "../deployment/wrangler-config.ts";

/** Describes the next deployment. */
export interface Target {
  readonly deployment: Deployment;
  readonly workers: readonly (SplitWorker | null)[];
  readonly vars: WorkerSettings["vars"];
  /** Whether nothing was deployed from the folder before. */
  readonly isFirst: boolean;
  /** Whether to replace what another folder has made. */
  readonly adopts: boolean;
  /** Whether to take a domain from another Worker. */
  readonly takesDomain: boolean;
}

/** The facts about the account that the folder remembers. */
interface Known {
  /** Account, name and address whose names were free, or adopted: what has them now, this folder has made. */
  readonly made: readonly string[];
}

/** Beside deployment.json. */
const FILE = "deployed.json";

/** Checks the account. Gives a short result for the report; the error says what is in the way. */
export async function checkAccountFirst(account: CloudflareAccount, target: Target): Promise<Result<string, string>> {
  const { deployment, isFirst, adopts, takesDomain } = target;
  const own = `${account.fingerprint} ${deployment.name}`;
  const known = readKnown(deployment.folder);
  if (!known.ok) return known;
  const isOurs = known.value.made.includes(own);
  const strangers = await findStrangers(account, target, isOurs || !isFirst);
  if (!strangers.ok) return strangers;
  if (strangers.value.length > 0 && !adopts) {
    return err(
      `the account has resources that were not created from this folder:\n${strangers.value.map((line) => `  ${line}`).join("\n")}\n` +
        "nothing was sent; use the folder that created them, choose another name (sigedge init --name NAME), or replace them permanently: " +
        "sigedge deploy --adopt, or SIGEDGE_ADOPT=1 npx wrangler deploy",
    );
  }
  const domains = await findForeignDomains(account, target);
  if (!domains.ok) return domains;
  if (domains.value.length > 0 && !takesDomain) {
    return err(
      `${domains.value.join("; ")}; nothing was sent. Choose another address, or take it over with --take-over-domain`,
    );
  }
  if (!isOurs) writeKnown(deployment.folder, { made: [...known.value.made, own] });
  return ok(strangers.value.length > 0 ? "adopted" : isOurs ? "as this folder left it" : "nothing in the way");
}

/** Lines about Workers, bucket and database with our names that are not ours. */
async function findStrangers(
  account: CloudflareAccount,
  { deployment, workers, vars }: Target,
  wasDeployed: boolean,
): Promise<Result<readonly string[], string>> {
  const lines: string[] = [];
  let hasOwnWorker = false;
  for (const worker of workers) {
    const name = workerName(deployment, worker);
    const settings = await account.read(`workers/scripts/${encodeURIComponent(name)}/settings`);
    if (!settings.ok) return settings;
    if (settings.value === null) continue;
    const problem = describeStranger(settings.value, vars, wasDeployed);
    if (problem === null) hasOwnWorker = true;
    else lines.push(`the Worker ${name}, which ${problem}`);
  }
  // Whose bucket and database are is known from the Worker that binds them.
  if (wasDeployed || hasOwnWorker) return ok(lines);
  for (const [what, path, name] of [
    ["bucket", "r2/buckets/", `${deployment.name}-tiles`],
    ["database", "d1/database?per_page=100&page=1&name=", `${deployment.name}-index`],
  ] as const) {
    const found = await account.read(`${path}${encodeURIComponent(name)}`);
    if (!found.ok) return found;
    const rows: readonly unknown[] = Array.isArray(found.value) ? found.value : [found.value];
    if (rows.some((row) => member(row, "name") === name)) lines.push(`the ${what} ${name}`);
  }
  return ok(lines);
}

/** Why a deployed Worker is not this deployment's, null if it is. */
function describeStranger(settings: unknown, vars: WorkerSettings["vars"], wasDeployed: boolean): string | null {
  const bindings = member(settings, "bindings");
  const texts = new Map(
    (Array.isArray(bindings) ? bindings.filter(isObject) : []).map((binding) => [binding["name"], binding["text"]]),
  );
  const [address, chain] = [texts.get("PUBLIC_URL"), texts.get("CA_CHAIN")];
  if (typeof address === "string" && address !== vars["PUBLIC_URL"]) return `answers for ${address}`;
  if (typeof chain === "string" && !hasRootOf(chain, vars)) return "has the certificate of another CA";
  return typeof address === "string" || wasDeployed ? null : "is not a deployment of Sigedge";
}

/** Whether the last certificate of a chain is among the folder's current, former and next ones. */
function hasRootOf(chain: string, vars: WorkerSettings["vars"]): boolean {
  const others = Object.entries(vars).flatMap(([name, text]) => (name.startsWith("OTHER_CA_CHAINS") ? [text] : []));
  const own = fingerprints([vars["CA_CHAIN"] ?? "", ...others].join("\n"));
  const root = fingerprints(chain).at(-1);
  return root !== undefined && own.includes(root);
}

function fingerprints(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block).fingerprint256);
  } catch {
    return [];
  }
}

/** Lines about our domains that other Workers have. */
async function findForeignDomains(
  account: CloudflareAccount,
  { deployment, workers, vars }: Target,
): Promise<Result<readonly string[], string>> {
  const front = workerName(deployment, workers.includes("gateway") ? "gateway" : null);
  const lines: string[] = [];
  for (const hostname of customDomains(deployment, vars["SHARDS"] ?? "[]")) {
    const found = await account.read(`workers/domains?hostname=${encodeURIComponent(hostname)}`);
    if (!found.ok) return found;
    const rows = Array.isArray(found.value) ? found.value.filter(isObject) : [];
    const attached = rows.find((row) => row["hostname"] === hostname)?.["service"];
    if (attached === front) continue;
    if (typeof attached === "string") lines.push(`${hostname} belongs to the Worker ${attached}`);
    // wrangler would replace the record without asking.
    else if (await account.resolves(hostname)) lines.push(`${hostname} has a DNS record already`);
  }
  return ok(lines);
}

function readKnown(folder: string): Result<Known, string> {
  const json = readJsonFile(join(folder, FILE));
  if (!json.ok) return json;
  const made = json.value?.["made"] ?? [];
  return ok({ made: Array.isArray(made) ? made.map(String) : [] });
}

const writeKnown = (folder: string, known: Known): void =>
  writePrivate(join(folder, FILE), `${JSON.stringify(known, null, 2)}\n`);
