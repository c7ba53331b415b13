// SPDX-License-Identifier: Apache-2.0
// POST /witness/add-checkpoint: cosigns a checkpoint of a known log if it extends the last cosigned one. A Durable
// Object per log holds the newest tree head. It advances only from the head that the proof was verified against, and
// responds once the new head is durable. Only then is anything signed.
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
import { formatSignatureLine } from "../../shared/tlog/note.ts";
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
  const witnessed = submitted.ok ? await advanceHead(submitted.value, witness) : submitted;
  if (!witnessed.ok) return renderError(witnessed.error);
  const { text } = witnessed.value.note;
  const seconds = Math.floor(Date.now() / 1000);
  const line = cosign(witness.key, { seconds, checkpointText: text }, witness.sign);
  return new Response(formatSignatureLine(line), {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}

/** Parses the request and verifies that a known log signed its checkpoint. */
async function readRequest(body: Uint8Array, { logs }: Witness): Promise<Result<AddCheckpoint, WitnessServiceError>> {
  const submitted = parseAddCheckpoint(body);
  if (!submitted.ok) return submitted;
  const verifiers = logs.get(submitted.value.checkpoint.origin);
  if (verifiers === undefined) return err({ code: "witnessed_log_unknown" });
  return (await isSigned(submitted.value, verifiers)) ? submitted : err({ code: "witnessed_log_unsigned" });
}

/** Whether at least one known key signed the checkpoint, and every signature by a known key is valid. */
async function isSigned({ note }: AddCheckpoint, verifiers: readonly NoteVerifier[]): Promise<boolean> {
  const known = (await verifyLines(note, verifiers)).filter(({ verifier }) => verifier !== null);
  return known.length > 0 && known.every(({ isGood }) => isGood);
}

/**
 * Verifies the proof against the stored head and advances from that head. A request that came in between makes this
 * fail.
 */
async function advanceHead(
  submitted: AddCheckpoint,
  { anchorOf }: Witness,
): Promise<Result<AddCheckpoint, WitnessServiceError>> {
  const { origin, treeSize, rootHash } = submitted.checkpoint;
  const held = await anchorOf(origin).read();
  const heldSize = held?.treeSize ?? 0;
  if (heldSize !== submitted.oldSize) return err({ code: "witnessed_size_differs", treeSize: heldSize });
  if (!isConsistent(submitted, held?.rootHash ?? NO_TREE_ROOT)) return err({ code: "witnessed_tree_inconsistent" });
  const moved = await anchorOf(origin).exchange({ from: held, to: { treeSize, rootHash } });
  return moved.isTaken ? ok(submitted) : err({ code: "witnessed_size_differs", treeSize: moved.held?.treeSize ?? 0 });
}
