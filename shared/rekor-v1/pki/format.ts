// SPDX-License-Identifier: Apache-2.0
// The interface of one format of keys and of detached signatures. To add one, add a file to this folder and a row to
// formats.ts.

import { decodeBase64 } from "../../bytes/base64.ts";
import type { Result } from "../../result.ts";
import type { EntryProblem } from "../problem.ts";
import type { Verifier } from "../verifier.ts";

/** One format. */
export interface PkiFormat {
  /** Parses a key. Fails with v1_entry_invalid. */
  readonly parseKey: (content: Uint8Array) => Result<Verifier, EntryProblem>;
  /** Parses a signature, and compares the key that it names, if it names one. Fails with v1_entry_invalid. */
  readonly parseSignature: (content: Uint8Array, verifier: Verifier) => Result<DetachedSignature, EntryProblem>;
}

/** A signature that is not verified yet. */
export interface DetachedSignature {
  /** Its bytes as an entry has them. */
  readonly canonical: Uint8Array;
  /** Fails with v1_entry_invalid if it is not the verifier's over `data`. */
  readonly verify: (data: Uint8Array) => Promise<Result<null, EntryProblem>>;
}

/** The text of a key that parseKey gave. */
export const textOfKey = ({ content }: Verifier): string => {
  const text = decodeBase64(content);
  return text.ok ? decoder.decode(text.value) : "";
};

const decoder = new TextDecoder();
