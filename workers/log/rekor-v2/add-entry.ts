// SPDX-License-Identifier: Apache-2.0
// POST /api/v2/log/entries: verifies an entry, has the sequencer append it, and answers with its proof. All expensive
// work happens here, in the stateless Worker, before the single object that assigns indexes is called.
// Spec: https://github.com/sigstore/architecture-docs/blob/main/rekor-v2-spec.md

import { readBody } from "../../../shared/http/body.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { readAttestationHints } from "../../../shared/rekor/dsse.ts";
import { encodeEntry } from "../../../shared/rekor/entry.ts";
import type { AttestationHints } from "../../../shared/rekor/hints.ts";
import { type ProvenEntry, toTransparencyLogEntry } from "../../../shared/rekor/log-entry.ts";
import { otherForms } from "../../../shared/rekor/other-forms.ts";
import { decodeEntryRequest, type EntryRequest } from "../../../shared/rekor/request.ts";
import { type AcceptedKeyDetails, type Candidate, toCandidates, verifyAny } from "../../../shared/rekor/verify.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type {
  AppendError,
  Duplicate,
  SequencerRpc,
  SignatureSubmission,
  WriteBudget,
} from "../../../shared/rpc/sequencer.ts";
import { signatureSearchRow } from "../../../shared/search/terms.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { type Hash, leafHash } from "../../../shared/tlog/hash.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import { ROUTES } from "../declaration.ts";
import type { AddEntryError } from "../errors.ts";
import type { ServedHead } from "../reading/cached-tail.ts";
import type { Inclusion, ProveError } from "../reading/prover.ts";
import { renderEntryError } from "./add-entry-status.ts";
import { applyWritePolicy, type WritePolicy, type WritePolicyError } from "./write-policy.ts";

/** Proves an entry of an earlier round from public tiles. */
export interface EntryProver {
  prove(leafIndex: number, leaf: Hash): Promise<Result<Inclusion, ProveError>>;
}

export interface AddEntryDeps {
  readonly policy: WritePolicy;
  readonly accepted: AcceptedKeyDetails;
  readonly now: () => UnixMs;
  /** Returns a new stub of the log's sequencer for each call. A rejected promise is the platform's failure. */
  readonly sequencer: () => Pick<SequencerRpc, "appendSignature">;
  /** SHA-256 of the log's SPKI (LogDescription.logId). Rejects when the sequencer does. */
  readonly logId: () => Promise<Uint8Array>;
  readonly prover: EntryProver;
  /** Receives the head of every append, so that proofs in this isolate do not request it again. */
  readonly observe: (head: ServedHead, isShown: boolean) => void;
  /** Receives every error, for the log line. entryStatus decides what the client sees. */
  readonly report: (error: AddEntryError) => void;
}

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "addEntry");
/** Ten times an entry with a certificate. The length prefix of a bundle would allow 65,535. */
const MAX_ENTRY_BYTES = 32 * 1024;

/** Answers 201 with the TransparencyLogEntry; for a duplicate also with X-Log-Index. */
export async function addEntry(request: Request, deps: AddEntryDeps): Promise<Response> {
  const body = await readBody(request, MAX_BODY_BYTES);
  const added = body.ok ? await verifyAndAppend(body.value, deps) : body;
  if (!added.ok) {
    deps.report(added.error);
    return renderEntryError(added.error);
  }
  const { entry, isDuplicate } = added.value;
  const headers = { "cache-control": "no-store", ...(isDuplicate ? { "x-log-index": String(entry.leafIndex) } : {}) };
  return Response.json(toTransparencyLogEntry(await deps.logId(), entry), { status: 201, headers });
}

export interface Added {
  readonly entry: ProvenEntry;
  readonly isDuplicate: boolean;
}

/** Parses, verifies and appends the entry in a request's body. */
export async function verifyAndAppend(
  body: Uint8Array,
  deps: Omit<AddEntryDeps, "report">,
): Promise<Result<Added, AddEntryError>> {
  const request = readRequest(body);
  if (!request.ok) return request;
  const submission = await check(request.value, deps);
  return submission.ok ? append(submission.value, deps) : submission;
}

function readRequest(body: Uint8Array): Result<EntryRequest, AddEntryError> {
  if (body.length === 0) return err({ code: "entry_kind_missing" });
  const json = parseJson(body);
  return json.ok ? decodeEntryRequest(json.value) : json;
}

async function check(
  request: EntryRequest,
  { policy, accepted, now }: Pick<AddEntryDeps, "policy" | "accepted" | "now">,
): Promise<Result<SignatureSubmission, AddEntryError>> {
  const candidates = await toCandidates(request, accepted);
  if (!candidates.ok) return candidates;
  const admitted = await admitAny(policy, candidates.value, now());
  if (!admitted.ok) return admitted;
  const verified = verifyAny(admitted.value);
  if (!verified.ok) return verified;
  return toSubmission(verified.value, readHints(request));
}

/** A candidate that the write policy accepts, within a budget. */
interface Admitted extends Candidate {
  readonly budget: WriteBudget;
}

/** Applies the policy before verifying signatures, which costs more. If none is admitted, returns the first error. */
async function admitAny(
  policy: WritePolicy,
  candidates: readonly Candidate[],
  now: UnixMs,
): Promise<Result<readonly Admitted[], WritePolicyError>> {
  const admitted: Admitted[] = [];
  let refusal: Result<never, WritePolicyError> | null = null;
  for (const candidate of candidates) {
    const verdict = await applyWritePolicy(policy, candidate.credential, now);
    if (verdict.ok) admitted.push({ ...candidate, budget: verdict.value });
    else refusal ??= verdict;
  }
  return admitted.length === 0 && refusal !== null ? refusal : ok(admitted);
}

function readHints(request: EntryRequest): AttestationHints | null {
  if (request.kind !== "dsse") return null;
  return readAttestationHints(request.envelope.payloadType, request.envelope.payload);
}

function toSubmission(
  { entry, credential, budget }: Admitted,
  hints: AttestationHints | null,
): Result<SignatureSubmission, AppendError> {
  const body = encodeEntry(entry);
  if (body.length > MAX_ENTRY_BYTES) return err({ code: "entry_too_large", maxBytes: MAX_ENTRY_BYTES });
  const forms = otherForms(entry, credential).map((form) => leafHash(encodeEntry(form)));
  return ok({
    body,
    otherForms: forms,
    search: signatureSearchRow({ entry, body, certificate: credential.certificate }, hints),
    hints,
    budget,
  });
}

async function append(
  submission: SignatureSubmission,
  deps: Pick<AddEntryDeps, "sequencer" | "observe" | "prover">,
): Promise<Result<Added, AddEntryError>> {
  const { body } = submission;
  const answer = await deps.sequencer().appendSignature(submission);
  if (!answer.ok) return answer;
  switch (answer.value.kind) {
    case "appended":
      deps.observe(answer.value, answer.value.isShown === true);
      return ok({ entry: { ...answer.value, body }, isDuplicate: false });
    case "duplicate":
      return proveDuplicate(answer.value, body, deps.prover);
    default:
      return unreachable(answer.value);
  }
}

async function proveDuplicate(
  { leafIndex }: Duplicate,
  body: Uint8Array,
  prover: EntryProver,
): Promise<Result<Added, AddEntryError>> {
  const proven = await prover.prove(leafIndex, leafHash(body));
  if (!proven.ok) return err({ code: "entry_unproven", leafIndex, cause: proven.error });
  const { head, proof } = proven.value;
  return ok({ entry: { ...head, leafIndex, proof, body }, isDuplicate: true });
}
