// SPDX-License-Identifier: Apache-2.0
// Verifies ECDSA over a digest in the browser, in JavaScript: WebCrypto always hashes its input.

export { verifyEcdsaDigestPortably as verifyEcdsaDigest } from "../noble-ecdsa.ts";
