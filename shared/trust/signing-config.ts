// SPDX-License-Identifier: Apache-2.0
// The signing config: where a client gets certificate, timestamp and log entry. Beside it the client trust config, which is
// trusted root and signing config in one file.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (SigningConfig, ClientTrustConfig)

import { chainValidity, logValidity, type TrustMaterial, timestampUrl, type ValidFor } from "./material.ts";
import { trustedRoot } from "./trusted-root.ts";

const SIGNING_CONFIG_TYPE = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
const CLIENT_TRUST_CONFIG_TYPE = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";

/** Each service in the version of its API that clients look for: Fulcio's is 1, although its paths say v2. */
const API_VERSION = { ca: 1, oidc: 1, rekor: 2, tsa: 1 } as const;

/** SigningConfig as a JSON value: one service of each kind, and the selector ANY, since sigstore-js throws for the others. */
export function signingConfig({ publicUrl, offeredLog, caChain, tsaChain }: TrustMaterial): object {
  const service = (url: string, majorApiVersion: number, validFor: ValidFor): object => ({
    url,
    majorApiVersion,
    validFor,
    operator: publicUrl.hostname,
  });
  return {
    mediaType: SIGNING_CONFIG_TYPE,
    caUrls: [service(publicUrl.href, API_VERSION.ca, chainValidity(caChain))],
    // A token is worth what the CA makes of it, so the issuer is in use since the CA is.
    oidcUrls: [service(`${publicUrl.href}/oidc`, API_VERSION.oidc, chainValidity(caChain))],
    // One at most: each client has its own idea of which of two it should take.
    rekorTlogUrls: offeredLog === null ? [] : [service(offeredLog.baseUrl, API_VERSION.rekor, logValidity(offeredLog))],
    tsaUrls: [service(timestampUrl(publicUrl), API_VERSION.tsa, chainValidity(tsaChain))],
    rekorTlogConfig: { selector: "ANY" },
    tsaConfig: { selector: "ANY" },
  };
}

/** ClientTrustConfig as a JSON value: the one file that `sigstore --trust-config` takes. */
export const clientTrustConfig = (material: TrustMaterial): object =>
  clientTrustConfigOf(trustedRoot(material), signingConfig(material));

/** The same of two documents that are there already. */
export const clientTrustConfigOf = (root: object, config: object): object => ({
  mediaType: CLIENT_TRUST_CONFIG_TYPE,
  trustedRoot: root,
  signingConfig: config,
});
