// SPDX-License-Identifier: Apache-2.0
// Prepares the account for a Worker: the search index with its tables, and the Worker's secrets. Each step looks for
// an existing resource first, so every step can be repeated. `wrangler deploy` creates buckets itself, or finds them
// by name.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Step } from "../steps.ts";
import { type Deployment, writePrivate } from "./deployment.ts";
import { jsonOf, reasonOf, runWrangler } from "./wrangler.ts";
import { configPath, type SplitWorker, workerName } from "./wrangler-config.ts";

/** Steps that find or create the search index and apply its migrations. */
export function databaseSteps(deployment: Deployment, worker: SplitWorker | null): readonly Step[] {
  const name = `${deployment.name}-index`;
  const config = ["--config", configPath(deployment, worker)];
  return [
    { title: `D1 database ${name}`, run: () => findOrCreateDatabase(name, config) },
    {
      title: "D1 migrations",
      run: async () => {
        const run = await runWrangler(["d1", "migrations", "apply", "INDEX", "--remote", ...config]);
        if (!run.passed) return err(reasonOf(run));
        return ok(run.output.includes("No migrations to apply") ? "up to date" : "applied");
      },
    },
  ];
}

async function findOrCreateDatabase(name: string, config: readonly string[]): Promise<Result<string, string>> {
  const list = await runWrangler(["d1", "list", "--json", ...config]);
  const databases = jsonOf(list);
  if (!Array.isArray(databases)) return err(reasonOf(list));
  if (databases.some((database: { readonly name?: unknown }) => database.name === name)) return ok("found");
  const created = await runWrangler(["d1", "create", name, ...config]);
  return created.passed ? ok("created") : err(reasonOf(created));
}

/**
 * Reads the names of the secrets of a Worker; null if the Worker does not exist. The error is a line for the
 * operator.
 */
export async function listRemoteSecrets(
  deployment: Deployment,
  worker: SplitWorker | null,
): Promise<Result<readonly string[] | null, string>> {
  const name = workerName(deployment, worker);
  const run = await runWrangler(["secret", "list", "--format", "json", "--name", name]);
  const list = jsonOf(run);
  if (Array.isArray(list)) return ok(list.map((secret: { readonly name?: unknown }) => String(secret.name)));
  return /not found|does not exist|10007/.test(run.output) ? ok(null) : err(reasonOf(run));
}

/**
 * Uploads the secrets of a Worker, and creates the Worker if it does not exist. The error is a line for the operator.
 */
export async function uploadSecrets(
  deployment: Deployment,
  worker: SplitWorker | null,
  secrets: Readonly<Record<string, string>>,
): Promise<Result<string, string>> {
  return useSecretsFile(deployment, secrets, async (file) => {
    const run = await runWrangler(["secret", "bulk", file, "--name", workerName(deployment, worker)]);
    return run.passed ? ok(`${Object.keys(secrets).length} uploaded`) : err(reasonOf(run));
  });
}

/** Calls `use` with a file of the secrets, which is removed afterwards. */
export async function useSecretsFile<T>(
  { folder }: Pick<Deployment, "folder">,
  secrets: Readonly<Record<string, string>>,
  use: (file: string) => Promise<T>,
): Promise<T> {
  const path = join(folder, "tmp", `secrets-${process.pid}.json`);
  mkdirSync(join(folder, "tmp"), { recursive: true, mode: 0o700 });
  writePrivate(path, JSON.stringify(secrets));
  try {
    return await use(path);
  } finally {
    rmSync(path, { force: true });
  }
}
