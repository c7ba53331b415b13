// SPDX-License-Identifier: Apache-2.0
// POST /witness/add-checkpoint: cosigns a checkpoint of a known log if it extends the last cosigned one. A Durable
// Object per log holds the newest tree head. It advances only from the head that the proof was verified against, and
// responds once the new head is durable, and with it the checkpoint and its cosignature, which monitors read. A
// cosignature over a head that was not stored leaves nothing but this request's memory.
// Spec: https://c2sp.org/tlog-witness#add-checkpoint

import { readBody } from "../../shared/http/body.ts";
import { maxBodyBytesOf } from "../../shared/http/route.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  type AddCheckpoint,
  isConsistent,
  NO_TREE_ROOT,
  parseAddCheckpoint,
} from "../../shared/tlog/add-checkpoint.ts";
import { cosign } from "../../shared/tlog/cosignature.ts";
import { formatNote, formatSignatureLine, type NoteSignature } from "../../shared/tlog/note.ts";
import { type NoteVerifier, verifyLines } from "../../shared/tlog/verify-note.ts";
import { ROUTES } from "./declaration.ts";
import type { Config, Witness } from "./env.ts";
import { renderError, type WitnessServiceError } from "./status.ts";

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "addCheckpoint");

/** Answers 200 with the cosignature line. */
export async function addCheckpoint(request: Request, config: Config): Promise<Response> {
  const { witness } = config;
  if (witness === null) return renderError({ code: "witness_absent" });
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return renderError(body.error);
  const submitted = await readRequest(body.value, witness);
  const cosigned = submitted.ok ? await advanceHead(submitted.value, witness) : submitted;
  if (!cosigned.ok) return renderError(cosigned.error);
  return new Response(formatSignatureLine(cosigned.value), {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}

/** A request whose checkpoint a known log has signed. */
interface Submitted extends AddCheckpoint {
  /** The lines of the log's known keys, all valid. */
  readonly logLines: readonly NoteSignature[];
}

/** Parses the request and verifies that a known log signed its checkpoint. */
async function readRequest(body: Uint8Array, { logs }: Witness): Promise<Result<Submitted, WitnessServiceError>> {
  const submitted = parseAddCheckpoint(body);
  if (!submitted.ok) return submitted;
  const verifiers = logs.get(submitted.value.checkpoint.origin);
  if (verifiers === undefined) return err({ code: "witnessed_log_unknown" });
  const logLines = await verifyLogLines(submitted.value, verifiers);
  return logLines === null ? err({ code: "witnessed_log_unsigned" }) : ok({ ...submitted.value, logLines });
}

/** The lines of known keys, null if there is none or one of them is invalid. Lines of others prove nothing. */
async function verifyLogLines(
  { note }: AddCheckpoint,
  verifiers: readonly NoteVerifier[],
): Promise<readonly NoteSignature[] | null> {
  const known = (await verifyLines(note, verifiers)).filter(({ verifier }) => verifier !== null);
  return known.length > 0 && known.every(({ isGood }) => isGood) ? known.map(({ line }) => line) : null;
}

/**
 * Verifies the proof against the stored head, cosigns, and advances from that head. A request that came in between
 * makes this fail. Returns the cosignature of a head that is durable.
 */
async function advanceHead(
  submitted: Submitted,
  { anchorOf, key, sign }: Witness,
): Promise<Result<NoteSignature, WitnessServiceError>> {
  const { origin, treeSize, rootHash } = submitted.checkpoint;
  const held = await anchorOf(origin).read();
  const heldSize = held?.treeSize ?? 0;
  if (heldSize !== submitted.oldSize) return err({ code: "witnessed_size_differs", treeSize: heldSize });
  if (!isConsistent(submitted, held?.rootHash ?? NO_TREE_ROOT)) return err({ code: "witnessed_tree_inconsistent" });
  const { text } = submitted.note;
  const line = cosign(key, { seconds: Math.floor(Date.now() / 1000), checkpointText: text }, sign);
  const note = formatNote({ text, signatures: [...submitted.logLines, line] });
  const moved = await anchorOf(origin).exchange({ from: held, to: { treeSize, rootHash }, note });
  return moved.isTaken ? ok(line) : err({ code: "witnessed_size_differs", treeSize: moved.held?.treeSize ?? 0 });
}
