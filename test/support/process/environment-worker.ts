// SPDX-License-Identifier: Apache-2.0
// A Worker that tells what code finds of the environment without being given it, as any dependency of a service could.

import { env as imported } from "cloudflare:workers";

export default {
  fetch: (_request: Request, given: object): Response => {
    const processEnv: unknown = Reflect.get(globalThis, "process")?.env ?? {};
    return Response.json({
      given: Object.keys(given),
      process: Object.keys(processEnv as object),
      imported: Object.keys(imported),
      byName: Object.keys(given).filter((name) => [processEnv, imported].some((env) => Reflect.get(Object(env), name))),
    });
  },
};
