// SPDX-License-Identifier: Apache-2.0
// Whether the log's storage takes more rows. A log whose storage is nearly full stops in time: the rows that R2 is
// owed, the cursors and the freezing still fit. A storage that rejects a write, because it is full or because the
// plan's day is used up, is left alone for a minute at a time; every write that it rejects would otherwise end the
// object.
// Spec: https://developers.cloudflare.com/durable-objects/platform/limits/

import type { AppendError } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Host } from "../deps.ts";
import { isDue } from "../platform/deadlines.ts";
import type { LogStorage } from "../storage.ts";

/** The capacity of an object's SQLite: 10 GB, of 1,000,000,000 bytes. */
export const OBJECT_LIMIT_BYTES = 10_000_000_000;
/** The rest is 500 MB: more than R2 can be owed within a day at the rate at which a log can grow. */
const FULL_AT = 0.95;
/** How soon a storage that has rejected a write is tried again: space, or a larger plan, may have come. */
const TRY_AGAIN_MS = 60_000;
const DAY_MS = 86_400_000;

/** A write that the platform rejects until something outside changes. */
type StorageFault = "full" | "over_quota";

/** Recognizes the platform's errors by their text: they have no code. Null for any other error. */
export function storageFault(error: unknown): StorageFault | null {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes("SQLITE_FULL")) return "full";
  return /Exceeded allowed .* in Durable Objects free tier/i.test(text) ? "over_quota" : null;
}

/** The parts of a log that its capacity depends on. */
export interface CapacityDeps {
  readonly storage: Pick<LogStorage, "sizeBytes">;
  readonly host: Pick<Host, "now">;
  readonly maxStorageBytes: number;
  /** URL of the log that takes the entries of a full one, null if there is none. */
  readonly successor: (now: UnixMs) => string | null;
}

/** The capacity of one log's storage. */
export class Capacity {
  readonly #deps: CapacityDeps;
  #rejected: { readonly fault: StorageFault; readonly until: UnixMs } | null = null;

  constructor(deps: CapacityDeps) {
    this.#deps = deps;
  }

  /** Why the storage takes no entry now, null if it takes one. */
  get fault(): StorageFault | null {
    const { storage, host, maxStorageBytes } = this.#deps;
    if (this.#rejected !== null && !isDue(this.#rejected.until, host.now(), TRY_AGAIN_MS)) return this.#rejected.fault;
    return storage.sizeBytes() >= maxStorageBytes * FULL_AT ? "full" : null;
  }

  /** The answer to an entry that finds no place. Null if there is one. */
  get error(): AppendError | null {
    const { fault } = this;
    return fault === null ? null : this.#toError(fault);
  }

  /** Takes an error of the storage. Returns the answer to the entry that caused it, null if it is of another kind. */
  note(error: unknown): AppendError | null {
    const fault = storageFault(error);
    if (fault === null) return null;
    this.#rejected = { fault, until: unixMs(this.#deps.host.now() + TRY_AGAIN_MS) };
    return this.#toError(fault);
  }

  #toError(fault: StorageFault): AppendError {
    const now = this.#deps.host.now();
    if (fault === "full") return { code: "log_full", writeTo: this.#deps.successor(now) };
    // The plan counts by days of UTC.
    return { code: "log_over_quota", retryAfterSeconds: Math.ceil((DAY_MS - (now % DAY_MS)) / 1000) };
  }
}

/** The reason for the operator, with what to do. */
export const FAULT_REASONS: Readonly<Record<StorageFault, string>> = {
  full: "the storage of this log is full: open another log of its kind in SHARDS, and freeze this one",
  over_quota:
    "the plan's daily rows of Durable Objects are used up: entries are taken again at 00:00 UTC, or at once on the Workers Paid plan",
};
