// SPDX-License-Identifier: Apache-2.0
// Passes one request on while the isolate starts (shared/warm-up/fixture.ts says why).

import { REQUEST_ID_HEADER } from "../../shared/http/request-id.ts";
import { runWarmUp, WARM_UP_URL } from "../../shared/warm-up/fixture.ts";
import { readFrontConfig } from "./config.ts";
import { answer } from "./front.ts";

/** Returns the status of the response, or 0 where start-up forbids a step. */
export const warmUp = (): Promise<number> => runWarmUp(forwardRequest);

async function forwardRequest(): Promise<number> {
  // Start-up has no randomness for an id.
  const headers = { [REQUEST_ID_HEADER]: "warm-up" };
  const request = new Request(`${WARM_UP_URL}/api/v2/log/entries`, { method: "POST", headers });
  const response = await answer(request, {
    config: readFrontConfig({ PUBLIC_URL: WARM_UP_URL }),
    settingsProblems: () => [],
    pages: {},
    gateOf: null,
    // Start-up makes no response with a body.
    dispatch: () => new Response(null),
  });
  return response.status;
}
