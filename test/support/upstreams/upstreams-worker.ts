// SPDX-License-Identifier: Apache-2.0
// The stack of `npm start`, whose requests to providers at https arrive at the stand-ins of the test: the address is
// the provider's own until the last step.

import main from "../../../workers/dev.ts";

export * from "../../../workers/entrypoints.ts";

const outside = globalThis.fetch;
let standIns = "";

globalThis.fetch = ((url: string, init: RequestInit) =>
  outside(url.startsWith("https://") ? `${standIns}/${url.slice("https://".length)}` : url, init)) as typeof fetch;

type Env = Parameters<typeof main.fetch>[1];

export default {
  ...main,
  fetch: (request: Request, env: Env, ctx: ExecutionContext): Promise<Response> => {
    standIns = (env as unknown as Readonly<Record<string, string>>)["STAND_INS"] ?? "";
    return main.fetch(request, env, ctx);
  },
};
