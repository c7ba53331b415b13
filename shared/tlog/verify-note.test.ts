// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import {
  ecdsaSigner,
  ed25519Signer,
  type NoteSigner,
  type SignedHead,
  treeHeadSigner,
  witnessSigner,
} from "../../test/support/logs/served-log.ts";
import { valueOf } from "../../test/support/value-of.ts";
import vectors from "../../test/vectors/rekor-tiles/rekor-v2-vectors.json" with { type: "json" };
import { encodeUtf8 } from "../bytes/utf8.ts";
import { treeHeadVerifier } from "../ct/tree-head.ts";
import { type Note, parseNote } from "./note.ts";
import { type NoteVerifier, noteVerifier, verifyLines } from "./verify-note.ts";
import { parseVkey } from "./vkey.ts";

const NAME = "log.example.com";
/** The example of the signed-note specification, with type byte 01. */
const EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SIGNERS: Readonly<Record<string, NoteSigner>> = {
  "01": ed25519Signer(NAME),
  "02": ecdsaSigner(NAME),
  "04": witnessSigner(NAME),
  "05": treeHeadSigner(NAME),
};

function verifierOf(vkeyText: string): NoteVerifier {
  const vkey = valueOf(parseVkey(vkeyText));
  return valueOf(vkey.type === 5 ? treeHeadVerifier(vkey) : noteVerifier(vkey));
}

const root = Buffer.alloc(32, 7);
const HEAD: SignedHead = { text: `${NAME}\n5\n${root.toString("base64")}\n`, size: 5, root };
const noteOf = (lines: string, text = HEAD.text): Note => valueOf(parseNote(encodeUtf8(`${text}\n${lines}`)));

describe("parseVkey", () => {
  test.each([EXAMPLE, vectors.log.vkey, ...Object.values(SIGNERS).map(({ vkey }) => vkey)])("accepts %s", (text) => {
    const { name, keyId } = valueOf(parseVkey(text));
    expect(text.startsWith(`${name}+${Buffer.from(keyId).toString("hex")}+`)).toBe(true);
  });

  test.each([
    ["", "vkey_invalid"],
    ["example.com/foo", "vkey_invalid"],
    [EXAMPLE.slice(0, -1), "vkey_invalid"],
    [`${EXAMPLE}=`, "vkey_invalid"],
    [EXAMPLE.replace("530d903a", "530D903A"), "vkey_invalid"],
    [EXAMPLE.replace("530d903a", "530d903"), "vkey_invalid"],
    [EXAMPLE.replace("/foo", " foo"), "vkey_invalid"],
    [EXAMPLE.replace("/foo", "+foo"), "vkey_invalid"],
    [`${EXAMPLE}\n`, "vkey_invalid"],
    ["a+00000000+AQ==", "vkey_invalid"],
    ["a+00000000+AQAA", "vkey_invalid"],
    ["a+00000000+BgAA", "vkey_invalid"],
    ["a+00000000+BwAA", "vkey_type_unknown"],
    ["a+00000000+/wAA", "vkey_type_unknown"],
    [EXAMPLE.replace("530d903a", "530d903b"), "vkey_id_wrong"],
    [EXAMPLE.replace("/foo", "/fop"), "vkey_id_wrong"],
  ])("rejects %j", (text, code) => {
    expect(parseVkey(text)).toEqual({ ok: false, error: { code } });
  });
});

describe("verifyLines", () => {
  test("accepts the reference log's checkpoints", async () => {
    const verifiers = [verifierOf(vectors.log.vkey)];
    for (const checkpoint of [vectors.log.emptyTreeCheckpoint, vectors.A.checkpoint, vectors.B.checkpoint]) {
      const note = valueOf(parseNote(encodeUtf8(checkpoint)));
      expect((await verifyLines(note, verifiers)).map(({ isGood }) => isGood)).toEqual([true]);
      const other = { ...note, text: note.text.replace("rekor-local", "rekor-locaL") };
      expect((await verifyLines(other, verifiers)).map(({ isGood }) => isGood)).toEqual([false]);
    }
  });

  test.each(Object.entries(SIGNERS))("type %s: verifies over its own head only", async (_, signer) => {
    const verifiers = [verifierOf(signer.vkey)];
    const verdicts = async (note: Note): Promise<readonly boolean[]> =>
      (await verifyLines(note, verifiers)).map(({ isGood }) => isGood);
    expect(await verdicts(noteOf(signer.line(HEAD)))).toEqual([true]);
    const otherSize = HEAD.text.replace("\n5\n", "\n6\n");
    const otherRoot = HEAD.text.replace(/\n\w/, "\n4");
    for (const text of [otherSize, otherRoot]) expect(await verdicts(noteOf(signer.line(HEAD), text))).toEqual([false]);
    for (const length of [5, 12, 20]) {
      const [line] = noteOf(signer.line(HEAD)).signatures;
      const cut = { ...(line ?? expect.fail("no line")), signature: line?.signature.subarray(0, length) ?? root };
      expect(await verdicts({ text: HEAD.text, signatures: [cut] })).toEqual([false]);
    }
  });

  test("a line of another name or key has no verifier", async () => {
    const lines = [ed25519Signer(NAME), ed25519Signer("other"), SIGNERS["01"] ?? expect.fail("no signer")];
    const note = noteOf(lines.map(({ line }) => line(HEAD)).join(""));
    const verdicts = await verifyLines(note, [verifierOf(SIGNERS["01"]?.vkey ?? "")]);
    expect(verdicts.map(({ verifier, isGood }) => [verifier !== null, isGood])).toEqual([
      [false, false],
      [false, false],
      [true, true],
    ]);
  });

  test("only known types have a verifier", () => {
    const vkeyOf = (type: string): ReturnType<typeof parseVkey> => parseVkey(SIGNERS[type]?.vkey ?? "");
    expect(noteVerifier(valueOf(vkeyOf("05")))).toEqual({ ok: false, error: { code: "vkey_type_unknown" } });
    expect(treeHeadVerifier(valueOf(vkeyOf("01")))).toEqual({ ok: false, error: { code: "vkey_type_unknown" } });
  });
});
