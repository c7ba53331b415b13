// SPDX-License-Identifier: Apache-2.0
// The ca service as deployed apart, except that it accepts tokens of issuers on this machine.

import { createCa } from "../../../workers/ca/index.ts";

export { UsedTokens } from "../../../workers/ca/index.ts";

export default createCa({ allowLoopbackIssuers: true });
