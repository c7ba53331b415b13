// SPDX-License-Identifier: Apache-2.0
// The files that the clients sign.

import { createHash } from "node:crypto";

/** The content of README.md. */
export const ARTIFACT = "what alice signs\n";

/** A SLSA provenance predicate; sigstore-python accepts only a complete one. */
export const PREDICATE = {
  buildDefinition: {
    buildType: "https://example.com/build/v1",
    externalParameters: { ref: "refs/heads/main" },
    internalParameters: {},
    resolvedDependencies: [],
  },
  runDetails: { builder: { id: "https://example.com/builder" }, metadata: { invocationId: "1" } },
};

/** An in-toto statement about README.md. */
export const STATEMENT = JSON.stringify({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "README.md", digest: { sha256: createHash("sha256").update(ARTIFACT).digest("hex") } }],
  predicateType: "https://slsa.dev/provenance/v1",
  predicate: PREDICATE,
});

/** The files in every client's folder, by name. */
export const ARTIFACTS: Readonly<Record<string, string>> = {
  "README.md": ARTIFACT,
  "other.txt": "what alice never signed\n",
  "predicate.json": JSON.stringify(PREDICATE),
  "statement.json": STATEMENT,
};
