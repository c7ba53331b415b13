// SPDX-License-Identifier: Apache-2.0
// The Durable Object of the repository: one instance, so that one decides every version. repository.ts does the work.

import { DurableObject } from "cloudflare:workers";
import type { TufRepositoryRpc, TufView } from "../../shared/rpc.ts";
import { unixMs } from "../../shared/time.ts";
import { readDeployed, type TrustEnv } from "./env.ts";
import { Repository } from "./repository.ts";
import { RepositoryStorage } from "./repository-storage.ts";

export class TufRepository
  extends DurableObject<TrustEnv>
  implements Omit<TufRepositoryRpc, keyof Rpc.DurableObjectBranded>
{
  readonly #repository: Repository;

  constructor(ctx: DurableObjectState, env: TrustEnv) {
    super(ctx, env);
    const { storage } = ctx;
    const rows = new RepositoryStorage({
      exec: (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray(),
      transactionSync: (run) => storage.transactionSync(run),
    });
    this.#repository = new Repository(readDeployed(env), rows);
  }

  async serve(): Promise<TufView> {
    return this.#repository.serve(unixMs(Date.now()));
  }
}
