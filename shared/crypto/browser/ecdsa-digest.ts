// SPDX-License-Identifier: Apache-2.0
// ECDSA over a digest for the browser: WebCrypto always hashes its input.

export { verifyEcdsaDigestPortably as verifyEcdsaDigest } from "../noble-ecdsa.ts";
