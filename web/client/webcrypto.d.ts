// SPDX-License-Identifier: Apache-2.0
// WebCrypto as shared/ calls it: with views of any memory. TypeScript's own types of the browser ask for proof that the
// memory is not shared between threads, which nothing here makes.

interface SubtleCrypto {
  digest(algorithm: AlgorithmIdentifier, data: Uint8Array): Promise<ArrayBuffer>;
  importKey(
    format: "raw" | "spki",
    keyData: Uint8Array,
    algorithm: AlgorithmIdentifier | RsaHashedImportParams | EcKeyImportParams,
    extractable: boolean,
    keyUsages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  verify(
    algorithm: AlgorithmIdentifier | RsaPssParams | EcdsaParams,
    key: CryptoKey,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
}
