// SPDX-License-Identifier: Apache-2.0
// Failures of the tsa service → HTTP: {"code": <HTTP status>, "message"}, as the reference's timestamp authority answers.
// Spec: https://github.com/sigstore/timestamp-authority/blob/main/openapi.yaml#definitions

import { formatRfc3339, type UnixMs } from "../../shared/time.ts";
import { unreachable } from "../../shared/unreachable.ts";

export type TsaError =
  | { readonly code: "tsa_path_unknown" }
  | { readonly code: "tsa_method_wrong"; readonly allow: string }
  | { readonly code: "timestamp_type_unknown" }
  | { readonly code: "timestamp_query_too_large"; readonly maxBodyBytes: number }
  /** `problem` completes "the request …". */
  | { readonly code: "timestamp_query_invalid"; readonly problem: string }
  | { readonly code: "timestamp_certificate_not_valid"; readonly notBefore: UnixMs; readonly notAfter: UnixMs }
  | { readonly code: "tsa_failed"; readonly requestId: string };

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error as a response that no cache keeps. */
export function renderError(failure: TsaError): Response {
  const { status, message, headers = {} } = answerTo(failure);
  return Response.json({ code: status, message }, { status, headers: { "cache-control": "no-store", ...headers } });
}

function answerTo(failure: TsaError): Answer {
  switch (failure.code) {
    case "tsa_path_unknown":
      return { status: 404, message: "the timestamp authority has no such path" };
    case "tsa_method_wrong":
      return { status: 405, message: `use ${failure.allow}`, headers: { allow: failure.allow } };
    case "timestamp_type_unknown": {
      const message = "send content-type application/timestamp-query (DER) or application/json";
      return { status: 415, message };
    }
    case "timestamp_query_too_large":
      return { status: 400, message: `the request is larger than ${failure.maxBodyBytes} bytes` };
    case "timestamp_query_invalid":
      return { status: 400, message: `the request ${failure.problem}` };
    case "timestamp_certificate_not_valid": {
      const [start, end] = [formatRfc3339(failure.notBefore), formatRfc3339(failure.notAfter)];
      const message = `the timestamping certificate is valid from ${start} to ${end} only; the operator must replace it`;
      return { status: 503, message, headers: { "retry-after": "60" } };
    }
    case "tsa_failed": {
      const message = `the timestamp authority failed; its log has request ${failure.requestId}`;
      return { status: 503, message, headers: { "retry-after": "1" } };
    }
    default:
      return unreachable(failure);
  }
}
