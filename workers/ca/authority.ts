// SPDX-License-Identifier: Apache-2.0
// Builds the CA from its configuration, and gives it the clock, the randomness and the network.

import { createFetchOutside, type FetchOutside } from "../../shared/http/outside.ts";
import { listWritableLogs } from "../../shared/logs/shards.ts";
import type { Config } from "./env.ts";
import { createEntryKey } from "./issuer-keys/entry-key.ts";
import { createKeySources, type KeysFailure } from "./issuer-keys/jwks-source.ts";
import { cacheStore, type EntryRejected } from "./issuer-keys/key-store.ts";
import type { CertificateAuthority } from "./issuing/certificate-authority.ts";
import type { Platform } from "./platform.ts";
import type { CertificateSigner } from "./signer/ca-key.ts";
import { createRemoteSigner } from "./signer/remote-signer.ts";

/** Writes a line for the operator. */
const report = (failure: KeysFailure | EntryRejected): void => console.error(JSON.stringify(failure));

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
    keepAlive: platform.keepAlive,
    builtInJwks: () => config.oidc.jwks(),
    store: cacheStore({
      base: config.publicUrl,
      entryKey: createEntryKey(config.entrySecret),
      cache: platform.cache,
      report,
    }),
    report,
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
    isTokenRevoked: (tokenId) => config.oidc.isRevoked(tokenId),
    logs: () =>
      listWritableLogs(config.logs, "certificate", platform.now()).map(({ name }) => ({
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
