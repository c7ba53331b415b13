// SPDX-License-Identifier: Apache-2.0
// Failures of the witness service → HTTP, as text. Spec: https://c2sp.org/tlog-witness#add-checkpoint

import type { AddCheckpointError } from "../../shared/tlog/add-checkpoint.ts";
import { unreachable } from "../../shared/unreachable.ts";

export type WitnessServiceError =
  | { readonly code: "witness_path_unknown" }
  | { readonly code: "witness_absent" }
  | { readonly code: "witness_method_wrong"; readonly allow: string }
  | { readonly code: "witness_rate_limited" }
  | { readonly code: "witness_body_too_large"; readonly maxBodyBytes: number }
  | AddCheckpointError
  | { readonly code: "witnessed_log_unknown" }
  | { readonly code: "witnessed_log_unsigned" }
  /** The size that was cosigned last. */
  | { readonly code: "witnessed_size_differs"; readonly treeSize: number }
  | { readonly code: "witnessed_tree_inconsistent" }
  | { readonly code: "witness_failed"; readonly requestId: string };

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const PARTS = {
  old_size: "begin with `old <size>` and end that part with an empty line",
  proof: "send at most 63 proof lines, each a hash of 32 bytes in base64",
  checkpoint: "end with a checkpoint and its signature lines",
  sizes: "the old size is above that of the checkpoint",
} as const satisfies Record<AddCheckpointError["part"], string>;

/** The error as a response that no cache keeps. */
export function refuse(failure: WitnessServiceError): Response {
  const { status, text, headers = {} } = answerTo(failure);
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}

function answerTo(failure: WitnessServiceError): Answer {
  switch (failure.code) {
    case "witness_path_unknown":
      return { status: 404, text: "the witness has no such path" };
    case "witness_absent":
      return { status: 404, text: "this deployment is no witness: it has no WITNESS_KEY" };
    case "witness_method_wrong":
      return { status: 405, text: `use ${failure.allow}`, headers: { allow: failure.allow } };
    case "witness_rate_limited":
      return { status: 429, text: "too many checkpoints from this address", headers: { "retry-after": "10" } };
    case "witness_body_too_large":
      return { status: 413, text: `the request is larger than ${failure.maxBodyBytes} bytes` };
    case "add_checkpoint_invalid":
      return { status: 400, text: PARTS[failure.part] };
    case "witnessed_log_unknown":
      return { status: 404, text: "this witness does not know a log of this origin" };
    case "witnessed_log_unsigned":
      return {
        status: 403,
        text: "no key that this witness knows of the log has signed the checkpoint, or one has not",
      };
    case "witnessed_size_differs":
      return { status: 409, text: String(failure.treeSize), headers: { "content-type": "text/x.tlog.size" } };
    case "witnessed_tree_inconsistent":
      return {
        status: 422,
        text: "the proof does not show that the checkpoint contains the tree that was cosigned last",
      };
    case "witness_failed": {
      const text = `the witness failed; its log has request ${failure.requestId}`;
      return { status: 503, text, headers: { "retry-after": "1" } };
    }
    default:
      return unreachable(failure);
  }
}
