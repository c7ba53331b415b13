// SPDX-License-Identifier: Apache-2.0
// A search, once its parameters have been understood.

import type { EntryKind } from "../../../shared/search/parameters.ts";
import type { MarkName } from "../../../shared/search/row.ts";
import type { AttributeName } from "../../../shared/search/signer.ts";
import type { UnixMs } from "../../../shared/time.ts";

/** Log name → upper bound of the entry indexes (exclusive), in the order of the logs. */
export type Bounds = ReadonlyMap<string, number>;

/** The conditions on an entry, which must meet all of them. */
export interface Conjunction {
  /** Keys of digests: few entries have one of them. */
  readonly digests: readonly string[];
  /** Keys of predicate types: many entries have one of them. */
  readonly predicateTypes: readonly string[];
  readonly marks: readonly { readonly name: MarkName; readonly key: string }[];
  /** The conditions on its signer, the rarest first. */
  readonly signer: readonly SignerCondition[];
}

/** One of these is enough. */
export type SignerCondition = readonly SignerOption[];

export interface SignerOption {
  readonly attribute: AttributeName;
  readonly value: string;
  /** Whether the value is the beginning of the signer's. */
  readonly isPrefix: boolean;
}

export interface SearchQuery {
  /**
   * An entry must fulfil one of them. At most four: a digest and a commit have two readings each; and as many for a
   * signer after the entry's first one.
   */
  readonly alternatives: readonly Conjunction[];
  readonly kind: EntryKind | null;
  readonly since: UnixMs | null;
  readonly until: UnixMs | null;
  /** Names of the logs to search: all of them, or the one in `log`. */
  readonly logs: readonly string[];
  readonly limit: number;
  /** From the cursor; null on the first page. */
  readonly bounds: Bounds | null;
}

/** The part of a query that a cursor is bound to. With another query it would silently skip hits. */
export type Question = Pick<SearchQuery, "alternatives" | "kind" | "since" | "until" | "logs">;
