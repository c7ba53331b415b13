// SPDX-License-Identifier: Apache-2.0
// The gate in front of whatever costs the service something: every POST, and every read that reaches an object or D1.
// A route declares under which limit its requests count, and the router counts them before the handler runs.
//
// Cloudflare counts approximately and per location: the gate protects shared capacity and is no exact quota. A counter
// belongs to the account, not to the Worker, so the key names the deployment.
// Spec: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/

import type { PublicUrl } from "./public-url.ts";

/** A limit on requests that cost as much as a write. Routes under the same limit count together. */
export type WriteLimit =
  | "certificates"
  | "chains"
  | "checkpoints"
  | "devices"
  | "entries"
  | "sign-ins"
  | "timestamps"
  | "tokens"
  | "watches";

/** The limit that a request counts against. */
export type RouteLimit = WriteLimit | "reads";

/** Counts requests. */
export interface RateGate {
  /**
   * Counts a request. False if its client's network has had too many of the kind.
   * @param network as clientNetwork gives it
   */
  readonly admits: (limit: RouteLimit, network: string | null) => Promise<boolean>;
}

/** The limits of a deployment. A service without limited reads has no `reads`. */
export interface Limiters {
  readonly reads?: RateLimit;
  readonly writes?: RateLimit;
}

/** Creates the gate of a deployment. */
export function createGate({ host, isLoopback }: PublicUrl, { reads, writes }: Limiters): RateGate {
  return {
    async admits(limit, network) {
      // Nothing in front of a local stack names the client, who is its owner.
      if (network === null && isLoopback) return true;
      const limiter = limit === "reads" ? reads : writes;
      if (limiter === undefined) throw new TypeError(`no binding limits ${limit}`);
      // Clients without an address share one counter: they must not be without a limit.
      const { success } = await limiter.limit({ key: `${host} ${limit} ${network ?? "unknown"}` });
      return success;
    },
  };
}
