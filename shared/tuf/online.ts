// SPDX-License-Identifier: Apache-2.0
// The online half of a TUF repository: snapshots and timestamps, how long each is valid, and when the next one is due.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#file-formats-snapshot, #file-formats-timestamp

import { formatRfc3339, type UnixMs, unixMs } from "../time.ts";
import { type Snapshot, SPEC_VERSION, type Timestamp } from "./metadata.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long an online document is valid, and from what age it is replaced when somebody reads it. */
export interface Term {
  readonly lifetimeMs: number;
  readonly renewAfterMs: number;
}

/**
 * A client that is kept from fresh timestamps notices within a week; a service that nobody reads for six days recovers.
 */
export const TIMESTAMP_TERM: Term = { lifetimeMs: 7 * DAY_MS, renewAfterMs: DAY_MS };
/** Renewed rarely, since clients download each new snapshot for nothing; valid as long as any timestamp may name it. */
export const SNAPSHOT_TERM: Term = { lifetimeMs: 90 * DAY_MS, renewAfterMs: 30 * DAY_MS };

/**
 * If the clock is this far behind the last signature, it was ahead then, and the document would look fresh for as long.
 */
const CLOCK_SLACK_MS = 5 * MINUTE_MS;

/** Whether a document signed at `signedAt` must be replaced by now. */
export const isDue = ({ renewAfterMs }: Term, signedAt: UnixMs, now: UnixMs): boolean =>
  now - signedAt >= renewAfterMs || signedAt - now > CLOCK_SLACK_MS;

/**
 * Returns the version after `previous`: the minutes since the epoch, or one more than `previous` within the same
 * minute. Versions thus keep rising when the storage that counted them is lost or restored, and clients that remember a
 * higher one are not stranded. Stays below 2^31, which sigstore-java needs, for another four thousand years.
 */
export const nextVersion = (previous: number, now: UnixMs): number =>
  Math.max(previous + 1, Math.floor(now / MINUTE_MS));

/** Makes a snapshot of a version of the targets metadata, valid from `now` on for its term. */
export const snapshotOf = (version: number, targetsVersion: number, now: UnixMs): Snapshot => ({
  _type: "snapshot",
  spec_version: SPEC_VERSION,
  version,
  expires: formatRfc3339(unixMs(now + SNAPSHOT_TERM.lifetimeMs)),
  meta: { "targets.json": { version: targetsVersion } },
});

/** Makes a timestamp of a version of the snapshot, valid from `now` on for its term. */
export const timestampOf = (version: number, snapshotVersion: number, now: UnixMs): Timestamp => ({
  _type: "timestamp",
  spec_version: SPEC_VERSION,
  version,
  expires: formatRfc3339(unixMs(now + TIMESTAMP_TERM.lifetimeMs)),
  meta: { "snapshot.json": { version: snapshotVersion } },
});
