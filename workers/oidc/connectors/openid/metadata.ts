// SPDX-License-Identifier: Apache-2.0
// The metadata of an OpenID provider: read by discovery, kept for minutes, and sent along with a sign-in, so that an
// isolate that has just started need not read it again on the way back.
// Spec: OpenID Connect Discovery 1.0 §3, §4

import * as oauth from "oauth4webapi";
import { sha256 } from "#sha256";
import { encodeBase64Url } from "../../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../../shared/bytes/utf8.ts";
import { ok, type Result } from "../../../../shared/result.ts";
import type { UnixMs } from "../../../../shared/time.ts";
import type { ConnectorError, Known } from "../connector.ts";
import type { UpstreamOptions } from "../upstream.ts";
import { wrong } from "./errors.ts";

/** Providers change keys and endpoints rarely, and announce it. oauth4webapi keeps the keys as long as the metadata. */
const METADATA_FRESH_MS = 300_000;
const FINGERPRINT_BYTES = 9;

/** The provider, as a connector is configured. */
interface ConfiguredProvider {
  /** The discovery document is below it. */
  readonly metadataAt: string;
  readonly issuer: { readonly metadata: string };
  readonly clientId: string;
}

/** Where a connector's provider answers. */
export interface MetadataSource {
  /** The provider's metadata. Its keys are kept with the object by oauth4webapi. */
  readonly read: (upstream: UpstreamOptions) => Promise<Result<oauth.AuthorizationServer, ConnectorError>>;
  /** The same on the way back from the provider: what was known on the way there will do. */
  readonly readAgain: (
    upstream: UpstreamOptions,
    known: Known | null,
  ) => Promise<Result<oauth.AuthorizationServer, ConnectorError>>;
  /** The same metadata as another object, whose keys are read anew. */
  readonly renew: (server: oauth.AuthorizationServer) => oauth.AuthorizationServer;
}

/** Reads the provider's metadata, and keeps what it read: never a request under way, which belongs to one caller. */
export function createMetadataSource(options: ConfiguredProvider & { readonly now: () => UnixMs }): MetadataSource {
  const { metadataAt, issuer, now } = options;
  let known: { readonly server: oauth.AuthorizationServer; readonly readAt: UnixMs } | null = null;
  const read: MetadataSource["read"] = async (upstream) => {
    if (known !== null && now() - known.readAt < METADATA_FRESH_MS) return ok(known.server);
    const response = await oauth.discoveryRequest(new URL(metadataAt), upstream);
    const server = await oauth.processDiscoveryResponse(new URL(issuer.metadata), response);
    // The library compares URLs. `iss` is compared as a string by everyone else, and so here.
    if (server.issuer !== issuer.metadata) return wrong("names another issuer in its discovery document");
    if (server.authorization_endpoint === undefined || server.token_endpoint === undefined) {
      return wrong("has no authorization endpoint or no token endpoint");
    }
    known = { server, readAt: now() };
    return ok(server);
  };
  const renew: MetadataSource["renew"] = (server) => {
    const renewed = { ...server };
    if (known?.server === server) known = { ...known, server: renewed };
    return renewed;
  };
  const readAgain: MetadataSource["readAgain"] = async (upstream, packed) => {
    const unpacked = known === null && packed !== null ? unpackMetadata(packed, options) : null;
    return unpacked === null ? await read(upstream) : ok(unpacked);
  };
  return { read, readAgain, renew };
}

/** Names the provider of a configuration. An operator may give the connector another one while somebody is away. */
const fingerprintOf = ({ metadataAt, issuer, clientId }: ConfiguredProvider): string =>
  encodeBase64Url(
    sha256(encodeUtf8(JSON.stringify([metadataAt, issuer.metadata, clientId]))).subarray(0, FINGERPRINT_BYTES),
  );

/** As much of the metadata as the way back needs. */
export const packMetadata = (server: oauth.AuthorizationServer, options: ConfiguredProvider): Known => [
  fingerprintOf(options),
  server.token_endpoint,
  server.jwks_uri ?? null,
  server.userinfo_endpoint ?? null,
  server.authorization_response_iss_parameter_supported === true ? 1 : 0,
  server.id_token_signing_alg_values_supported ?? null,
];

/** Null if the connector's configuration is another one now. This deployment has sealed the rest. */
function unpackMetadata(known: Known, options: ConfiguredProvider): oauth.AuthorizationServer | null {
  const [fingerprint, token, keys, userinfo, namesIssuer, algorithms] = known as readonly [
    string,
    string,
    string | null,
    string | null,
    0 | 1,
    readonly string[] | null,
  ];
  if (fingerprint !== fingerprintOf(options)) return null;
  return {
    issuer: options.issuer.metadata,
    token_endpoint: token,
    authorization_response_iss_parameter_supported: namesIssuer === 1,
    ...(keys === null ? {} : { jwks_uri: keys }),
    ...(userinfo === null ? {} : { userinfo_endpoint: userinfo }),
    ...(algorithms === null ? {} : { id_token_signing_alg_values_supported: [...algorithms] }),
  };
}
