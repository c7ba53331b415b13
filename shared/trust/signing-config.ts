// SPDX-License-Identifier: Apache-2.0
// The signing config: where a client gets its certificate, timestamp and log entry. Also the client trust config, which
// is trusted root and signing config in one file.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (SigningConfig,
// ClientTrustConfig)

import type { UnixMs } from "../time.ts";
import { logStart, rangeFrom, type TrustMaterial, timestampUrl } from "./material.ts";
import { trustedRoot } from "./trusted-root.ts";

const SIGNING_CONFIG_TYPE = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
const CLIENT_TRUST_CONFIG_TYPE = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";

/** The API version that clients look for in each service. Fulcio's is 1, although its paths say v2. */
const API_VERSION = { ca: 1, oidc: 1, tsa: 1 } as const;

/**
 * Makes SigningConfig as JSON: one service of each kind and the selector ANY, since sigstore-js throws for the others.
 */
export function signingConfig({ publicUrl, offeredLogs, caChain, tsaChain, oidcProviders }: TrustMaterial): object {
  const service = (url: string, majorApiVersion: number, start: UnixMs): object => ({
    url,
    majorApiVersion,
    validFor: rangeFrom(start),
    operator: publicUrl.hostname,
  });
  const [[ca], [tsa]] = [caChain, tsaChain];
  return {
    mediaType: SIGNING_CONFIG_TYPE,
    caUrls: [service(publicUrl.href, API_VERSION.ca, ca.notBefore)],
    // Only providers at which somebody can log in: with none, clients ask for a token instead of opening a dead page. A
    // token is worthless without the CA, so a provider is in use as long as the CA unless its row says otherwise.
    oidcUrls: oidcProviders.map(({ url, operator, validFor }) => ({
      url,
      majorApiVersion: API_VERSION.oidc,
      validFor: validFor ?? rangeFrom(ca.notBefore),
      operator,
    })),
    // At most one of each version: given two, clients disagree about which to use. They take the newest that they know.
    rekorTlogUrls: offeredLogs.map((log) => service(log.baseUrl, log.rekorApi, logStart(log))),
    tsaUrls: [service(timestampUrl(publicUrl), API_VERSION.tsa, tsa.notBefore)],
    rekorTlogConfig: { selector: "ANY" },
    tsaConfig: { selector: "ANY" },
  };
}

/** Makes ClientTrustConfig as JSON, the one file that `sigstore --trust-config` takes. */
export const clientTrustConfig = (material: TrustMaterial): object =>
  clientTrustConfigOf(trustedRoot(material), signingConfig(material));

/** Combines two existing documents into a ClientTrustConfig. */
export const clientTrustConfigOf = (root: object, config: object): object => ({
  mediaType: CLIENT_TRUST_CONFIG_TYPE,
  trustedRoot: root,
  signingConfig: config,
});
