// SPDX-License-Identifier: Apache-2.0
// The contract of the built-in OpenID provider.

/** What the CA needs of the oidc service: our own issuer's keys, without fetching our own host name. */
export interface OidcKeysRpc extends Rpc.WorkerEntrypointBranded {
  /** JWK Set of the public keys (RFC 7517 §5). */
  jwks(): Promise<{ readonly keys: readonly JsonWebKey[] }>;
}
