// SPDX-License-Identifier: Apache-2.0
// The contract of the store of used tokens: identity tokens that are valid for one certificate.

import type { UnixMs } from "../time.ts";

/**
 * The Durable Object of one issuer's tokens, named after the issuer's URL. A rejected promise is the platform's
 * failure.
 */
export interface UsedTokensRpc extends Rpc.DurableObjectBranded {
  /**
   * Marks a token as used. Returns true for the first call with this token, false for every later one.
   * @param token hex SHA-256 of the signed part of the token
   */
  use(token: string, expiresAt: UnixMs): Promise<boolean>;
  /** Whether `use` would return false. Does not mark the token. */
  isUsed(token: string): Promise<boolean>;
  /** Releases a token whose issuance failed. */
  release(token: string): Promise<void>;
}
