// SPDX-License-Identifier: Apache-2.0
// GET /witness/about: what a log operator needs to have a log witnessed here, as text.

import type { Config } from "./env.ts";
import { renderError } from "./status.ts";

/** Answers with the submission prefix, the witness's verifier key and the origins of the witnessed logs. */
export function describeWitness(request: Request, { witness }: Config): Response {
  if (witness === null) return renderError({ code: "witness_absent" });
  const prefix = new URL(request.url).origin;
  const lines = [
    `# A witness of transparency logs (c2sp.org/tlog-witness). Submission prefix: ${prefix}/witness`,
    "# In a policy (c2sp.org/tlog-policy):",
    `witness sigedge ${witness.vkey} ${prefix}/witness`,
    "",
    "# It knows these logs:",
    ...[...witness.logs.keys()].map((origin) => `# ${origin}`),
  ];
  return new Response(`${lines.join("\n")}\n`, {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "public, max-age=60" },
  });
}
