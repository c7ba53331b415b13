// SPDX-License-Identifier: Apache-2.0
import { verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import vectors from "../../test/vectors/rekor-tiles/rekor-v2-vectors.json" with { type: "json" };
import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint.ts";
import { encodeEntryBundle } from "./entries.ts";
import { leafHash } from "./hash.ts";
import { ecdsaKeyId, ed25519KeyId, findSignature, formatNote, formatVkey, NOTE_ED25519, parseNote } from "./note.ts";

const fromBase64 = (text: string): Uint8Array => {
  const decoded = decodeBase64(text);
  if (!decoded.ok) throw new Error(text);
  return decoded.value;
};

describe("notes and checkpoints of the reference log", () => {
  const spki = fromBase64(vectors.log.publicKeySpki);
  const key = spki.subarray(-32);
  const checkpoints = [
    vectors.log.emptyTreeCheckpoint,
    vectors.A.checkpoint,
    vectors.B.checkpoint,
    vectors.C.checkpoint,
  ];

  it("parse, name their key, and round-trip byte for byte", () => {
    for (const envelope of checkpoints) {
      const note = parseNote(encodeUtf8(envelope));
      if (!note.ok) throw new Error(note.error.reason);
      expect(formatNote(note.value)).toBe(envelope);
      const checkpoint = parseCheckpoint(note.value.text);
      if (!checkpoint.ok) throw new Error(checkpoint.error.line);
      expect(formatCheckpoint(checkpoint.value)).toBe(note.value.text);
      const signature = findSignature(note.value, "rekor-local", ed25519KeyId("rekor-local", key));
      const der = { key: Buffer.from(spki), format: "der", type: "spki" } as const;
      expect(verify(null, encodeUtf8(note.value.text), der, signature?.signature ?? new Uint8Array())).toBe(true);
    }
  });

  it("have the root that the leaves give", () => {
    const body = encodeUtf8(vectors.A.body);
    expect(encodeHex(leafHash(body))).toBe(vectors.A.leafHash);
    expect(encodeBase64(leafHash(body))).toBe(vectors.A.rootB64);
    expect(encodeHex(encodeEntryBundle([body, encodeUtf8(vectors.B.body)]))).toBe(vectors.B.entryBundleHex);
  });

  it("are signed by the key that the vkey names", () => {
    expect(formatVkey("rekor-local", ed25519KeyId("rekor-local", key), NOTE_ED25519, key)).toBe(vectors.log.vkey);
  });
});

describe("key ids", () => {
  it("match the public log and the signed-note specification's example", () => {
    const production = fromBase64("t8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=");
    expect(encodeHex(ed25519KeyId("log2025-1.rekor.sigstore.dev", production))).toBe("cf119915");
    const example = fromBase64("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").subarray(1);
    expect(encodeHex(ed25519KeyId("example.com/foo", example))).toBe("530d903a");
    expect(ecdsaKeyId(new Uint8Array(91)).length).toBe(4);
  });
});

describe("parseNote", () => {
  const signed = (text: string, lines: string): Uint8Array => encodeUtf8(`${text}\n${lines}`);
  const line = `— name ${encodeBase64(new Uint8Array(68))}\n`;

  it.each([
    ["empty lines in the text", signed("a\n\nb\n", line)],
    ["an extension line", signed("a\n1\nb\nLog frozen\n", line)],
    ["many signatures", signed("a\n", line.repeat(16))],
  ])("accepts %s", (_, note) => {
    expect(parseNote(note).ok).toBe(true);
  });

  it.each([
    ["no signature", encodeUtf8("a\n\n"), "no_signature_block"],
    ["no empty line", encodeUtf8(`a\n${line}`), "no_signature_block"],
    ["no final newline", signed("a\n", line.slice(0, -1)), "no_signature_block"],
    ["a hyphen for the dash", signed("a\n", line.replace("—", "-")), "signature_line"],
    ["a signature of four bytes", signed("a\n", "— name AAAAAA==\n"), "signature_line"],
    ["a name with a plus", signed("a\n", line.replace("name", "na+me")), "signature_line"],
    ["a carriage return", signed("a\r\n", line), "control_character"],
    ["65 signatures", signed("a\n", line.repeat(65)), "too_many_signatures"],
    ["bytes that are not UTF-8", Uint8Array.of(0xff, 0x0a, 0x0a), "utf8"],
    ["too many bytes", new Uint8Array(600_000), "size"],
  ])("rejects %s", (_, note, reason) => {
    expect(parseNote(note)).toEqual({ ok: false, error: { code: "note_invalid", reason } });
  });
});
