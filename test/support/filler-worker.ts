// SPDX-License-Identifier: Apache-2.0
// The composed Worker with one more route for tests: appends many entries through the sequencer's own RPC, as the log room
// does after its checks. `POST /test/fill?from=N&count=M`; the entries are texts that name their number.

import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import type { ComposedEnv } from "../../workers/compose.ts";
import dev from "../../workers/dev.ts";

export * from "../../workers/dev.ts";

const AT_ONCE = 64;

export default {
  async fetch(request: Request, env: ComposedEnv, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname !== "/test/fill") return await dev.fetch(request, env, ctx);
    const from = Number(url.searchParams.get("from"));
    const end = from + Number(url.searchParams.get("count"));
    for (let start = from; start < end; start += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, end - start) }, (_, i) => start + i);
      await Promise.all(numbers.map(async (number) => await append(env, number)));
    }
    return Response.json({ filled: end });
  },
};

async function append(env: ComposedEnv, number: number): Promise<void> {
  const search = { terms: [`digest:sha256:${number}`], digest: null, identity: null, issuer: null };
  const body = encodeUtf8(`entry ${number} of a test`);
  const appended = await env.SEQUENCER.getByName("signature").appendSignature({ body, search, hints: null });
  if (!appended.ok) throw new Error(appended.error.code);
}
