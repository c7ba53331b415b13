// SPDX-License-Identifier: Apache-2.0
// The sequencer's Worker: Durable Objects that other services call by RPC. It answers no HTTP request.

import { warmUp } from "./warm-up/warm-up.ts";

export { Anchor } from "./anchor/anchor.ts";
export { Sequencer } from "./sequencer.ts";

await warmUp();

export default { fetch: (): Response => new Response("Not Found\n", { status: 404 }) };
