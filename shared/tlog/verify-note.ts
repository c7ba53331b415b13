// SPDX-License-Identifier: Apache-2.0
// Verifies signature lines of keys of types 01 (Ed25519), 02 (ECDSA), 04 (witness cosignature) and 06 (ML-DSA-44).
// ct/tree-head.ts verifies type 05. Spec: https://c2sp.org/signed-note#signatures

import { canVerifyMlDsa44 } from "#ml-dsa";
import { equal } from "../bytes/bytes.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { type PublicKey, parsePublicKey } from "../crypto/public-key.ts";
import { ed25519Spki } from "../crypto/spki.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import { err, ok, type Result } from "../result.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { type Ed25519Verify, verifyCosignature } from "./cosignature.ts";
import { verifySubtree } from "./ml-dsa-cosignature.ts";
import { NOTE_COSIGNATURE, NOTE_ECDSA, NOTE_ML_DSA_44, NOTE_RFC6962, type Note, type NoteSignature } from "./note.ts";
import type { Vkey, VkeyError } from "./vkey.ts";

/** A key that is trusted to sign notes. */
export interface NoteVerifier {
  readonly vkey: Vkey;
  /** Whether these bytes, from a line with the key's name and id, are its signature over the note. */
  readonly verify: (note: Note, signature: Uint8Array) => Promise<boolean>;
}

/** The result of verifying one signature line. */
export interface LineVerdict {
  readonly line: NoteSignature;
  /** The key of the line. Null if it is unknown, in which case the line proves nothing. */
  readonly verifier: NoteVerifier | null;
  readonly isGood: boolean;
}

/**
 * Makes the verifier of a key of type 01, 02, 04 or 06. Fails with vkey_type_unknown, for type 06 also where the
 * runtime has no ML-DSA-44, or with vkey_invalid if the bytes are not a key of that type.
 */
export function noteVerifier(vkey: Vkey): Result<NoteVerifier, VkeyError> {
  if (vkey.type === NOTE_RFC6962) return err({ code: "vkey_type_unknown" });
  if (vkey.type === NOTE_ML_DSA_44)
    return canVerifyMlDsa44()
      ? ok({ vkey, verify: (note, signature) => verifyWholeTree(vkey, note, signature) })
      : err({ code: "vkey_type_unknown" });
  const parsed = parsePublicKey(vkey.type === NOTE_ECDSA ? vkey.key : ed25519Spki(vkey.key));
  if (!parsed.ok) return err({ code: "vkey_invalid" });
  const key = parsed.value;
  if (vkey.type === NOTE_COSIGNATURE) return ok({ vkey, verify: cosignatureVerifier(vkey, key) });
  if (vkey.type === NOTE_ECDSA && !key.kind.startsWith("ecdsa")) return err({ code: "vkey_invalid" });
  return ok({ vkey, verify: ({ text }, signature) => verifyMessage(key, "SHA-256", encodeUtf8(text), signature) });
}

function cosignatureVerifier({ name, keyId, key }: Vkey, publicKey: PublicKey): NoteVerifier["verify"] {
  const verify: Ed25519Verify = (_, message, signature) => verifyMessage(publicKey, "SHA-512", message, signature);
  return async ({ text }, signature) => {
    const cosigned = await verifyCosignature({ name, keyId, publicKey: key }, { name, keyId, signature }, text, verify);
    return cosigned.ok;
  };
}

/** A time of 0 says nothing about the tree being the largest, so no checkpoint is good by it. */
async function verifyWholeTree({ name, key }: Vkey, { text }: Note, signature: Uint8Array): Promise<boolean> {
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint.ok) return false;
  const { origin, treeSize: end, rootHash: root } = checkpoint.value;
  const seconds = await verifySubtree(key, { cosigner: name, origin, start: 0, end, root }, signature);
  return seconds !== null && seconds > 0;
}

/** Whether a key is that of a witness. Logs and witnesses have keys of type 06; a log's has its origin as its name. */
export const isCosigner = ({ vkey: { type, name } }: NoteVerifier, origin: string): boolean =>
  type === NOTE_COSIGNATURE || (type === NOTE_ML_DSA_44 && name !== origin);

/** Verifies every line, in order. A note is good if at least one line is good and no line of a known key is wrong. */
export function verifyLines(note: Note, verifiers: readonly NoteVerifier[]): Promise<readonly LineVerdict[]> {
  return Promise.all(
    note.signatures.map(async (line) => {
      const verifier = verifiers.find(({ vkey }) => isOf(vkey, line)) ?? null;
      const isGood = verifier !== null && (await verifier.verify(note, line.signature));
      return { line, verifier, isGood };
    }),
  );
}

const isOf = ({ name, keyId }: Vkey, line: NoteSignature): boolean => line.name === name && equal(line.keyId, keyId);
