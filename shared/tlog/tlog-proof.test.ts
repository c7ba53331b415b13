// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import vectors from "../../test/vectors/torchwood/proofs.json" with { type: "json" };
import { encodeUtf8 } from "../bytes/utf8.ts";
import type { Result } from "../result.ts";
import { hash, leafHash } from "./hash.ts";
import { parseWitnessPolicy } from "./policy.ts";
import { formatTlogProof, parseTlogProof, type TlogProofTrust, verifyTlogProof } from "./tlog-proof.ts";
import { noteVerifier } from "./verify-note.ts";
import { parseVkey } from "./vkey.ts";

function valueOf<T>(result: Result<T, { readonly code: string }>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** The trust that a policy gives to the log of `origin`. */
function trustOf(policy: string, origin: string): TlogProofTrust {
  const [, vkey = ""] = /^log (\S+)$/m.exec(policy) ?? [];
  const witnesses = policy.includes("quorum none") ? null : valueOf(parseWitnessPolicy(policy));
  return { origin, logKeys: [valueOf(noteVerifier(valueOf(parseVkey(vkey))))], witnesses };
}

const ORIGIN = "log.example/proofs";

describe("proofs of another implementation", () => {
  test.each(vectors)("$name: accepted is $accepted", async ({ proof, record, policy, accepted }) => {
    const parsed = valueOf(parseTlogProof(encodeUtf8(proof)));
    expect(formatTlogProof(parsed)).toBe(proof);
    const verified = await verifyTlogProof(parsed, leafHash(encodeUtf8(record)), trustOf(policy, ORIGIN));
    expect(verified.ok).toBe(accepted);
  });

  test.each([
    ["another record", "inclusion"],
    ["a hash too few", "inclusion"],
    ["another size", "inclusion"],
    ["another key of the log", "signature"],
    ["no line of the log", "signature"],
    ["a changed size", "signature"],
    ["a cosignature of another tree", "signature"],
    ["1 of 3 witnesses where 2 are asked for", "quorum"],
  ])("%s fails because of its %s", async (name, reason) => {
    const { proof, record, policy } = vectors.find((vector) => vector.name === name) ?? expect.fail(name);
    const parsed = valueOf(parseTlogProof(encodeUtf8(proof)));
    expect(await verifyTlogProof(parsed, leafHash(encodeUtf8(record)), trustOf(policy, ORIGIN))).toEqual({
      ok: false,
      error: { code: "tlog_proof_untrusted", reason },
    });
  });

  test("are rejected for a log of another name, even if its key signed them", async () => {
    const { proof, record, policy } = vectors[0] ?? expect.fail("no vectors");
    const parsed = valueOf(parseTlogProof(encodeUtf8(proof)));
    expect(await verifyTlogProof(parsed, leafHash(encodeUtf8(record)), trustOf(policy, "log.example"))).toEqual({
      ok: false,
      error: { code: "tlog_proof_untrusted", reason: "origin" },
    });
  });

  test("keep the extra line", () => {
    const extraOf = (name: string): string | null => {
      const { proof } = vectors.find((vector) => vector.name === name) ?? expect.fail(name);
      const { extra } = valueOf(parseTlogProof(encodeUtf8(proof)));
      return extra === null ? null : Buffer.from(extra).toString();
    };
    expect(extraOf("extra data")).toBe("age-v1.2.1-darwin-arm64.tar.gz");
    expect(extraOf("empty extra data")).toBe("");
    expect(extraOf("entry 0 of 1")).toBeNull();
  });
});

// The example of the spec, with signatures in place of those that the spec elides.
const HASHES = [
  "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=",
  "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=",
  "EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=",
  "RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=",
  "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=",
];
const CHECKPOINT =
  "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJw==\n";
const EXTRA = "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ";
const HEADER = "c2sp.org/tlog-proof@v1";
const fileOf = (...lines: readonly string[]): string => [...lines, "", CHECKPOINT].join("\n");

describe("parseTlogProof", () => {
  it("accepts the example of the spec", () => {
    const text = fileOf(HEADER, EXTRA, "index 73894", ...HASHES);
    const proof = valueOf(parseTlogProof(encodeUtf8(text)));
    expect(proof.leafIndex).toBe(73_894);
    expect(proof.hashes.map((node) => Buffer.from(node).toString("base64"))).toEqual(HASHES);
    expect(proof.checkpoint).toBe(CHECKPOINT);
    expect(Buffer.from(proof.extra ?? []).toString("latin1")).toMatch(/^age-v1\.2\.1-darwin-arm64\.tar\.gz/);
    expect(formatTlogProof(proof)).toBe(text);
  });

  const [first = ""] = HASHES;
  test.each([
    ["header", ""],
    ["header", HEADER],
    ["header", "\n\n"],
    ["header", fileOf("c2sp.org/tlog-proof@v2", "index 0")],
    ["header", fileOf(` ${HEADER}`, "index 0")],
    ["header", fileOf("", HEADER, "index 0")],
    ["header", fileOf(HEADER, "index 0").replaceAll("\n", "\r\n")],
    ["header", `${HEADER}\nindex 0\n${first}\n`],
    ["extra", fileOf(HEADER, "extra YQ", "index 0")],
    ["extra", fileOf(HEADER, "extra  YQ==", "index 0")],
    ["extra", fileOf(HEADER, "extra _-__", "index 0")],
    ["index", fileOf(HEADER)],
    ["index", fileOf(HEADER, EXTRA)],
    ["index", fileOf(HEADER, "extra", "index 0")],
    ["index", fileOf(HEADER, EXTRA, EXTRA, "index 0")],
    ["index", fileOf(HEADER, "Index 0")],
    ["index", fileOf(HEADER, "index  0")],
    ["index", fileOf(HEADER, "index 03")],
    ["index", fileOf(HEADER, "index +3")],
    ["index", fileOf(HEADER, "index -1")],
    ["index", fileOf(HEADER, "index 9007199254740992")],
    ["index", fileOf(HEADER, "index 0 ")],
    ["index", fileOf(HEADER, "0")],
    ["hash", fileOf(HEADER, "index 0", first.slice(0, -1))],
    ["hash", fileOf(HEADER, "index 0", `${first} `)],
    ["hash", fileOf(HEADER, "index 0", "AAAA")],
    ["hash", fileOf(HEADER, "index 0", EXTRA)],
    ["hash", fileOf(HEADER, "index 0", ...Array.from({ length: 54 }, () => first))],
    ["checkpoint", `${HEADER}\nindex 0\n\n`],
    ["checkpoint", `${HEADER}\nindex 0\n${first}\n\n`],
  ] as const)("fails for the %s of %j", (line, text) => {
    expect(parseTlogProof(encodeUtf8(text))).toEqual({ ok: false, error: { code: "tlog_proof_invalid", line } });
  });

  it("rejects a proof that is too long or not UTF-8", () => {
    const long = fileOf(HEADER, `extra ${"A".repeat(1024 * 1024)}`, "index 0");
    expect(parseTlogProof(encodeUtf8(long))).toMatchObject({ error: { line: "size" } });
    expect(parseTlogProof(Uint8Array.of(0xff, 0xfe))).toMatchObject({ error: { line: "utf8" } });
  });

  it("round-trips with formatTlogProof", () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    const node = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => hash(raw));
    const proofs = fc.record({
      extra: fc.option(bytes, { nil: null }),
      leafIndex: fc.maxSafeNat(),
      hashes: fc.array(node, { maxLength: 53 }),
      checkpoint: fc.string({ minLength: 1, unit: "grapheme" }),
    });
    fc.assert(
      fc.property(proofs, (proof) => {
        expect(valueOf(parseTlogProof(encodeUtf8(formatTlogProof(proof))))).toEqual(proof);
      }),
    );
  });

  it("never throws", () => {
    const soundProof = encodeUtf8(fileOf(HEADER, EXTRA, "index 73894", ...HASHES));
    fc.assert(
      fc.property(fc.nat(soundProof.length - 1), fc.uint8Array({ maxLength: 4 }), (at, spoilt) => {
        const bytes = Uint8Array.from(soundProof);
        bytes.set(spoilt.subarray(0, bytes.length - at), at);
        const parsed = parseTlogProof(bytes);
        if (parsed.ok) expect(encodeUtf8(formatTlogProof(parsed.value))).toEqual(bytes);
      }),
    );
  });
});

describe("verifyTlogProof", () => {
  const trust: TlogProofTrust = { origin: "example.com/fancylog", logKeys: [], witnesses: null };
  const verify = (checkpoint: string): Promise<unknown> =>
    verifyTlogProof({ extra: null, leafIndex: 0, hashes: [], checkpoint }, leafHash(new Uint8Array(0)), trust);

  it("trusts no key that the caller does not name", async () => {
    const signed = CHECKPOINT.replace("hI2DJw==", "hI2DJwAA");
    expect(await verify(signed)).toMatchObject({ error: { code: "tlog_proof_untrusted", reason: "signature" } });
  });

  it("rejects text that is not a note, and a note that is not a checkpoint", async () => {
    expect(await verify("no note")).toMatchObject({ error: { code: "note_invalid" } });
    expect(await verify("text\n\n— example.com/fancylog hI2DJwAA\n")).toMatchObject({
      error: { code: "checkpoint_invalid" },
    });
  });
});
