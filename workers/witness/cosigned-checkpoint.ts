// SPDX-License-Identifier: Apache-2.0
// GET /witness/<origin hash>/checkpoint: the newest cosigned checkpoint of a witnessed log. Monitors compare it with
// what the log shows them.
// Spec: https://c2sp.org/tlog-witness#monitor-retrieval-mechanism

import type { IRequest } from "itty-router";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../shared/http/cache.ts";
import type { Config } from "./env.ts";
import { renderError } from "./status.ts";

/** Answers with the checkpoint, the valid lines of the log's keys and the cosignature that its feeder was given. */
export async function serveCosignedCheckpoint(request: IRequest, { witness }: Config): Promise<Response> {
  if (witness === null) return renderError({ code: "witness_absent" });
  const origin = witness.origins.get(request.params["origin"] ?? "");
  if (origin === undefined) return renderError({ code: "witnessed_log_unknown" });
  const note = await witness.anchorOf(origin).readNote();
  if (note === null) return renderError({ code: "witnessed_log_uncosigned" });
  const contentType = "text/plain; charset=utf-8";
  return respondWith(request, { body: encodeUtf8(note), contentType, cacheControl: CACHE_CONTROL.head });
}
