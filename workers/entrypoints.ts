// SPDX-License-Identifier: Apache-2.0
// What the platform makes of the composed Worker by class: the runtime hands each the whole environment, so each takes its
// own room's part and keeps nothing else.

import { UsedTokens as CaRoomUsedTokens } from "./ca/index.ts";
import { type ComposedEnv, roomEnv } from "./compose.ts";
import { Tiles as LogRoomTiles, type TilesProps } from "./log/tiles.ts";
import { OidcKeys as OidcRoomKeys } from "./oidc/index.ts";
import { Sequencer as SequencerRoomObject } from "./sequencer/index.ts";
import { TufRepository as TrustRoomRepository } from "./trust/index.ts";

export { Anchor } from "./sequencer/index.ts";

/** Of the ca room; it needs no setting, so it gets none. */
export class UsedTokens extends CaRoomUsedTokens {
  constructor(ctx: DurableObjectState) {
    super(ctx, {});
  }
}

/** The log keys' room. */
export class Sequencer extends SequencerRoomObject {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(ctx, roomEnv.sequencer(env));
  }
}

/** The TUF online key's room. */
export class TufRepository extends TrustRoomRepository {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(ctx, roomEnv.trust(env));
  }
}

/** The token key's room. */
export class OidcKeys extends OidcRoomKeys {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, roomEnv.oidc(env));
  }
}

/** The log room's cached half. */
export class Tiles extends LogRoomTiles {
  constructor(ctx: ExecutionContext<TilesProps>, env: ComposedEnv) {
    super(ctx, roomEnv.log(env));
  }
}

declare global {
  namespace Cloudflare {
    /** What ctx.exports holds. */
    interface GlobalProps {
      mainModule: { readonly OidcKeys: typeof OidcKeys; readonly Tiles: typeof Tiles };
    }
  }
}
