// SPDX-License-Identifier: Apache-2.0
// Verifies the log's signature on the head that a page shows. It finds damage on the way from the sequencer; whether
// the key is the right one, and whether others see the same head, only a client elsewhere can tell.
// Spec: https://c2sp.org/tlog-checkpoint

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { checkpointVerifier } from "../../../shared/ct/tree-head.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import { verifyLines } from "../../../shared/tlog/verify-note.ts";
import { parseVkey } from "../../../shared/tlog/vkey.ts";

/** The first of the log's keys, which every client knows. @param vkeys LogDescription.vkeys */
export async function verifyHead(checkpoint: string, vkeys: readonly string[]): Promise<boolean> {
  const [vkey = ""] = vkeys;
  const key = parseVkey(vkey);
  const verifier = key.ok ? checkpointVerifier(key.value) : key;
  const note = parseNote(encodeUtf8(checkpoint));
  if (!verifier.ok || !note.ok) return false;
  const lines = await verifyLines(note.value, [verifier.value]);
  return lines.some(({ isGood }) => isGood) && lines.every(({ isGood, verifier: known }) => isGood || known === null);
}
