// SPDX-License-Identifier: Apache-2.0
// What the platform makes of the composed Worker by class: the runtime hands each the whole environment, so each takes its
// own service's part and keeps nothing else.

import { UsedTokens as CaServiceUsedTokens } from "./ca/index.ts";
import { type ComposedEnv, serviceEnv } from "./compose.ts";
import { Tiles as LogServiceTiles, type TilesProps } from "./log/tiles/tiles.ts";
import { OidcKeys as OidcServiceKeys } from "./oidc/index.ts";
import { Sequencer as SequencerServiceObject } from "./sequencer/index.ts";
import { TufRepository as TrustServiceRepository } from "./trust/index.ts";

export { Anchor } from "./sequencer/index.ts";

/** Of the ca service; it needs no setting, so it gets none. */
export class UsedTokens extends CaServiceUsedTokens {
  constructor(ctx: DurableObjectState) {
    super(ctx, {});
  }
}

/** The log keys' service. */
export class Sequencer extends SequencerServiceObject {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(ctx, serviceEnv.sequencer(env));
  }
}

/** The TUF online key's service. */
export class TufRepository extends TrustServiceRepository {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(ctx, serviceEnv.trust(env));
  }
}

/** The token key's service. */
export class OidcKeys extends OidcServiceKeys {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, serviceEnv.oidc(env));
  }
}

/** The log service's cached half. */
export class Tiles extends LogServiceTiles {
  constructor(ctx: ExecutionContext<TilesProps>, env: ComposedEnv) {
    super(ctx, serviceEnv.log(env));
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
