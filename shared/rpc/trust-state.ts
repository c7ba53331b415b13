// SPDX-License-Identifier: Apache-2.0
// The contract by which pages learn what expires, and what is wrong with the trust of the deployment.

import type { TrustHealth } from "../trust/health.ts";

/** The trust service's report on itself. A rejected promise is the platform's failure. */
export interface TrustStateRpc extends Rpc.WorkerEntrypointBranded {
  readHealth(): Promise<TrustHealth>;
}
