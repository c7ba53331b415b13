// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { preAuthEncoding, readAttestationHints } from "./dsse.ts";

const IN_TOTO = "application/vnd.in-toto+json";
const path = new URL("../../test/vectors/rekor-tiles/rekor-v2-vectors.json", import.meta.url).pathname;
const vectors = JSON.parse(readFileSync(path, "utf8")) as { B: { pae: string; paeSha256: string } };

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const statement = (fields: object): Uint8Array =>
  utf8(JSON.stringify({ _type: "https://in-toto.io/Statement/v1", ...fields }));

describe("preAuthEncoding", () => {
  it("is the PAE of vector B", () => {
    const encoded = preAuthEncoding(IN_TOTO, utf8("payload"));
    expect(new TextDecoder().decode(encoded)).toBe(vectors.B.pae);
    expect(sha256(encoded)).toBe(vectors.B.paeSha256);
  });

  it("is the PAE of the protocol's example", () => {
    const encoded = preAuthEncoding("http://example.com/HelloWorld", utf8("hello world"));
    expect(new TextDecoder().decode(encoded)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  it("counts bytes, not characters", () => {
    expect(new TextDecoder().decode(preAuthEncoding("é", utf8("€")))).toBe("DSSEv1 2 é 3 €");
    expect(new TextDecoder().decode(preAuthEncoding("", new Uint8Array(0)))).toBe("DSSEv1 0  0 ");
  });
});

describe("readAttestationHints", () => {
  const [one, two] = [sha256(utf8("one")), sha256(utf8("two"))];

  it("reads every subject's digests and the predicate's type", () => {
    const payload = statement({
      subject: [
        { name: "one", digest: { sha512: "AB".repeat(64), sha256: one.toUpperCase() } },
        { name: "two", digest: { sha256: two } },
        { name: "two again", digest: { sha256: two } },
      ],
      predicateType: "https://slsa.dev/provenance/v1",
      predicate: { deep: JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`) as unknown },
    });
    expect(readAttestationHints(IN_TOTO, payload)).toEqual({
      ok: true,
      value: {
        payloadHash: `sha256:${sha256(payload)}`,
        subjectDigests: [`sha256:${one}`, `sha512:${"ab".repeat(64)}`, `sha256:${two}`],
        predicateType: "https://slsa.dev/provenance/v1",
      },
    });
  });

  it.each([
    ["text that is not JSON", IN_TOTO, utf8("payload")],
    ["bytes that are not UTF-8", IN_TOTO, Uint8Array.of(0xff)],
    [
      "another payload type",
      "application/json",
      statement({ subject: [{ digest: { sha256: one } }], predicateType: "p" }),
    ],
    ["null", IN_TOTO, utf8("null")],
    ["an array", IN_TOTO, utf8("[]")],
    ["subjects that are not a list", IN_TOTO, statement({ subject: { digest: { sha256: one } } })],
    ["subjects that are not objects", IN_TOTO, statement({ subject: [null, 1, "x", []] })],
    ["digests that are not objects", IN_TOTO, statement({ subject: [{ digest: null }, { digest: "sha256" }, {}] })],
    [
      "digests that are not hex",
      IN_TOTO,
      statement({ subject: [{ digest: { goModuleH1: "h1:x/+=", sha256: 1, sha1: "a", "": "ab" } }] }),
    ],
    ["a predicate type that is not a string", IN_TOTO, statement({ predicateType: 1 })],
    ["a predicate type of 513 characters", IN_TOTO, statement({ predicateType: "p".repeat(513) })],
  ])("has only the payload's hash for %s", (_, payloadType, payload) => {
    expect(readAttestationHints(payloadType, payload)).toEqual({
      ok: true,
      value: { payloadHash: `sha256:${sha256(payload)}`, subjectDigests: [], predicateType: null },
    });
  });

  it("accepts 256 subjects and rejects 257", () => {
    const subjects = (count: number): object[] =>
      Array.from({ length: count }, (_, i) => ({ digest: { sha256: sha256(utf8(`subject ${i}`)) } }));
    const taken = readAttestationHints(IN_TOTO, statement({ subject: subjects(256) }));
    expect(taken.ok && taken.value.subjectDigests.length).toBe(256);
    expect(readAttestationHints(IN_TOTO, statement({ subject: subjects(257) }))).toEqual({
      ok: false,
      error: { code: "attestation_subjects_too_many", maxSubjects: 256, maxDigests: 512 },
    });
  });

  it("rejects more than 512 digests in total", () => {
    const digest = Object.fromEntries(Array.from({ length: 513 }, (_, i) => [`alg${i}`, "ab"]));
    expect(readAttestationHints(IN_TOTO, statement({ subject: [{ digest }] }))).toMatchObject({
      ok: false,
      error: { code: "attestation_subjects_too_many" },
    });
  });
});
