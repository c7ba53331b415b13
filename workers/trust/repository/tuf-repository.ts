// SPDX-License-Identifier: Apache-2.0
// The Durable Object of the repository. There is one instance, so that one place decides every version. repository.ts
// has the logic.

import { DurableObject } from "cloudflare:workers";
import { ok, type Result } from "../../../shared/result.ts";
import type { TufRepositoryRpc, TufView } from "../../../shared/rpc/tuf-repository.ts";
import { describeTooNew, type SchemaTooNew } from "../../../shared/sql/schema.ts";
import { unixMs } from "../../../shared/time.ts";
import { readDeployed, type TrustEnv } from "../env.ts";
import { type Deployed, Repository } from "./repository.ts";
import { RepositoryStorage, type Storage } from "./repository-storage.ts";

/** The TUF repository of a deployment, by RPC. */
export class TufRepository
  extends DurableObject<TrustEnv>
  implements Omit<TufRepositoryRpc, keyof Rpc.DurableObjectBranded>
{
  readonly #repository: Result<Repository, SchemaTooNew>;

  constructor(ctx: DurableObjectState, env: TrustEnv) {
    super(ctx, env);
    const { storage } = ctx;
    this.#repository = openRepository(readDeployed(env), {
      exec: (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray(),
      transactionSync: (run) => storage.transactionSync(run),
    });
  }

  async serve(): Promise<TufView> {
    const repository = this.#repository;
    if (repository.ok) return repository.value.serve(unixMs(Date.now()));
    return { kind: "refused", problems: [`The TUF repository: ${describeTooNew(repository.error)}.`] };
  }
}

/** Opens the repository over its storage. Fails with schema_too_new. */
export function openRepository(deployed: Deployed, storage: Storage): Result<Repository, SchemaTooNew> {
  const rows = RepositoryStorage.open(storage);
  return rows.ok ? ok(new Repository(deployed, rows.value)) : rows;
}
