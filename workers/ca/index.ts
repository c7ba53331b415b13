// SPDX-License-Identifier: Apache-2.0
// The certificate authority: an OpenID Connect identity and a key in, a ten-minute certificate out.

import { createCa } from "./room.ts";
import { warmUp } from "./warm-up.ts";

export { createCa } from "./room.ts";
export { UsedTokens } from "./used-tokens.ts";

await warmUp();

export default createCa({ allowLoopbackIssuers: false });
