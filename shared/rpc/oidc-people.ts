// SPDX-License-Identifier: Apache-2.0
// The contract by which a service of the same deployment learns who has signed in, without a token that somebody could
// take.

import type { CodeGrant } from "../oauth/client/token.ts";
import type { Result } from "../result.ts";
import type { CodeRefusal, GrantedIdentity } from "./grants.ts";

/** Calls of the identity provider. A rejected promise is the platform's failure. */
export interface OidcPeopleRpc extends Rpc.WorkerEntrypointBranded {
  /** Redeems a code for the identity of the person who confirmed the sign-in. A code is good for one call. */
  redeem(code: CodeGrant): Promise<Result<GrantedIdentity, CodeRefusal>>;
}
