// SPDX-License-Identifier: Apache-2.0
// A watch: which entries it is about, what it expects, and how its owner is told. A watch has one channel, so that the
// messages of each keep their order and none waits for another's.

import type { Term } from "./terms.ts";

/** How the owner of a watch is told. */
export type Channel =
  | {
      readonly kind: "webhook";
      readonly url: string;
      /** As the receiver has it: `whsec_` and base64. */
      readonly secret: string;
    }
  /** The address is a secret: whoever has it may write there. */
  | { readonly kind: "slack"; readonly url: string }
  | { readonly kind: "mail"; readonly to: string; readonly isDigest: boolean };

/** How the ids of people's own watches begin; those of WATCHES begin with team/. */
export const PERSONAL_PREFIX = "own/";

/** One watch. */
export interface Watch {
  /** Unique in the deployment. */
  readonly id: string;
  /** The entry must have a term of each list. None: the watch is about no entry. */
  readonly conditions: readonly (readonly Term[])[];
  readonly expected: Expected | null;
  readonly channel: Channel;
}

/** The facts about a build that can be expected. */
export const EXPECTED_NAMES = ["workflow", "ref", "event", "runner"] as const;

/** Fact → the values of which one is expected; a `*` stands for any text. An entry that differs is unexpected. */
export type Expected = Readonly<Partial<Record<(typeof EXPECTED_NAMES)[number], readonly string[]>>>;
