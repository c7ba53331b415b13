// SPDX-License-Identifier: Apache-2.0
// The contract of the built-in OpenID provider.

/** Gives the CA our own issuer's keys, so that it does not fetch from its own host name. */
export interface OidcKeysRpc extends Rpc.WorkerEntrypointBranded {
  /** Returns the public keys as a JWK Set (RFC 7517 §5). */
  jwks(): Promise<{ readonly keys: readonly JsonWebKey[] }>;
}
