// SPDX-License-Identifier: Apache-2.0
// The identity provider as its handlers see it: configuration, connectors, seal and grants.

import { createFetchOutside } from "../../../shared/http/outside.ts";
import { createSealer, type Sealer } from "../../../shared/oauth/seal/seal.ts";
import { encodeDexSubject, hashSubject } from "../../../shared/oauth/tokens/subject.ts";
import type { GrantsRpc } from "../../../shared/rpc/grants.ts";
import type { Connector, Identity } from "../connectors/connector.ts";
import { createConnector } from "../connectors/registry.ts";
import type { Config } from "../env.ts";
import type { Platform } from "../platform.ts";

export interface Provider {
  readonly config: Config;
  readonly platform: Platform;
  /** Empty: nobody can sign in, and the built-in issuer is off. */
  readonly connectors: readonly Connector[];
  readonly sealer: Sealer;
  readonly grants: () => DurableObjectStub<GrantsRpc>;
  /** The claims that tell whom a connector has vouched for. */
  readonly nameAccount: (
    connector: Connector,
    identity: Identity,
  ) => Promise<{ readonly subject: string; readonly userId: string }>;
}

/** The store of grants: a new stub on each call. */
export const grantsOf = ({ grants, publicUrl }: Config): DurableObjectStub<GrantsRpc> =>
  grants.getByName(publicUrl.href);

/** @param development further connectors, which only a local stack has */
export function createProvider(
  config: Config,
  platform: Platform,
  development: (config: Config) => readonly Connector[],
): Provider {
  const { publicUrl, issuer, sealKeys, subjectKey, subjectEncoding } = config;
  const { now, startDeadline, makeResponse } = platform;
  const fetchOutside = createFetchOutside({
    fetch: platform.fetch,
    ownHosts: [publicUrl.host],
    allowsLoopback: publicUrl.isLoopback,
  });
  const configured = config.connectors.map((row) => {
    const clientSecret = config.connectorSecrets.get(row.slug) ?? "";
    return createConnector(row, { clientSecret, fetchOutside, now, startDeadline, makeResponse });
  });
  // A local stack of an older version has no secrets yet; env.ts demands them where a connector is configured.
  const connectors = sealKeys.length === 0 || subjectKey === null ? [] : [...configured, ...development(config)];
  return {
    config,
    platform,
    connectors,
    sealer: createSealer(sealKeys, issuer, platform.randomBytes),
    grants: () => grantsOf(config),
    async nameAccount({ id: connectorId }, { userId }) {
      if (subjectKey === null) throw new TypeError("OIDC_SUBJECT_KEY is missing");
      if (subjectEncoding === "dex") return { subject: encodeDexSubject({ connectorId, userId }), userId };
      // Nothing reads the provider's own id, so the token does not hold it.
      const subject = await hashSubject(subjectKey, { connectorId, userId });
      return { subject, userId: subject };
    },
  };
}
