// SPDX-License-Identifier: Apache-2.0
// Tree heads: as a log publishes them, and as an anchor remembers them.

import type { UnixMs } from "../time.ts";

export interface Head {
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
  readonly timestamp: UnixMs;
  /** The signed note. */
  readonly checkpoint: string;
}

/** A tree head as an anchor remembers it. */
export interface AnchoredHead {
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
}
