// SPDX-License-Identifier: Apache-2.0
// The types of statements that a hit names. The index has a key of each type, so that only known ones can be named
// again; the entry itself has every type.
// Spec: https://github.com/in-toto/attestation/tree/main/spec/predicates and the projects that the addresses name

/** Predicate type → what people call it. */
export const PREDICATE_TYPES: Readonly<Record<string, string>> = {
  "https://slsa.dev/provenance/v1": "SLSA provenance",
  "https://slsa.dev/provenance/v0.2": "SLSA provenance",
  "https://slsa.dev/verification_summary/v1": "SLSA verification summary",
  "https://spdx.dev/Document": "SPDX bill of materials",
  "https://spdx.dev/Document/v2.3": "SPDX bill of materials",
  "https://cyclonedx.org/bom": "CycloneDX bill of materials",
  "https://openvex.dev/ns": "OpenVEX statement",
  "https://sigstore.dev/cosign/sign/v1": "signature of a container image",
  "https://cosign.sigstore.dev/attestation/v1": "custom statement of cosign",
  "https://cosign.sigstore.dev/attestation/vuln/v1": "vulnerability scan",
  "https://in-toto.io/attestation/vulns/v0.1": "vulnerability scan",
  "https://in-toto.io/attestation/link/v0.3": "in-toto link",
  "https://in-toto.io/attestation/release/v0.1": "release",
  "https://in-toto.io/attestation/test-result/v0.1": "test result",
  "https://docs.pypi.org/attestations/publish/v1": "publication on PyPI",
  "https://github.com/npm/attestation/tree/main/specs/publish/v0.1": "publication on npm",
  "https://model_signing/signature/v1.0": "signature of a model",
};
