// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/log/entries: verifies an entry, has the sequencer append it, and answers with its promise and proof.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (createLogEntry)

import { keyDetailsOf } from "../../../shared/crypto/key-details.ts";
import { readBody } from "../../../shared/http/body.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { REKOR_V1_RECORDS } from "../../../shared/logs/kinds/rekor-v1.ts";
import { parseProposedEntry } from "../../../shared/rekor-v1/entry.ts";
import type { ProposedEntry } from "../../../shared/rekor-v1/kinds/kind.ts";
import { type EntryProblem, isEntryProblem } from "../../../shared/rekor-v1/problem.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { PromisedEntry, SignatureSubmission, WriteBudget } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import { ROUTES } from "../declaration.ts";
import type { Config } from "../env.ts";
import type { AddEntryError } from "../errors.ts";
import { proveInclusion } from "../reading/prover.ts";
import { applyWritePolicy, type WritePolicy, type WritePolicyError } from "../rekor-v2/write-policy.ts";
import { type LogSite, rejectIfFrozen } from "../sites.ts";
import { keepAttestation } from "./attestations.ts";
import { entryIdOf, logEntryJson, type PromisedProof } from "./log-entry.ts";
import { respondJson } from "./respond.ts";
import { renderAddError, renderEntryProblem, renderReadError } from "./status.ts";

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "v1AddEntry");
/** The sequencer's limit. An entry with a certificate has 3 KiB. */
const MAX_ENTRY_BYTES = 32 * 1024;

/** Answers 201 with the entry, also for one that the log has already unless REKOR_V1_DUPLICATES says `conflict`. */
export async function addV1Entry(request: Request, config: Config, site: LogSite): Promise<Response> {
  const frozen = rejectIfFrozen(config, site);
  if (frozen !== null) return renderAddError(request, frozen);
  const checked = await readEntry(request, config);
  if (!checked.ok) return renderProblem(request, checked.error);
  const { submission, attestation } = checked.value;
  const { body } = submission;
  const appended = await site.sequencer().appendPromised(submission);
  if (!appended.ok) return renderAddError(request, appended.error);
  keepAttestation(request, config, site.log, attestation);
  const id = entryIdOf(site, body);
  const location = `${new URL(request.url).pathname.replace(/\/+$/, "")}/${id}`;
  if (appended.value.answer.kind === "duplicate" && config.duplicates === "conflict") {
    const message = `an equivalent entry already exists in the transparency log with UUID ${id}`;
    return respondJson({ code: 409, message }, { status: 409, headers: { location } });
  }
  const proven = await proveEntry(config, site, body, appended.value);
  if (!proven.ok) return renderAddError(request, proven.error);
  // Go clients look the entry up under the ETag as it stands: neither quoted nor weak.
  return respondJson(await logEntryJson(site, proven.value, null), { status: 201, headers: { etag: id, location } });
}

function renderProblem(request: Request, error: EntryProblem | AddEntryError): Response {
  if (isEntryProblem(error)) return renderEntryProblem(error);
  return error.code === "body_too_large" ? renderReadError(request, error) : renderAddError(request, error);
}

/** An entry whose signatures are verified. */
interface CheckedEntry {
  readonly submission: SignatureSubmission;
  readonly attestation: Uint8Array | undefined;
}

async function readEntry(
  request: Request,
  config: Config,
): Promise<Result<CheckedEntry, EntryProblem | AddEntryError>> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return body;
  if (body.value.length === 0) {
    return err({ code: "v1_entry_malformed", number: 602, reason: "proposedEntry in body is required" });
  }
  const json = parseJson(body.value);
  const proposed = json.ok ? parseProposedEntry(json.value) : json;
  return proposed.ok ? check(proposed.value, config) : proposed;
}

/** Applies the write policy before it verifies the signature, which costs more. */
async function check(
  proposed: ProposedEntry,
  { policy, accepted }: Config,
): Promise<Result<CheckedEntry, EntryProblem | AddEntryError>> {
  const { body, verifiers, hints, attestation } = proposed;
  if (!verifiers.every(({ key }) => accepted.has(keyDetailsOf(key.kind))))
    return err({ code: "v1_entry_invalid", reason: "entry algorithms are not allowed" });
  const budget = await applyToAll(policy, verifiers);
  if (!budget.ok) return budget;
  const verified = await proposed.verify();
  if (!verified.ok) return verified;
  if (body.length > MAX_ENTRY_BYTES) return err({ code: "entry_too_large", maxBytes: MAX_ENTRY_BYTES });
  const search = REKOR_V1_RECORDS.searchRow(body, hints);
  if (search === null) throw new TypeError("a body of our own does not parse");
  const submission = { body, search, hints, otherForms: [], budget: budget.value };
  return ok({ submission, attestation });
}

/** Each verifier must be one that the policy accepts. The entry is of the first one's budget. */
async function applyToAll(
  policy: WritePolicy,
  [first, ...others]: ProposedEntry["verifiers"],
): Promise<Result<WriteBudget, WritePolicyError>> {
  const now = unixMs(Date.now());
  for (const other of others) {
    const budget = await applyWritePolicy(policy, other, now);
    // The budget of an expired certificate is of no entry.
    if (!budget.ok || budget.value.entries === 0) return budget;
  }
  return await applyWritePolicy(policy, first, now);
}

/** The answer of a round has its proof; that of an earlier entry is made from tiles. */
async function proveEntry(
  { objects }: Config,
  { log, tail }: LogSite,
  body: Uint8Array,
  { answer, promise }: PromisedEntry,
): Promise<Result<PromisedProof, AddEntryError>> {
  if (answer.kind === "appended") {
    tail.observe(answer, answer.isShown === true);
    return ok({ ...answer, body, promise });
  }
  const { leafIndex } = answer;
  // These reads have no limit: a client's retry must not fail because of what others behind its address read.
  const reader = { log, tail, objects, admit: () => Promise.resolve(true) };
  const proven = await proveInclusion(reader, leafIndex, leafHash(body));
  if (!proven.ok) return err({ code: "entry_unproven", leafIndex, cause: proven.error });
  return ok({ ...proven.value.head, leafIndex, proof: proven.value.proof, body, promise });
}
