// SPDX-License-Identifier: Apache-2.0
// Decides the index of every submission of a round: that of an earlier entry, the next free one, or none because the
// writer has used up its budget. A pure function.

import { encodeHex } from "../../../shared/bytes/hex.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { WriteBudget, WriterExhausted } from "../../../shared/rpc/sequencer.ts";
import type { UnixMs } from "../../../shared/time.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { Submission } from "../kinds/kind.ts";
import type { EntryRow, KnownEntry, WriterCount } from "../storage.ts";

/** What the log knew before the round. */
export interface Earlier {
  /** The place that an earlier round gave to an identity, null if none did. */
  readonly findEarlier: (identity: Hash) => KnownEntry | null;
  /** How many entries earlier rounds counted against a budget. */
  readonly countOf: (budget: WriteBudget) => number;
}

interface PlacingInput extends Earlier {
  readonly firstIndex: number;
  readonly submissions: readonly Submission[];
  readonly timestamp: UnixMs;
}

export interface Placed {
  /** One per submission, in their order. */
  readonly places: readonly Result<KnownEntry, WriterExhausted>[];
  readonly newEntries: readonly (EntryRow & { readonly identity: Hash })[];
  /** The new counts of the writers of new entries. */
  readonly counts: readonly WriterCount[];
}

/**
 * Gives each new identity the next free index. Equal identities share it, in one round and across rounds. An entry that
 * the log has already costs its writer nothing.
 */
export function placeAll({ firstIndex, submissions, timestamp, findEarlier, countOf }: PlacingInput): Placed {
  const inRound = new Map<string, KnownEntry>();
  const counts = new Map<string, WriterCount>();
  const newEntries: (EntryRow & { readonly identity: Hash })[] = [];
  const places = submissions.map((submission): Result<KnownEntry, WriterExhausted> => {
    const { search, hints, identity, budget } = submission;
    const known = inRound.get(encodeHex(identity)) ?? findEarlier(identity);
    if (known !== null) return ok(known);
    const counted = budget === null ? null : countEntry(budget, counts, { countOf, timestamp });
    if (counted?.ok === false) return counted;
    const place = { leafIndex: firstIndex + newEntries.length, timestamp };
    inRound.set(encodeHex(identity), place);
    newEntries.push({ ...place, ...submission.toLeaf(place), search, hints, identity });
    return ok(place);
  });
  return { places, newEntries, counts: [...counts.values()] };
}

/** Counts one more entry against a budget. Fails with writer_exhausted if the budget does not allow it. */
function countEntry(
  budget: WriteBudget,
  counts: Map<string, WriterCount>,
  { countOf, timestamp }: Pick<PlacingInput, "countOf" | "timestamp">,
): Result<null, WriterExhausted> {
  const key = `${budget.until} ${encodeHex(budget.writer)}`;
  const used = counts.get(key)?.entries ?? countOf(budget);
  const { kind, entries, until } = budget;
  if (used >= entries) {
    const retryAfterSeconds = Math.max(1, Math.ceil((until - timestamp) / 1000));
    return err({ code: "writer_exhausted", kind, entries, until, retryAfterSeconds });
  }
  counts.set(key, { budget, entries: used + 1 });
  return ok(null);
}
