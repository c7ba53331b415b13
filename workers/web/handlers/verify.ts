// SPDX-License-Identifier: Apache-2.0
// GET /verify: the page that verifies a file in the reader's browser. The log and the index in its address are read
// there.

import type { Config } from "../env.ts";
import { verifyPage } from "../pages/verify.ts";
import { readSite, respond } from "../respond.ts";

/** Gives the page the newest root of trust that the operator deployed: the browser follows TUF from it. */
export async function serveVerify(request: Request, config: Config): Promise<Response> {
  const [root, site] = await Promise.all([config.trust.readDeployedRoot(), readSite(config)]);
  return respond(request, verifyPage(config.publicUrl, root), site);
}
