// SPDX-License-Identifier: Apache-2.0
// The online half of a TUF repository: what a snapshot and a timestamp say, how long each is good, and when the next one is due.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#file-formats-snapshot, #file-formats-timestamp

import { formatRfc3339, type UnixMs, unixMs } from "../time.ts";
import { type Snapshot, SPEC_VERSION, type Timestamp } from "./metadata.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long an online document is good, and from which age on it is replaced when somebody reads it. */
export interface Term {
  readonly lifetimeMs: number;
  readonly renewAfterMs: number;
}

/** A client that was held back from fresh timestamps notices after a week; a service that nobody reads for six days has lost nothing. */
export const TIMESTAMP_TERM: Term = { lifetimeMs: 7 * DAY_MS, renewAfterMs: DAY_MS };
/** Seldom, as clients fetch a new snapshot for nothing; long enough that one is good whenever a timestamp names it. */
export const SNAPSHOT_TERM: Term = { lifetimeMs: 90 * DAY_MS, renewAfterMs: 30 * DAY_MS };

/** A clock this far behind the last signature was ahead then: what it signed would be young for as long. */
const CLOCK_SLACK_MS = 5 * MINUTE_MS;

/** Whether a document that was signed at a time has to be replaced by now. */
export const isDue = ({ renewAfterMs }: Term, signedAt: UnixMs, now: UnixMs): boolean =>
  now - signedAt >= renewAfterMs || signedAt - now > CLOCK_SLACK_MS;

/**
 * The version after `previous`: the number of minutes since the epoch, or the next one if there was one this minute already. So versions go
 * on rising where the storage that counted them was lost or put back, and clients that remember a higher one are not stranded.
 * Below 2^31 for another four thousand years, which sigstore-java needs.
 */
export const nextVersion = (previous: number, now: UnixMs): number =>
  Math.max(previous + 1, Math.floor(now / MINUTE_MS));

/** A snapshot over targets metadata of a version, good from `now` on for its term. */
export const snapshotOf = (version: number, targetsVersion: number, now: UnixMs): Snapshot => ({
  _type: "snapshot",
  spec_version: SPEC_VERSION,
  version,
  expires: formatRfc3339(unixMs(now + SNAPSHOT_TERM.lifetimeMs)),
  meta: { "targets.json": { version: targetsVersion } },
});

/** A timestamp over a snapshot of a version, good from `now` on for its term. */
export const timestampOf = (version: number, snapshotVersion: number, now: UnixMs): Timestamp => ({
  _type: "timestamp",
  spec_version: SPEC_VERSION,
  version,
  expires: formatRfc3339(unixMs(now + TIMESTAMP_TERM.lifetimeMs)),
  meta: { "snapshot.json": { version: snapshotVersion } },
});
