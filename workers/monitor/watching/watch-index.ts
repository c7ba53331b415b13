// SPDX-License-Identifier: Apache-2.0
// Finds the watches that an entry concerns. Each watch is filed under the terms of the first of its conditions.

import type { Term } from "./terms.ts";
import type { Watch } from "./watch.ts";

/** Watches by term. */
export class WatchIndex {
  readonly #byTerm = new Map<Term, Watch[]>();

  constructor(watches: readonly Watch[]) {
    for (const watch of watches) {
      for (const term of watch.conditions[0] ?? []) {
        const filed = this.#byTerm.get(term) ?? [];
        filed.push(watch);
        this.#byTerm.set(term, filed);
      }
    }
  }

  /** The watches that an entry with these terms concerns, each once. */
  find(terms: ReadonlySet<Term>): readonly Watch[] {
    const candidates = new Set([...terms].flatMap((term) => this.#byTerm.get(term) ?? []));
    return [...candidates].filter(({ conditions }) =>
      conditions.every((condition) => condition.some((term) => terms.has(term))),
    );
  }
}
