// SPDX-License-Identifier: Apache-2.0
// The contract by which pages learn what expires, what is wrong with the trust of the deployment, and from which root a
// reader's browser may begin.

import type { TrustHealth } from "../trust/health.ts";

/** The trust service's report on itself. A rejected promise is the platform's failure. */
export interface TrustStateRpc extends Rpc.WorkerEntrypointBranded {
  readHealth(): Promise<TrustHealth>;
  /**
   * The text of the newest TUF root that this version of the service was deployed with; null if it was deployed without
   * a repository. Rejects if what was deployed cannot be read.
   */
  readDeployedRoot(): Promise<string | null>;
}
