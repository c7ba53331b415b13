// SPDX-License-Identifier: Apache-2.0
// Cosigns the checkpoint of a log that we know, if it contains the one that was cosigned last. The newest head of each log is in a
// Durable Object of its own; it is moved from exactly the head that the proof was checked against, or not at all, and its answer
// leaves when that is durable. Only then is anything signed.
// Spec: https://c2sp.org/tlog-witness#add-checkpoint

import { readBody } from "../../shared/http/body.ts";
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
import type { Config, Witness } from "./env.ts";
import { refuse, type WitnessServiceError } from "./status.ts";

/** 63 proof lines, a checkpoint, and space for 16 lines of a post-quantum scheme at 3.3 kB. */
const MAX_BODY_BYTES = 64 * 1024;

/** POST /witness/add-checkpoint */
export async function addCheckpoint(request: Request, config: Config): Promise<Response> {
  const { witness, writes } = config;
  if (witness === null) return refuse({ code: "witness_absent" });
  const { success } = await writes.limit({ key: `witness ${senderOf(request)}` });
  if (!success) return refuse({ code: "witness_rate_limited" });
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return refuse({ code: "witness_body_too_large", maxBodyBytes: body.error.maxBodyBytes });
  const asked = await readRequest(body.value, witness);
  const witnessed = asked.ok ? await moveHead(asked.value, witness) : asked;
  if (!witnessed.ok) return refuse(witnessed.error);
  const { text } = witnessed.value.note;
  const seconds = Math.floor(Date.now() / 1000);
  const line = cosign(witness.key, { seconds, checkpointText: text }, witness.sign);
  return new Response(formatSignatureLine(line), {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}

/** Set by Cloudflare on what comes from outside; without it the request comes from this machine. */
const senderOf = ({ headers }: Request): string => headers.get("cf-connecting-ip") ?? "local";

/** A well-formed request of a log that we know, whose checkpoint that log has signed. */
async function readRequest(body: Uint8Array, { logs }: Witness): Promise<Result<AddCheckpoint, WitnessServiceError>> {
  const asked = parseAddCheckpoint(body);
  if (!asked.ok) return asked;
  const verifiers = logs.get(asked.value.checkpoint.origin);
  if (verifiers === undefined) return err({ code: "witnessed_log_unknown" });
  return (await isSigned(asked.value, verifiers)) ? asked : err({ code: "witnessed_log_unsigned" });
}

/** One good line of a known key, and none of a known key that is not. */
async function isSigned({ note }: AddCheckpoint, verifiers: readonly NoteVerifier[]): Promise<boolean> {
  const known = (await verifyLines(note, verifiers)).filter(({ verifier }) => verifier !== null);
  return known.length > 0 && known.every(({ isGood }) => isGood);
}

/** Checks and moves. What was checked against is what is moved from: whoever came in between makes this a conflict. */
async function moveHead(
  asked: AddCheckpoint,
  { anchorOf }: Witness,
): Promise<Result<AddCheckpoint, WitnessServiceError>> {
  const { origin, treeSize, rootHash } = asked.checkpoint;
  const held = await anchorOf(origin).read();
  const heldSize = held?.treeSize ?? 0;
  if (heldSize !== asked.oldSize) return err({ code: "witnessed_size_differs", treeSize: heldSize });
  if (!isConsistent(asked, held?.rootHash ?? NO_TREE_ROOT)) return err({ code: "witnessed_tree_inconsistent" });
  const moved = await anchorOf(origin).exchange({ from: held, to: { treeSize, rootHash } });
  return moved.isTaken ? ok(asked) : err({ code: "witnessed_size_differs", treeSize: moved.held?.treeSize ?? 0 });
}
