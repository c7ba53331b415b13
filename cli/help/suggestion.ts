// SPDX-License-Identifier: Apache-2.0
// Guesses the word that a person meant by a mistyped one.

/** The closest of `words` within two edits, and within half of the word; null if there is none. */
export function suggestion(typed: string, words: readonly string[]): string | null {
  const ranked = words
    .map((word) => ({ word, edits: editDistance(typed, word) }))
    .filter(({ word, edits }) => edits <= Math.min(2, word.length / 2))
    .toSorted((a, b) => a.edits - b.edits);
  return ranked[0]?.word ?? null;
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbors. */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const edits = [at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + cost];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits.push(at(before, j - 2) + 1);
      next.push(Math.min(...edits));
    }
    [before, row] = [row, next];
  }
  return at(row, b.length);
}

const at = (row: readonly number[], j: number): number => row[j] ?? Number.POSITIVE_INFINITY;
