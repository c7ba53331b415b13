// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identityFlags, makeCosignCommand, makeVerifyCommand, shellFile, shellQuote } from "./commands.ts";

/** Returns the argument that a shell passes to a program for this word. */
const readByShell = (word: string): string => execFileSync("sh", ["-c", `printf %s ${word}`], { encoding: "utf8" });

describe("an argument", () => {
  it.each(["alice@example.com", "https://github.com/o/r/.github/workflows/w.yml@refs/tags/v1"])(
    "that needs no quotes has none: %s",
    (text) => expect(shellQuote(text)).toBe(text),
  );

  it.each(["", "a b", "'; rm -rf ~; '", "$(id)", "`id`", "a\nb", '"', "*", "~", "#", "\\"])(
    "reaches the program as it is: %j",
    (text) => expect(readByShell(shellQuote(text))).toBe(text),
  );

  it("reaches the program as it is, whatever it is", () => {
    const texts = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
    fc.assert(
      fc.property(texts, (text) => readByShell(shellQuote(text)) === text),
      { numRuns: 40 },
    );
  });
});

it("a file whose name begins like an option is a path", () => {
  expect([shellFile("-rf"), shellFile("a b"), shellFile("a-b")]).toEqual(["./-rf", "'a b'", "a-b"]);
});

it("the commands name whom to expect", () => {
  const href = "https://sign.example";
  const who = identityFlags("alice@example.com", "https://issuer.example");
  const common = { file: "app.tar", bundle: "app.tar.sigstore.json", who };
  expect(makeCosignCommand({ ...common, isStatement: true, predicateType: "https://x/v1" }, href)).toBe(
    `curl -O https://sign.example/trusted_root.json
cosign verify-blob-attestation --trusted-root trusted_root.json \\
  --bundle app.tar.sigstore.json \\
  --type https://x/v1 \\
  --certificate-identity alice@example.com \\
  --certificate-oidc-issuer https://issuer.example \\
  app.tar`,
  );
  const file = { file: "app.tar", identity: "o'neill@example.com", issuer: "https://issuer.example" };
  expect(makeVerifyCommand(file, href)).toBe(
    `npx sigedge verify app.tar \\
  --identity 'o'\\''neill@example.com' \\
  --issuer https://issuer.example \\
  --url https://sign.example`,
  );
});
