// SPDX-License-Identifier: Apache-2.0
// The HTTP response for each error of the witness service, as text. Spec: https://c2sp.org/tlog-witness#add-checkpoint

import type { BodyError } from "../../shared/http/body.ts";
import type { RouteLimit } from "../../shared/http/rate-gate.ts";
import { type AnswerTable, answerByCode } from "../../shared/http/status.ts";
import type { AddCheckpointError } from "../../shared/tlog/add-checkpoint.ts";

/** Every error of the service. */
export type WitnessServiceError =
  | { readonly code: "witness_path_unknown" }
  | { readonly code: "witness_absent" }
  | { readonly code: "witness_method_wrong"; readonly allow: string }
  | { readonly code: "witness_rate_limited"; readonly limit: RouteLimit }
  | BodyError
  | AddCheckpointError
  | { readonly code: "witnessed_log_unknown" }
  | { readonly code: "witnessed_log_unsigned" }
  /** Nothing of the log has been cosigned yet. */
  | { readonly code: "witnessed_log_uncosigned" }
  /** `treeSize` is the last cosigned size. */
  | { readonly code: "witnessed_size_differs"; readonly treeSize: number }
  | { readonly code: "witnessed_tree_inconsistent" }
  | { readonly code: "witness_failed"; readonly requestId: string };

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const PARTS = {
  old_size: "begin with `old <size>`, and end the old size and proof with an empty line",
  proof: "send at most 63 proof lines, each a 32-byte hash in base64",
  checkpoint: "end with a checkpoint and its signature lines",
  sizes: "the old size is larger than the checkpoint's size",
} as const satisfies Record<AddCheckpointError["part"], string>;

const ANSWERS: AnswerTable<WitnessServiceError, Answer> = {
  witness_path_unknown: () => ({ status: 404, text: "the witness has no such path" }),
  witness_absent: () => ({ status: 404, text: "this deployment is not a witness: it has no WITNESS_KEY" }),
  witness_method_wrong: ({ allow }) => ({ status: 405, text: `use ${allow}`, headers: { allow } }),
  witness_rate_limited: ({ limit }) => ({
    status: 429,
    text: `too many ${limit} from this network`,
    headers: { "retry-after": "10" },
  }),
  body_incomplete: () => ({ status: 400, text: "the request ends before its body does: send it again" }),
  body_too_large: ({ maxBodyBytes }) => ({
    status: 413,
    text: `the request is larger than ${maxBodyBytes} bytes`,
  }),
  add_checkpoint_invalid: ({ part }) => ({ status: 400, text: PARTS[part] }),
  witnessed_log_unknown: () => ({ status: 404, text: "this witness does not know a log with this origin" }),
  witnessed_log_unsigned: () => ({
    status: 403,
    text: "the checkpoint needs a valid signature by a key that this witness knows for the log, and no invalid one",
  }),
  witnessed_log_uncosigned: () => ({ status: 404, text: "this witness has not cosigned a checkpoint of the log yet" }),
  witnessed_size_differs: ({ treeSize }) => ({
    status: 409,
    text: String(treeSize),
    headers: { "content-type": "text/x.tlog.size" },
  }),
  witnessed_tree_inconsistent: () => ({
    status: 422,
    text: "the proof does not show that the checkpoint extends the last cosigned tree",
  }),
  witness_failed: ({ requestId }) => ({
    status: 503,
    text: `the witness failed; its log has request ${requestId}`,
    headers: { "retry-after": "1" },
  }),
};

/** Renders the error as a response that is never cached. */
export function renderError(error: WitnessServiceError): Response {
  const { status, text, headers = {} } = answerByCode(ANSWERS, error);
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}
