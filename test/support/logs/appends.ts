// SPDX-License-Identifier: Apache-2.0
// Appends to a log in memory and reads its tail and head.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { err, ok } from "../../../shared/result.ts";
import type { Appended, SequencerRpc } from "../../../shared/rpc/sequencer.ts";
import { certificateSubmission } from "../../../workers/sequencer/kinds/certificate.ts";
import type { Placement, Submission } from "../../../workers/sequencer/kinds/kind.ts";
import { signatureSubmission } from "../../../workers/sequencer/kinds/signature.ts";
import { LogStorage } from "../../../workers/sequencer/storage.ts";
import type { TailDeps } from "../../../workers/sequencer/tables/tail.ts";
import { type MemoryLog, textSubmission } from "./memory-log.ts";
import { searchRow } from "./search-rows.ts";

/** Appends a new text. Throws if it is a duplicate or is not appended. */
export async function appendText({ log }: MemoryLog, text: string): Promise<Appended> {
  const result = await log.append(textSubmission(text));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  if (result.value.answer.kind !== "appended") throw new Error("a duplicate");
  return result.value.answer;
}

/** The submission of a text as if it were a certificate. */
export const certificate = (text: string, issuers: readonly Uint8Array[] = []): Submission =>
  certificateSubmission({
    entryType: "x509_entry",
    issuerKeyHash: null,
    signedEntry: encodeUtf8(text),
    precertificate: null,
    precertificateForm: null,
    issuers,
    search: searchRow(),
  });

/** Appends a text as if it were a certificate, and waits for maintenance. */
export async function appendCertificate({ log, host }: MemoryLog, text: string): Promise<Placement | null> {
  const result = await log.append(certificate(text));
  await host.settle();
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.placement;
}

/** Appends `count` new texts, 64 per round, and waits for maintenance. */
export async function appendTexts(memory: MemoryLog, count: number, prefix = "entry"): Promise<void> {
  for (let from = 0; from < count; from += 64) {
    const texts = Array.from({ length: Math.min(64, count - from) }, (_, i) => `${prefix} ${from + i}`);
    await Promise.all(texts.map(async (text) => await appendText(memory, text)));
  }
  await memory.host.settle();
}

/** The inputs of a read of the log's tail. */
export function tailOf({ log, storage, format }: MemoryLog): TailDeps {
  const { state, edge } = log;
  if (state === null) throw new Error("not open");
  return { storage: new LogStorage(storage), format, state, edge };
}

/** Size and root of the served head. */
export function headOf({ log }: MemoryLog): { readonly size: number; readonly root: Uint8Array } {
  if (log.head === null) throw new Error("no head");
  return { size: log.head.treeSize, root: log.head.rootHash };
}

/** The log as its Durable Object answers it to the log service. */
export const sequencerOf = ({ log }: MemoryLog): Pick<SequencerRpc, "appendSignature"> => ({
  async appendSignature(submission) {
    const appended = await log.append(signatureSubmission(submission));
    if (!appended.ok) return appended;
    const { answer, isOtherForm } = appended.value;
    return isOtherForm ? err({ code: "entry_in_other_form", leafIndex: answer.leafIndex }) : ok(answer);
  },
});
