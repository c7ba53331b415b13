// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import vectors from "../../test/vectors/rekor-tiles/ml-dsa-checkpoints.json" with { type: "json" };
import { encodeUtf8 } from "../bytes/utf8.ts";
import * as web from "../crypto/browser/ml-dsa.ts";
import * as native from "../crypto/native/ml-dsa.ts";
import { hash } from "./hash.ts";
import { messageOfSubtree, type SignedSubtree, verifySubtree } from "./ml-dsa-cosignature.ts";
import { parseNote, parseSignatureLines } from "./note.ts";
import { isCosigner, type NoteVerifier, noteVerifier, verifyLines } from "./verify-note.ts";
import { parseVkey } from "./vkey.ts";

const { checkpoints, subtree } = vectors;
const vkeyOf = (role: string): string =>
  vectors.keys.find((key) => key.role === role && key.algorithm === "ML-DSA-44")?.vkey ?? "";
const [log, witness] = (["log", "witness"] as const).map((role) =>
  valueOf(noteVerifier(valueOf(parseVkey(vkeyOf(role))))),
) as [NoteVerifier, NoteVerifier];
const ORIGIN = checkpoints.origin;
const ROOT = hash(Buffer.from(checkpoints.rootHashHex, "hex"));
const TREE: SignedSubtree = { cosigner: ORIGIN, origin: ORIGIN, start: 0, end: checkpoints.treeSize, root: ROOT };

/** Whether each line is good, for the log's key and the witness's. */
async function verdictsOf(note: string): Promise<readonly (boolean | null)[]> {
  const lines = await verifyLines(valueOf(parseNote(encodeUtf8(note))), [log, witness]);
  return lines.map(({ verifier, isGood }) => (verifier === null ? null : isGood));
}

describe("the reference's checkpoints", () => {
  it("have the message that it signed", () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    expect(hex(messageOfSubtree(TREE, checkpoints.logTimestamp))).toBe(checkpoints.logSignedMessageHex);
    const byWitness = { ...TREE, cosigner: witness.vkey.name };
    expect(hex(messageOfSubtree(byWitness, checkpoints.witnessTimestamp))).toBe(checkpoints.witnessSignedMessageHex);
  });

  it.each([
    ["signed by the log", checkpoints.signedByLog, [true]],
    ["hedged", checkpoints.hedgedByTheReferenceSigner, [true]],
    ["of an empty tree", checkpoints.emptyTree, [true]],
    ["cosigned", checkpoints.signedByLogAndWitness, [true, true]],
    ["signed by an Ed25519 key that is not known too", checkpoints.signedByBothLogKeysAndWitness, [null, true, true]],
  ])("%s", async (_, note, expected) => {
    expect(await verdictsOf(note)).toEqual(expected);
  });

  // As the libraries do: rekor-tiles alone rejects extension lines, which no line of type 06 covers.
  const rejected = checkpoints.negative.flatMap(({ name, note }) =>
    note === undefined ? [] : [[name, note] as const],
  );
  it.each(rejected)("%s", async (name, note) => {
    expect(await verdictsOf(note)).toEqual([name.startsWith("extension line")]);
  });
});

it("verifies a subtree, and no other of the same log", async () => {
  const [line] = valueOf(parseSignatureLines(`${subtree.line.trim()}\n`));
  if (line === undefined) throw new Error("no line");
  const { start, end, hashHex } = subtree;
  const signed = { cosigner: witness.vkey.name, origin: ORIGIN, start, end, root: hash(Buffer.from(hashHex, "hex")) };
  const verify = (change: Partial<SignedSubtree>): Promise<number | null> =>
    verifySubtree(witness.vkey.key, { ...signed, ...change }, line.signature);
  expect(await verify({})).toBe(0);
  for (const change of [{ start: 0 }, { end: end + 1 }, { root: ROOT }, { origin: "b" }, { cosigner: ORIGIN }])
    expect(await verify(change)).toBeNull();
});

it.each(["native", "web"] as const)("the %s product verifies the same", async (name) => {
  const { canVerifyMlDsa44, verifyMlDsa44 } = { native, web }[name];
  const message = Buffer.from(checkpoints.logSignedMessageHex, "hex");
  const signature = Buffer.from(checkpoints.logSignatureBase64, "base64").subarray(8);
  expect(canVerifyMlDsa44()).toBe(true);
  expect(await verifyMlDsa44(log.vkey.key, message, signature)).toBe(true);
  expect(await verifyMlDsa44(log.vkey.key, message.subarray(1), signature)).toBe(false);
  expect(await verifyMlDsa44(witness.vkey.key, message, signature)).toBe(false);
});

it("tells a log's key from a witness's by its name", () => {
  expect([isCosigner(log, ORIGIN), isCosigner(witness, ORIGIN)]).toEqual([false, true]);
});

it("takes keys of 1,312 bytes only", () => {
  expect(parseVkey(vkeyOf("log").slice(0, -4))).toEqual({ ok: false, error: { code: "vkey_invalid" } });
});
