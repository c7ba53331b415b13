// SPDX-License-Identifier: Apache-2.0
import { verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import vectors from "../../test/vectors/rekor-tiles/rekor-v2-vectors.json" with { type: "json" };
import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint.ts";
import { decodeEntryBundle, encodeEntryBundle } from "./entries.ts";
import { EMPTY_ROOT, leafHash } from "./hash.ts";
import { ecdsaKeyId, ed25519KeyId, findSignature, formatNote, formatVkey, NOTE_ED25519, parseNote } from "./note.ts";
import { formatTilePath, parseTilePath, tileWidth } from "./tile.ts";

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

  it("parse, name their key and format back byte for byte", () => {
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

  it("have the tree heads that the leaves give", () => {
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
  ])("refuses %s", (_, note, reason) => {
    expect(parseNote(note)).toEqual({ ok: false, error: { code: "note_invalid", reason } });
  });
});

describe("parseCheckpoint", () => {
  const root = encodeBase64(EMPTY_ROOT);
  it.each([
    [`\n1\n${root}\n`, "origin"],
    [`log\n01\n${root}\n`, "size"],
    [`log\n+1\n${root}\n`, "size"],
    [`log\n0x1\n${root}\n`, "size"],
    [`log\n\n${root}\n`, "size"],
    [`log\n9007199254740992\n${root}\n`, "size"],
    [`log\n1\n${root.slice(4)}\n`, "root"],
    [`log\n1\n`, "root"],
    [`log\n1\n${root}`, "extension"],
    [`log\n1\n${root}\n\n\n`, "extension"],
  ])("refuses %j", (text, line) => {
    expect(parseCheckpoint(text)).toEqual({ ok: false, error: { code: "checkpoint_invalid", line } });
  });
  it("keeps extension lines", () => {
    const parsed = parseCheckpoint(`log\n9007199254740991\n${root}\nLog frozen\n`);
    expect(parsed.ok && parsed.value.extensions).toEqual(["Log frozen"]);
    expect(parsed.ok && parsed.value.treeSize).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe("tile paths", () => {
  it.each([
    ["tile/0/000", { level: 0, index: 0, width: 256 }],
    ["tile/0/273.p/112", { level: 0, index: 273, width: 112 }],
    ["tile/1/x001/x234/067", { level: 1, index: 1_234_067, width: 256 }],
    ["tile/entries/x001/000.p/1", { level: "entries", index: 1000, width: 1 }],
    ["tile/data/999", { level: "data", index: 999, width: 256 }],
  ] as const)("%s", (path, tile) => {
    expect(parseTilePath(path)).toEqual({ ok: true, value: tile });
    expect(formatTilePath(tile)).toBe(path);
  });

  it.each([
    "tile/7/000",
    "tile/00/000",
    "tile/-1/000",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/x000/000",
    "tile/0/x000/001",
    "tile/0/001/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p/",
    "tile/0/000.p",
    "tile/0/000/",
    "/tile/0/000",
    "tile/8/entries/000",
    "tile/names/000",
    "tile/0/x999/x999/x999/x999/x999/999",
    "tile/0/000\n",
    "tile/0/x001.p/1",
  ])("refuses %j", (path) => {
    expect(parseTilePath(path).ok).toBe(false);
  });

  it("have the widths of the specification's example of 70,000 leaves", () => {
    const widths = [
      tileWidth(70_000, 0, 272),
      tileWidth(70_000, 0, 273),
      tileWidth(70_000, 1, 1),
      tileWidth(70_000, 2, 0),
      tileWidth(70_000, 0, 274),
    ];
    expect(widths).toEqual([256, 112, 17, 1, 0]);
  });
});

describe("entry bundles", () => {
  it("refuse truncation and more than 256 entries", () => {
    const bundle = encodeEntryBundle([encodeUtf8("a"), encodeUtf8("")]);
    const decoded = decodeEntryBundle(bundle);
    expect(decoded.ok && decoded.value.map((entry) => entry.length)).toEqual([1, 0]);
    expect(decodeEntryBundle(bundle.subarray(0, 4))).toEqual({ ok: false, error: { code: "bytes_truncated" } });
    expect(decodeEntryBundle(new Uint8Array(2 * 257))).toEqual({ ok: false, error: { code: "bundle_too_long" } });
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});
