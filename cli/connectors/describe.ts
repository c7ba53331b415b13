// SPDX-License-Identifier: Apache-2.0
// Turns a probe of a provider into a finding for the operator, with its fix.

import type { Probed } from "./probe.ts";
import { type ConnectorRow } from "./upstream.ts";

/** A finding with its fix. */
export interface ConnectorProblem {
  readonly finding: string;
  readonly fix: string;
}

/** Describes the known problem of a connector; null if there is none. */
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

/** Lists the values that the provider does not confirm without a login; empty if it confirms everything. */
export function listUnknown({ client, redirectUri }: Probed): readonly string[] {
  return [
    ...(client === "unknown" ? ["the client secret"] : []),
    ...(redirectUri === "unknown" ? ["the redirect URI"] : []),
  ];
}
