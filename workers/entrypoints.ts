// SPDX-License-Identifier: Apache-2.0
// What the platform makes of the composed Worker by class: the runtime hands each the whole environment, so each takes its
// own room's part and keeps nothing else.

import { type ComposedEnv, roomEnv } from "./compose.ts";
import { OidcKeys as OidcRoomKeys } from "./oidc/index.ts";
import { Sequencer as SequencerRoomObject } from "./sequencer/index.ts";

export { Anchor } from "./sequencer/index.ts";

/** The log keys' room. */
export class Sequencer extends SequencerRoomObject {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(ctx, roomEnv.sequencer(env));
  }
}

/** The token key's room. */
export class OidcKeys extends OidcRoomKeys {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, roomEnv.oidc(env));
  }
}

declare global {
  namespace Cloudflare {
    /** What ctx.exports holds. */
    interface GlobalProps {
      mainModule: { readonly OidcKeys: typeof OidcKeys };
    }
  }
}
