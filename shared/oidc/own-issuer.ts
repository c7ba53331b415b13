// SPDX-License-Identifier: Apache-2.0
// The address of a deployment's own issuer. Its tokens, the CA that accepts them and the signing config that sends
// people there must agree on it to the letter.

/** Returns the issuer of the deployment at this public URL, which has no slash at its end. */
export const ownIssuerOf = (publicUrl: string): string => `${publicUrl}/oidc`;
