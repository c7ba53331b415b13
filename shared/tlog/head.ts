// SPDX-License-Identifier: Apache-2.0
// Tree heads. Spec: RFC 6962 §2.1; https://c2sp.org/tlog-checkpoint

import { equal } from "../bytes/bytes.ts";
import type { UnixMs } from "../time.ts";
import type { Hash } from "./hash.ts";

/** Size and root of a tree. */
export interface TreeHead {
  readonly treeSize: number;
  readonly rootHash: Hash;
}

/** A tree head that its log has signed. */
export interface SignedTreeHead extends TreeHead {
  readonly timestamp: UnixMs;
  /** The signed note. */
  readonly checkpoint: string;
}

/** Whether two heads name the same tree. */
export const sameHead = (a: TreeHead, b: TreeHead): boolean =>
  a.treeSize === b.treeSize && equal(a.rootHash, b.rootHash);
