// SPDX-License-Identifier: Apache-2.0
// Builds the CA from its configuration, and gives it the clock, the randomness and the network.

import { createFetchOutside, type FetchOutside, type PlatformFetch } from "../../shared/http/outside.ts";
import { writableLogs } from "../../shared/logs/shards.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import type { Config } from "./env.ts";
import { createKeySources } from "./issuer-keys/jwks-source.ts";
import { cacheStore, type PlatformCache } from "./issuer-keys/key-store.ts";
import type { CertificateAuthority } from "./issuing/certificate-authority.ts";
import type { CertificateSigner } from "./signer/ca-key.ts";
import { createRemoteSigner } from "./signer/remote-signer.ts";

/** What the CA uses of the platform that it runs on. */
export interface Platform {
  readonly now: () => UnixMs;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly fetch: PlatformFetch;
  /** The cache of the Cloudflare location. Throws where there is none. */
  readonly cache: () => PlatformCache;
}

/** The Workers runtime. */
export const PLATFORM: Platform = {
  now: () => unixMs(Date.now()),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  // oxlint-disable-next-line no-restricted-globals -- reaches nothing but createFetchOutside
  fetch: (url, init) => fetch(url, init),
  cache: () => caches.default,
};

/** Creates the CA of a configuration. Call it once per isolate: the CA caches its issuers' keys. */
export function createCertificateAuthority(config: Config, platform: Platform): CertificateAuthority {
  const fetchOutside = createFetchOutside({
    fetch: platform.fetch,
    ownHosts: [new URL(config.publicUrl).host, ...config.logs.map(({ host }) => host)],
    allowsLoopback: config.allowLoopbackIssuers,
  });
  const keysOf = createKeySources({
    fetchOutside,
    now: platform.now,
    builtInJwks: () => config.oidc.jwks(),
    store: cacheStore(config.publicUrl, platform.cache),
    report: (failure) => console.error(JSON.stringify(failure)),
  });
  const { chain, otherChains, lifetimeMs, limits, issuers, allowLoopbackIssuers } = config;
  return {
    chain,
    otherChains,
    lifetimeMs,
    limits,
    identification: { issuers, allowLoopbackIssuers, keysOf },
    signer: signerOf(config, fetchOutside),
    tokenUse: (issuer) => config.usedTokens.getByName(issuer),
    logs: () =>
      writableLogs(config.logs, "certificate", platform.now()).map(({ name }) => ({
        name,
        sequencer: () => config.sequencer.getByName(name),
      })),
    now: platform.now,
    randomBytes: platform.randomBytes,
  };
}

function signerOf({ key, chain }: Config, fetchOutside: FetchOutside): CertificateSigner {
  return key.kind === "held" ? key.signer : createRemoteSigner(key.remote, chain.issuer.spki, fetchOutside);
}
