// SPDX-License-Identifier: Apache-2.0
// The kinds of log, an object each: what every part of the service needs to know of a kind without asking which one it is.
// A new kind is an object here and its counterpart in workers/sequencer/kinds/.

import type { PublicUrl } from "../http/public-url.ts";

/** What a log holds: signatures (Rekor v2), or certificates (static-ct-api). */
export type LogKind = "signature" | "certificate";

export interface LogKindFacts {
  /** The level in the path of an entry bundle: `tile/entries/…` (tlog-tiles) or `tile/data/…` (static-ct-api). */
  readonly bundleLevel: "entries" | "data";
  /** Where a log of this kind is below its host; no trailing slash. */
  readonly basePath: "" | "/ct";
  /** First line of the checkpoints of a log of this kind behind `url`. */
  readonly origin: (url: PublicUrl) => string;
  /** Whether a sidecar `meta/<N>` goes with every full bundle. */
  readonly hasSidecars: boolean;
  /** Entries that a new log is created with. */
  readonly genesisSize: 0 | 1;
  /** Where the Sigstore trusted root lists logs of this kind. */
  readonly trustedRootMember: "tlogs" | "ctlogs";
}

export const LOG_KINDS: Readonly<Record<LogKind, LogKindFacts>> = {
  signature: {
    bundleLevel: "entries",
    basePath: "",
    // No port: sigstore-go compares the origin with the URL's host name.
    origin: (url) => url.hostname,
    hasSidecars: true,
    genesisSize: 1,
    trustedRootMember: "tlogs",
  },
  certificate: {
    bundleLevel: "data",
    basePath: "/ct",
    // The submission prefix without its scheme (static-ct-api).
    origin: (url) => `${url.host}/ct`,
    hasSidecars: false,
    genesisSize: 0,
    trustedRootMember: "ctlogs",
  },
};

/** Whether a word from outside names a kind. */
export const isLogKind = (word: unknown): word is LogKind => typeof word === "string" && Object.hasOwn(LOG_KINDS, word);
