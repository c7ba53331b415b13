// SPDX-License-Identifier: Apache-2.0
// A selector as data: conditions over facts, and the baselines that tell the owner's own entries from the rest.

import type { Fact } from "./facts.ts";
import type { TextPattern } from "./pattern.ts";

/** Holds if any text of any of its facts fits the pattern. */
export interface Choice {
  readonly facts: readonly Fact[];
  readonly pattern: TextPattern;
}

/** Holds if any of its choices does. */
export interface Condition {
  /** Its name in the configuration, for people: `ref`. */
  readonly name: string;
  readonly choices: readonly Choice[];
}

/** Entries that somebody wants to hear of. */
export interface SelectorConfig {
  /** Unique; part of the key of its events. */
  readonly id: string;
  /** All of them must hold; there is at least one. */
  readonly conditions: readonly Condition[];
  /** An entry for which all conditions of one baseline hold is expected. None: no entry is. */
  readonly expected: readonly (readonly Condition[])[];
}
