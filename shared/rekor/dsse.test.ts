// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
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
      payloadHash: `sha256:${sha256(payload)}`,
      subjectDigests: [`sha256:${one}`, `sha512:${"ab".repeat(64)}`, `sha256:${two}`],
      predicateType: "https://slsa.dev/provenance/v1",
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
      payloadHash: `sha256:${sha256(payload)}`,
      subjectDigests: [],
      predicateType: null,
    });
  });

  const subjects = (count: number, algorithms: readonly string[] = ["sha256"]): object[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `subject ${i}`,
      digest: Object.fromEntries(algorithms.map((name) => [name, sha256(utf8(`${name} ${i}`))])),
    }));
  const bytesOf = (digests: readonly string[]): number => digests.reduce((sum, { length }) => sum + length, 0);

  it.each([
    ["1,024 subjects", subjects(1024)],
    ["1,024 subjects with three digests", subjects(1024, ["sha1", "sha256", "sha512"])],
    [
      "one subject with 1,000 digests",
      subjects(
        1,
        [...Array(1000).keys()].map((i) => `alg${i}`),
      ),
    ],
  ])("keeps the first digests of %s, up to 16 KiB", (_, subject) => {
    const { subjectDigests } = readAttestationHints(IN_TOTO, statement({ subject, predicateType: "p" }));
    expect(subjectDigests[0]).toMatch(/^(?:sha256|alg0):/);
    expect(bytesOf(subjectDigests)).toBeLessThanOrEqual(16 * 1024);
    expect(bytesOf(subjectDigests)).toBeGreaterThan(16 * 1024 - 200);
  });

  it("keeps all digests of 200 subjects", () => {
    expect(readAttestationHints(IN_TOTO, statement({ subject: subjects(200) })).subjectDigests).toHaveLength(200);
  });

  it("builds nothing of a large predicate, wherever it stands", () => {
    const predicate = Array.from({ length: 200_000 }, () => ({}));
    const built = vi.spyOn(JSON, "parse");
    const behind = readAttestationHints(IN_TOTO, statement({ subject: subjects(1), predicateType: "p", predicate }));
    const before = readAttestationHints(IN_TOTO, statement({ predicate, subject: subjects(1), predicateType: "p" }));
    expect(built.mock.calls.every(([text]) => text.length < 1000)).toBe(true);
    built.mockRestore();
    expect(behind).toMatchObject({ subjectDigests: [expect.stringMatching(/^sha256:/)], predicateType: "p" });
    expect(before).toMatchObject({ subjectDigests: [], predicateType: null });
  });
});
