// SPDX-License-Identifier: Apache-2.0
// Makes the configured connectors: one row for each type.

import type { FetchOutside } from "../../../shared/http/outside.ts";
import type { ConnectorConfig } from "../../../shared/oauth/connectors/connectors.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Connector } from "./connector.ts";
import { createOpenIdConnector } from "./openid/connector.ts";
import { identityOf } from "./openid/identity.ts";

/** What a connector uses beside its configuration. */
export interface ConnectorTools {
  readonly clientSecret: string;
  readonly fetchOutside: FetchOutside;
  readonly now: () => UnixMs;
}

/** Makes a connector. */
export function createConnector(row: ConnectorConfig, tools: ConnectorTools): Connector {
  const { id, slug, name } = row;
  switch (row.type) {
    case "oidc": {
      const { config } = row;
      return createOpenIdConnector({
        ...tools,
        identity: { id, slug, name },
        kind: row.type,
        issuer: config.issuer,
        clientId: config.clientId,
        clientAuthentication: config.clientAuthentication,
        scopes: config.scopes,
        parameters: config.prompt === null ? {} : { prompt: config.prompt },
        emailClaim: config.claims.email,
        identityOf: (claims) => identityOf(claims, config),
      });
    }
    default:
      return unreachable(row.type);
  }
}
