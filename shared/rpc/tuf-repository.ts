// SPDX-License-Identifier: Apache-2.0
// The contract of the TUF repository.

import type { Expiry } from "../trust/expiry.ts";

/** Everything served below /tuf/ at one moment. */
export type TufView =
  /** This deployment never had a repository. */
  | { readonly kind: "absent" }
  /** No client would accept the repository that was deployed. */
  | { readonly kind: "refused"; readonly problems: readonly string[] }
  | TufServing;

/** A repository that can be served. */
export interface TufServing {
  readonly kind: "serving";
  /** Version of the newest root. */
  readonly rootVersion: number;
  /**
   * Path below /tuf/ → text: `1.root.json`, `targets/<sha256>.trusted_root.json`. Recently replaced documents are
   * included.
   */
  readonly documents: Readonly<Record<string, string>>;
  /** Target name → path below /tuf/. */
  readonly targets: Readonly<Record<string, string>>;
  readonly expiries: readonly Expiry[];
  /** Problems that do not keep the repository from being served: sentences that say what to do. */
  readonly problems: readonly string[];
}

/** The Durable Object of the repository, named PublicUrl.href. A rejected promise is the platform's failure. */
export interface TufRepositoryRpc extends Rpc.DurableObjectBranded {
  /** Adopts the deployed trust file, signs metadata that is due, and returns everything that is served. */
  serve(): Promise<TufView>;
}
