// SPDX-License-Identifier: Apache-2.0
// The offer of a signer of this project: how many files at once, statements of which types, and bundles of which name.
// Facts alone, for pages that name them and load nothing else.
// Spec: https://slsa.dev/spec/v1.0/provenance; https://slsa.dev/spec/v1.0/verification_summary; SPDX 2.3 §6.1, 3.0
// (JSON-LD); CycloneDX 1.6, bomFormat; sigstore_bundle.proto

/** As many files as one certificate may sign by default (ENTRIES_PER_CERTIFICATE). */
export const MAX_FILES = 64;

/** The name of a file's bundle. */
export const bundleName = (file: string): string => `${file}.sigstore.json`;

/** The media type of the bundles that are written. */
export const MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/**
 * The type of a statement that says of a file no more than that somebody signs it. Its predicate is empty. cosign signs
 * images so, and a page signs files so that are too large for WebCrypto.
 */
export const SIGNATURE_TYPE = "https://sigstore.dev/cosign/sign/v1";

/** A type that people choose by its name. */
export interface PredicateType {
  readonly uri: string;
  readonly name: string;
  /** Each alternative is a set of members that a predicate of this type has. */
  readonly members: readonly (readonly string[])[];
}

/** The types with a name of their own. */
export const PREDICATE_TYPES: readonly PredicateType[] = [
  { uri: "https://slsa.dev/provenance/v1", name: "SLSA provenance", members: [["buildDefinition", "runDetails"]] },
  { uri: "https://spdx.dev/Document", name: "SBOM (SPDX)", members: [["spdxVersion"], ["@context", "@graph"]] },
  { uri: "https://cyclonedx.org/bom", name: "SBOM (CycloneDX)", members: [["bomFormat"]] },
  {
    uri: "https://slsa.dev/verification_summary/v1",
    name: "SLSA verification summary",
    members: [["verifier", "verificationResult"]],
  },
];
