// SPDX-License-Identifier: Apache-2.0
// The classes that the platform instantiates in the composed Worker. The runtime passes each the whole environment, so
// each narrows it to its own service and keeps nothing else.

import { UsedTokens as CaServiceUsedTokens } from "./ca/index.ts";
import { type ComposedEnv, serviceEnv } from "./compose.ts";
import { LogReads as LogServiceReads } from "./log/index.ts";
import { Tiles as LogServiceTiles, type TilesProps } from "./log/tiles/tiles.ts";
import { MonitorHeartbeat as MonitorServiceHeartbeat, Monitor as MonitorServiceObject } from "./monitor/index.ts";
import {
  Grants as OidcServiceGrants,
  OidcKeys as OidcServiceKeys,
  OidcPeople as OidcServicePeople,
  OidcUpstream as OidcServiceUpstream,
} from "./oidc/index.ts";
import { Sequencer as SequencerServiceObject } from "./sequencer/index.ts";
import { TufRepository as TrustServiceRepository, TrustState as TrustServiceState } from "./trust/index.ts";

export { Anchor } from "./sequencer/index.ts";

/** The ca service's class of used tokens. It needs no setting and receives none. */
export class UsedTokens extends CaServiceUsedTokens {
  constructor(ctx: DurableObjectState) {
    super(ctx, {});
  }
}

/** The oidc service's class of codes and waiting devices. It needs no setting and receives none. */
export class Grants extends OidcServiceGrants {
  constructor(ctx: DurableObjectState) {
    super(ctx, {});
  }
}

/** The sequencer of one log, with the log keys. */
export class Sequencer extends SequencerServiceObject {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(ctx, serviceEnv.sequencer(env));
  }
}

/** The watches of the deployment, with the secrets of their receivers. */
export class Monitor extends MonitorServiceObject {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    const { LogReads: LOG, OidcPeople: OIDC, TrustState: TRUST } = ctx.exports;
    super(ctx, { ...serviceEnv.monitor(env), LOG, OIDC, TRUST });
  }
}

/** The monitor's heartbeat for the pages. */
export class MonitorHeartbeat extends MonitorServiceHeartbeat {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    const { LogReads: LOG, OidcPeople: OIDC, TrustState: TRUST } = ctx.exports;
    super(ctx, { ...serviceEnv.monitor(env), LOG, OIDC, TRUST });
  }
}

/** The TUF repository, with its online key. */
export class TufRepository extends TrustServiceRepository {
  constructor(ctx: DurableObjectState, env: ComposedEnv) {
    super(ctx, serviceEnv.trust(env));
  }
}

/** The public keys of the built-in issuer, for the CA. */
export class OidcKeys extends OidcServiceKeys {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, serviceEnv.oidc(env));
  }
}

/** The people who sign in, for the monitor. */
export class OidcPeople extends OidcServicePeople {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, serviceEnv.oidc(env));
  }
}

/** Redeems what browsers bring back from the providers, for the oidc service itself. */
export class OidcUpstream extends OidcServiceUpstream {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, serviceEnv.oidc(env));
  }
}

/** Reads the logs for the pages. */
export class LogReads extends LogServiceReads {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, serviceEnv.log(env));
  }
}

/** Reads the state of the deployment's trust for the pages. */
export class TrustState extends TrustServiceState {
  constructor(ctx: ExecutionContext, env: ComposedEnv) {
    super(ctx, serviceEnv.trust(env));
  }
}

/** The part of the log service that runs behind the cache. */
export class Tiles extends LogServiceTiles {
  constructor(ctx: ExecutionContext<TilesProps>, env: ComposedEnv) {
    super(ctx, serviceEnv.log(env));
  }
}

declare global {
  namespace Cloudflare {
    /** The type of ctx.exports. */
    interface GlobalProps {
      mainModule: {
        readonly LogReads: typeof LogReads;
        readonly MonitorHeartbeat: typeof MonitorHeartbeat;
        readonly OidcKeys: typeof OidcKeys;
        readonly OidcPeople: typeof OidcPeople;
        readonly OidcUpstream: typeof OidcUpstream;
        readonly Tiles: typeof Tiles;
        readonly TrustState: typeof TrustState;
      };
    }
  }
}
