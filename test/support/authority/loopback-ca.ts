// SPDX-License-Identifier: Apache-2.0
// The ca service as it is deployed apart, but taking tokens of an issuer on this machine, as a test's is.

import { createCa } from "../../../workers/ca/index.ts";

export { UsedTokens } from "../../../workers/ca/index.ts";

export default createCa({ allowLoopbackIssuers: true });
