// SPDX-License-Identifier: Apache-2.0
// Identifies a person in an invocation of its own. What redeems the provider's code and verifies its token is half the
// work of the way back, and the platform limits the CPU time of each invocation: on the Free plan, the first sign-in of
// an isolate would exceed it.

import type { Result } from "../../../shared/result.ts";
import type { Platform } from "../platform.ts";
import type { Connector, ConnectorError, Identity, UpstreamCallback } from "./connector.ts";

/** The browser's way back as it crosses to the other invocation, which has its own clock. */
export interface RemoteCallback extends Omit<UpstreamCallback, "parameters" | "now"> {
  /** The connector's. */
  readonly slug: string;
  readonly query: string;
}

/** The entrypoint of the oidc service that identifies, which this service alone calls. */
export interface OidcUpstreamRpc extends Rpc.WorkerEntrypointBranded {
  /** As Connector.identify. Rejects if the deployment has no such connector. */
  identify(callback: RemoteCallback): Promise<Result<readonly Identity[], ConnectorError>>;
}

export type OidcUpstream = Pick<OidcUpstreamRpc, "identify">;

/** The part of the execution context that the oidc service uses. */
export interface OidcContext {
  readonly exports: { readonly OidcUpstream: OidcUpstream };
}

/** Identifies by the entrypoint. A development connector asks nobody, and exists in a local stack's service only. */
export const identifyRemotely = (
  upstream: OidcUpstream,
  connector: Connector,
  callback: UpstreamCallback,
): Promise<Result<readonly Identity[], ConnectorError>> => {
  if (connector.kind === "development") return connector.identify(callback);
  const { parameters, now: _, ...rest } = callback;
  return upstream.identify({ ...rest, slug: connector.slug, query: parameters.toString() });
};

/** The other end: identifies in this invocation. Throws RangeError if no connector has this slug. */
export async function identifyHere(
  { connectors, platform }: { readonly connectors: readonly Connector[]; readonly platform: Platform },
  { slug, query, ...callback }: RemoteCallback,
): Promise<Result<readonly Identity[], ConnectorError>> {
  const connector = connectors.find((one) => one.slug === slug);
  if (connector === undefined) throw new RangeError("no connector has this slug");
  return await connector.identify({ ...callback, parameters: new URLSearchParams(query), now: platform.now() });
}
