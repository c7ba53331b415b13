// SPDX-License-Identifier: Apache-2.0
// Verifies signature lines of keys of types 01 (Ed25519), 02 (ECDSA) and 04 (witness cosignature). ct/tree-head.ts
// verifies type 05. Spec: https://c2sp.org/signed-note#signatures

import { equal } from "../bytes/bytes.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { type PublicKey, parsePublicKey } from "../crypto/public-key.ts";
import { ed25519Spki } from "../crypto/spki.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import { err, ok, type Result } from "../result.ts";
import { type Ed25519Verify, verifyCosignature } from "./cosignature.ts";
import { NOTE_COSIGNATURE, NOTE_ECDSA, NOTE_RFC6962, type Note, type NoteSignature } from "./note.ts";
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
 * Makes the verifier of a key of type 01, 02 or 04. Fails with vkey_type_unknown, or with vkey_invalid if the bytes are
 * not a key of that type.
 */
export function noteVerifier(vkey: Vkey): Result<NoteVerifier, VkeyError> {
  if (vkey.type === NOTE_RFC6962) return err({ code: "vkey_type_unknown" });
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
