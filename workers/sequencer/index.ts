// SPDX-License-Identifier: Apache-2.0
// The sequencer's Worker: Durable Objects that other services call by RPC. Over HTTP it answers the gateway's question
// about its settings, and nothing else.

import { isSettingsCheck, settingsReport } from "../../shared/http/settings-check.ts";
import { checkSettings, type SequencerEnv } from "./env.ts";
import { warmUp } from "./warm-up/warm-up.ts";

export { Anchor } from "./anchor/anchor.ts";
export { Sequencer } from "./sequencer.ts";

await warmUp();

export default {
  fetch: (request: Request, env: SequencerEnv): Response =>
    isSettingsCheck(request) ? settingsReport(checkSettings(env)) : new Response("Not Found\n", { status: 404 }),
};
