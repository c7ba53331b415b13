// SPDX-License-Identifier: Apache-2.0
// The contract of the TUF repository.

import type { Expiry } from "../trust/expiry.ts";

/** Everything that is served below /tuf/, as it is at one moment. */
export type TufView =
  /** This deployment has no repository, and never had one. */
  | { readonly kind: "absent" }
  /** It was given one that no client would accept. */
  | { readonly kind: "refused"; readonly problems: readonly string[] }
  | TufServing;

export interface TufServing {
  readonly kind: "serving";
  /** Of the newest root. */
  readonly rootVersion: number;
  /** Texts by path below /tuf/: `1.root.json`, `targets/<sha256>.trusted_root.json`; also those that newer ones have replaced lately. */
  readonly documents: Readonly<Record<string, string>>;
  /** The path of each target by its name. */
  readonly targets: Readonly<Record<string, string>>;
  readonly expiries: readonly Expiry[];
  /** What is wrong beside that: sentences that say what to do. */
  readonly problems: readonly string[];
}

/** The Durable Object of the repository; its name is PublicUrl.href. A rejected promise is the platform's failure. */
export interface TufRepositoryRpc extends Rpc.DurableObjectBranded {
  /** Takes over what was deployed, signs what is due, and shows everything. */
  serve(): Promise<TufView>;
}
