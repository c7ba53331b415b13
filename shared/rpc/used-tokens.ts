// SPDX-License-Identifier: Apache-2.0
// The contract of the tokens that are good for one certificate.

import type { UnixMs } from "../time.ts";

/** The Durable Object of the tokens of one issuer; its name is the issuer's URL. A rejected promise is the platform's failure. */
export interface UsedTokensRpc extends Rpc.DurableObjectBranded {
  /**
   * True for the first that asks for a token, false for everybody after it.
   * @param token hex SHA-256 of what is signed of it
   */
  use(token: string, expiresAt: UnixMs): Promise<boolean>;
  /** Whether `use` would refuse the token. Uses nothing up. */
  isUsed(token: string): Promise<boolean>;
  /** Nothing came of its use, so it may be used again. */
  release(token: string): Promise<void>;
}
