// SPDX-License-Identifier: Apache-2.0
// Files that prove to others that a log or a witness misbehaved: signed notes, and what shows that they contradict each
// other. Anybody verifies them with a tool of signed notes (c2sp.org/signed-note), without this program.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type ForkEvidence, formatEvidence } from "../served-log/history.ts";

/** Writes evidence. Returns the path; null if the file cannot be written. */
export type KeepEvidence = (origin: string, name: string, text: string) => string | null;

/** Writes evidence beside the state. */
export function keepEvidenceBeside(stateFile: string): KeepEvidence {
  return (origin, name, text) => {
    const safe = origin.replace(/[^A-Za-z0-9.-]+/g, "_").slice(0, 80);
    const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
    const file = `${stateFile}.${safe}.${name}-${digest}.json`;
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    } catch {
      return null;
    }
  };
}

/** The evidence of two heads of one log. */
export const describeFork = (evidence: ForkEvidence, vkeys: readonly string[]): string =>
  formatEvidence(evidence, vkeys);

/** A signed head, and a served file that contradicts it. */
export interface Contradiction {
  /** The signed note. */
  readonly note: string;
  readonly vkeys: readonly string[];
  /** In words. */
  readonly findings: readonly string[];
}

/** The evidence of a tree that is not the one that its head signs. */
export function describeContradiction({ note, vkeys, findings }: Contradiction): string {
  const explained = {
    what: "A log served entries or hashes that are not those of the tree that it signed.",
    verify: [
      "A key of `vkeys`, which must be the log's, signed `note` (c2sp.org/signed-note).",
      "Hash the entries that the log serves (c2sp.org/tlog-tiles): the files that `findings` names do not lead to the root in `note`.",
      "A cache may have damaged a file. Only the log can have signed another root.",
    ],
    vkeys,
    note,
    findings,
  };
  return `${JSON.stringify(explained, null, 2)}\n`;
}
