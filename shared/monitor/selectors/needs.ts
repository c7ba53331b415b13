// SPDX-License-Identifier: Apache-2.0
// Finds out what selectors ask for beyond the leaf of an entry, which costs whoever reads it.

import type { SelectorConfig } from "./config.ts";
import type { Fact } from "./facts.ts";

/** Facts that an entry's hints add to. */
const HINTED: ReadonlySet<Fact> = new Set(["digest", "predicateType", "what"]);
const OF_AUTHORITY: ReadonlySet<Fact> = new Set(["authority", "knownAuthority"]);

/** Whether a selector, or one of its baselines, asks for what the leaf of an attestation does not hold. */
export const needsHints = (selectors: readonly SelectorConfig[]): boolean => askFor(selectors, HINTED);

/** Whether a selector, or one of its baselines, asks for the authority. */
export const needsAuthority = (selectors: readonly SelectorConfig[]): boolean => askFor(selectors, OF_AUTHORITY);

const askFor = (selectors: readonly SelectorConfig[], wanted: ReadonlySet<Fact>): boolean =>
  selectors.some(({ conditions, expected }) =>
    [conditions, ...expected]
      .flat()
      .some(({ choices }) => choices.some(({ facts }) => facts.some((fact) => wanted.has(fact)))),
  );
