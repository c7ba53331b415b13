// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SubjectAltName } from "../x509/subject-alt-name.ts";
import { nameText } from "./signer.ts";
import { SPELLINGS } from "./spellings.ts";

const HEX = { 40: "1a".repeat(20), 64: "2b".repeat(32), 96: "3c".repeat(48), 128: "4d".repeat(64) };
const base64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");
/** As a form or a shell sends it: a + becomes a blank. */
const raw = (text: string): string => new URLSearchParams(`x=${text}`).get("x") ?? "";

describe("a digest is found in the spellings of", () => {
  it.each<[string, string, readonly string[]]>([
    ["in-toto and OCI", `sha256:${HEX[64]}`, [`sha256:${HEX[64]}`]],
    ["upper case", `SHA256:${HEX[64].toUpperCase()}`, [`sha256:${HEX[64]}`]],
    ["sha256sum", HEX[64], [`sha256:${HEX[64]}`]],
    ["sha384sum", HEX[96].toUpperCase(), [`sha384:${HEX[96]}`]],
    ["sha512sum", HEX[128], [`sha512:${HEX[128]}`]],
    ["sha1sum and git", HEX[40], [`sha1:${HEX[40]}`, `gitcommit:${HEX[40]}`]],
    ["file names", `sha256-${HEX[64]}`, [`sha256:${HEX[64]}`]],
    ["Subresource Integrity", `sha256-${base64(HEX[64])}`, [`sha256:${HEX[64]}`]],
    ["npm", `sha512-${base64(HEX[128])}`, [`sha512:${HEX[128]}`]],
    ["npm, with a raw +", raw(`sha512-${base64("fb".repeat(64))}`), [`sha512:${"fb".repeat(64)}`]],
    ["container images", `registry.example.com:5000/app:v1@sha256:${HEX[64]}`, [`sha256:${HEX[64]}`]],
    ["in-toto's Git commits", `gitCommit:${HEX[40]}`, [`gitcommit:${HEX[40]}`]],
  ])("%s", (_, text, digests) => {
    expect(SPELLINGS.digest(text)).toEqual(digests);
  });

  it.each([
    "",
    HEX[64].slice(1),
    `${HEX[64]}0`,
    `sha256:${HEX[40]}`,
    `sha256:${"g".repeat(64)}`,
    `sha256-${base64(HEX[40])}`,
    `sha512-${base64(HEX[64])}`,
    `md5:${"0".repeat(32)}`,
    `@sha256:${HEX[64]}`,
    `sha256:${HEX[64]}\n`,
    base64(HEX[64]),
  ])("nothing: %j", (text) => expect(SPELLINGS.digest(text)).toBeNull());
});

describe("an e-mail address", () => {
  it.each(["Alice+CI@Example.com", "alice+ci@example.com", raw("alice+ci@example.com")])("%s", (text) =>
    expect(SPELLINGS.email(text)).toEqual(["email:alice+ci@example.com"]),
  );

  it.each([
    "https://github.com/o/r/.github/workflows/release.yml@refs/heads/main",
    "spiffe://example.com/@x",
    "*@example.com",
    "alice@*",
    "alice",
    "alice!example.com",
    "@example.com",
    "a@b@c",
    `${"a".repeat(253)}@b`,
  ])("is not: %s", (text) => expect(SPELLINGS.email(text)).toBeNull());
});

describe("an identity", () => {
  const name = fc.record<SubjectAltName>({
    kind: fc.constantFrom("email", "uri", "username"),
    value: fc.oneof(
      fc.emailAddress(),
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.constantFrom(
        "spiffe://example.com/ns/release/sa/signer",
        "https://github.com/O/r/.github/workflows/w.yml@refs/heads/main",
        "alice!example.com",
        "urn:example:+:a",
      ),
      fc.string({ minLength: 1 }),
    ),
  });

  it("of any kind is found by what the certificate has, or refused", () => {
    fc.assert(
      fc.property(name, (indexed) => {
        // A blank is legal in a user name only.
        fc.pre(indexed.kind !== "email" || !indexed.value.includes(" "));
        const terms = SPELLINGS.identity(indexed.value);
        if (terms === null) expect(indexed.value).toMatch(/\*/);
        else expect(terms).toContain(nameText(indexed));
      }),
    );
  });

  it("is found although a raw + arrives as a blank", () => {
    expect(SPELLINGS.identity(raw("alice+ci@example.com"))).toContain("email:alice+ci@example.com");
    expect(SPELLINGS.identity(raw("https://a.example/x+y"))).toContain("uri:https://a.example/x+y");
    expect(SPELLINGS.identity(raw("a+b!example.com"))).toContain("username:a+b!example.com");
  });

  it.each(["", "*@example.com", "https://github.com/o/*", "x".repeat(2049)])("is not: %s", (text) =>
    expect(SPELLINGS.identity(text)).toBeNull(),
  );
});

describe("a public key", () => {
  it.each([HEX[64], HEX[64].toUpperCase(), `sha256:${HEX[64]}`])("%s", (text) =>
    expect(SPELLINGS.publicKey(text)).toEqual([HEX[64]]),
  );
  it.each(["", HEX[40], `sha512:${HEX[64]}`])("is not: %j", (text) => expect(SPELLINGS.publicKey(text)).toBeNull());
});
