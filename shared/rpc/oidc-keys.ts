// SPDX-License-Identifier: Apache-2.0
// The contract of the built-in OpenID provider.

/** Tells the CA what it needs of our own issuer to judge a token, so that it does not fetch from its own host name. */
export interface OidcKeysRpc extends Rpc.WorkerEntrypointBranded {
  /** Returns the public keys as a JWK Set (RFC 7517 §5). */
  jwks(): Promise<{ readonly keys: readonly JsonWebKey[] }>;
  /** Whether the token with this `jti` counts no more, because its code was used a second time (RFC 6749 §4.1.2). */
  isRevoked(tokenId: string): Promise<boolean>;
}
