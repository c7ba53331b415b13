// SPDX-License-Identifier: Apache-2.0
// What a probe of a provider means for an operator: the finding, and what to do.

import type { Probed } from "./probe.ts";
import { type ConnectorRow } from "./upstream.ts";

/** A finding with its fix. */
export interface ConnectorProblem {
  readonly finding: string;
  readonly fix: string;
}

/** What is wrong with a connector, null if nothing is known to be. */
export function describeRefusal(row: ConnectorRow, probed: Probed, redirectUri: string): ConnectorProblem | null {
  const { client, redirectUri: redirect, detail } = probed;
  if (client === "refused")
    return {
      finding: `${row.name} refuses the client id or the client secret of the connector ${row.slug}: it ${detail}`,
      fix: `copy both from the provider again; a secret that has expired is replaced with: npx sigedge rotate connector-secret --connector ${row.slug}`,
    };
  if (redirect === "refused")
    return {
      finding: `${row.name} refuses the redirect URI of the connector ${row.slug}: it ${detail}`,
      fix: `register exactly this redirect URI there: ${redirectUri}`,
    };
  return null;
}

/** What the provider does not say without a login; empty if it says everything. */
export function listUnknown({ client, redirectUri }: Probed): readonly string[] {
  return [
    ...(client === "unknown" ? ["the client secret"] : []),
    ...(redirectUri === "unknown" ? ["the redirect URI"] : []),
  ];
}
