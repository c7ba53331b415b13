// SPDX-License-Identifier: Apache-2.0
// Decides the index of every submission of a round: that of an earlier entry, the next free one, or none because the
// writer has used up its budget. A pure function.

import { encodeHex } from "../../../shared/bytes/hex.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { WriteBudget, WriterExhausted } from "../../../shared/rpc/sequencer.ts";
import type { UnixMs } from "../../../shared/time.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { Submission } from "../kinds/kind.ts";
import type { WriterCount } from "../tables/counts.ts";
import type { EntryRow } from "../tables/entries.ts";
import type { KnownEntry } from "../tables/identities.ts";

/** The log's knowledge from earlier rounds. */
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

/** The place of a submission. */
export interface Place extends KnownEntry {
  /** The entry there is the same thing in another form. */
  readonly isOtherForm: boolean;
}

/** A new entry, and the identities under which it is found. */
interface NewEntry extends EntryRow {
  readonly identity: Hash;
  /** Those of other forms that it takes. */
  readonly taken: readonly Hash[];
}

export interface Placed {
  /** One per submission, in their order. */
  readonly places: readonly Result<Place, WriterExhausted>[];
  readonly newEntries: readonly NewEntry[];
  /** The new counts of the writers of new entries. */
  readonly counts: readonly WriterCount[];
}

/**
 * Gives each new identity the next free index. Equal identities and other forms of the same thing share it, in one
 * round and across rounds. An entry that the log has already costs its writer nothing.
 */
export function placeAll({ firstIndex, submissions, timestamp, findEarlier, countOf }: PlacingInput): Placed {
  const inRound = new Map<string, KnownEntry>();
  const counts = new Map<string, WriterCount>();
  const newEntries: NewEntry[] = [];
  const find = (identity: Hash): KnownEntry | null => inRound.get(encodeHex(identity)) ?? findEarlier(identity);
  const places = submissions.map((submission): Result<Place, WriterExhausted> => {
    const { search, hints, identity, otherForms, takesOtherForms, budget } = submission;
    const known = findPlace(submission, find);
    if (known !== null) return ok(known);
    const counted = budget === null ? null : countEntry(budget, counts, { countOf, timestamp });
    if (counted?.ok === false) return counted;
    const place = { leafIndex: firstIndex + newEntries.length, timestamp };
    const taken = takesOtherForms ? otherForms : [];
    for (const form of taken) inRound.set(encodeHex(form), { ...place, timestamp: null });
    inRound.set(encodeHex(identity), place);
    newEntries.push({ ...place, ...submission.toLeaf(place), search, hints, identity, taken });
    return ok({ ...place, isOtherForm: false });
  });
  return { places, newEntries, counts: [...counts.values()] };
}

/** The place of a submission that the log has already, in this or another form. */
function findPlace({ identity, otherForms }: Submission, find: Earlier["findEarlier"]): Place | null {
  const same = find(identity);
  if (same !== null) return { ...same, isOtherForm: false };
  for (const form of otherForms) {
    const other = find(form);
    if (other !== null) return { ...other, isOtherForm: true };
  }
  return null;
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
