// SPDX-License-Identifier: Apache-2.0
// The configuration of the ca service: its key and chain, and whose tokens it accepts. No other file of the service reads the environment.

import { equal } from "../../shared/bytes/bytes.ts";
import { parsePublicKey } from "../../shared/crypto/public-key.ts";
import { publicUrlSetting } from "../../shared/http/public-url.ts";
import { parseIssuers } from "../../shared/identity/configuration/configuration.ts";
import { builtInIssuer, createIssuerTable, type Issuer, type IssuerTable } from "../../shared/identity/issuers.ts";
import { PUBLIC_ISSUERS } from "../../shared/identity/public-issuers.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { logsSetting } from "../../shared/logs/shards.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { OidcKeysRpc } from "../../shared/rpc/oidc-keys.ts";
import type { SequencerRpc } from "../../shared/rpc/sequencer.ts";
import type { UsedTokensRpc } from "../../shared/rpc/used-tokens.ts";
import { type ConfigError, Settings } from "../../shared/settings/settings.ts";
import { parseChains } from "../../shared/x509/chains.ts";
import type { Limits } from "./limits.ts";
import { type CaChain, parseCaChain } from "./signer/ca-chain.ts";
import { type CertificateSigner, parseCaKey, SCHEMES } from "./signer/ca-key.ts";
import { isRemoteKey, parseRemoteKey, type RemoteKey } from "./signer/remote-signer.ts";

export interface CaEnv {
  readonly PUBLIC_URL?: string;
  /** JSON: the logs beside the first two (shared/logs/shards.ts). */
  readonly SHARDS?: string;
  /** PEM: the issuing CA first, the root last. */
  readonly CA_CHAIN?: string;
  /** The issuing CA's key, P-256 or P-384: PKCS#8 PEM, or the address of a signer that holds it (remote-signer.ts). */
  readonly CA_KEY?: string;
  /** JSON: the issuers that are accepted beside the built-in one, in place of those of the public instance. */
  readonly ISSUERS?: string;
  /** A setting holds 5 KB at most: what follows on ISSUERS, in these, is the rest of its text. */
  readonly ISSUERS_2?: string;
  readonly ISSUERS_3?: string;
  readonly ISSUERS_4?: string;
  /** PEM: the chains of other issuing CAs that clients shall trust, retired ones and coming ones, each with its root last. */
  readonly OTHER_CA_CHAINS?: string;
  /** Seconds; 600 if it is not given. */
  readonly CERTIFICATE_LIFETIME?: string;
  readonly SEQUENCER: DurableObjectNamespace<SequencerRpc>;
  readonly USED_TOKENS: DurableObjectNamespace<UsedTokensRpc>;
  /** Requests of one address. */
  readonly CLIENTS: RateLimit;
  /** Certificates of one identity. */
  readonly IDENTITIES: RateLimit;
  readonly OIDC: Service<OidcKeysRpc>;
}

/** The CA's key: in our hands, or in a signer's. */
type CaKey =
  | { readonly kind: "held"; readonly signer: CertificateSigner }
  | { readonly kind: "remote"; readonly remote: RemoteKey };

export interface Config {
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly chain: CaChain;
  /** DER. */
  readonly otherChains: readonly (readonly Uint8Array[])[];
  readonly lifetimeMs: number;
  readonly limits: Limits;
  readonly key: CaKey;
  /** Of both kinds, oldest first. */
  readonly logs: readonly LogConfig[];
  /** Loopback ones included: to refuse one with its reason, one has to know it. */
  readonly issuers: IssuerTable;
  readonly allowLoopbackIssuers: boolean;
  readonly sequencer: DurableObjectNamespace<SequencerRpc>;
  readonly usedTokens: DurableObjectNamespace<UsedTokensRpc>;
  readonly oidc: Service<OidcKeysRpc>;
}

/** Fails with config_invalid, naming everything that is missing or wrong. */
export function readConfig(env: CaEnv, allowLoopbackIssuers: boolean): Result<Config, ConfigError> {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const logs = logsSetting(settings);
  const chain = settings.parsed("CA_CHAIN", parseCaChain);
  const key = settings.parsed("CA_KEY", (text) => parseKey(text, allowLoopbackIssuers));
  const otherChains = readOtherChains(settings);
  const lifetimeMs = readLifetime(settings);
  const issuers = readIssuers(settings, allowLoopbackIssuers);
  const material = settings.finish(() => ({ chain: chain(), key: key() }));
  if (material.ok) checkPair(settings, material.value);
  return settings.finish(() => ({
    publicUrl: publicUrl().href,
    chain: chain(),
    otherChains,
    lifetimeMs,
    limits: { clients: env.CLIENTS, identities: env.IDENTITIES },
    key: key(),
    logs: logs(),
    issuers: createIssuerTable([...issuers, builtInIssuer(publicUrl())]),
    allowLoopbackIssuers,
    sequencer: env.SEQUENCER,
    usedTokens: env.USED_TOKENS,
    oidc: env.OIDC,
  }));
}

function parseKey(text: string, allowLoopback: boolean): Result<CaKey, string> {
  if (isRemoteKey(text)) {
    const remote = parseRemoteKey(text, allowLoopback);
    return remote.ok ? ok({ kind: "remote", remote: remote.value }) : remote;
  }
  const signer = parseCaKey(text);
  return signer.ok ? ok({ kind: "held", signer: signer.value }) : signer;
}

/** A key that a signer holds is compared with the certificate at each signature. */
function checkPair(settings: Settings, { chain, key }: Pick<Config, "chain" | "key">): void {
  const { spki } = chain.issuer;
  const publicKey = parsePublicKey(spki);
  if (key.kind === "held" && !equal(key.signer.spki, spki)) {
    settings.problem("CA_KEY is not the key of the first certificate of CA_CHAIN");
  }
  if (key.kind === "remote" && !(publicKey.ok && publicKey.value.kind in SCHEMES)) {
    settings.problem("CA_CHAIN must begin with a certificate whose key is on P-256 or P-384");
  }
}

function readOtherChains(settings: Settings): Config["otherChains"] {
  const text = settings.optional("OTHER_CA_CHAINS");
  const chains = text === null ? ok([]) : parseChains(text);
  if (!chains.ok) settings.problem(`OTHER_CA_CHAINS ${chains.error.reason}`);
  return chains.ok ? chains.value.map((chain) => chain.map(({ der }) => der)) : [];
}

/** As Fulcio's, which cannot be changed there: long enough for a slow upload, too short to be worth stealing. */
const DEFAULT_LIFETIME_SECONDS = 600;
const MIN_LIFETIME_SECONDS = 60;
const MAX_LIFETIME_SECONDS = 3600;

function readLifetime(settings: Settings): number {
  const text = settings.optional("CERTIFICATE_LIFETIME") ?? String(DEFAULT_LIFETIME_SECONDS);
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (seconds < MIN_LIFETIME_SECONDS || seconds > MAX_LIFETIME_SECONDS) {
    settings.problem(`CERTIFICATE_LIFETIME must be ${MIN_LIFETIME_SECONDS} to ${MAX_LIFETIME_SECONDS} seconds`);
  }
  return seconds * 1000;
}

const ISSUERS_PARTS = ["ISSUERS", "ISSUERS_2", "ISSUERS_3", "ISSUERS_4"] as const;

/** The issuers beside the built-in one. */
function readIssuers(settings: Settings, allowLoopback: boolean): readonly Issuer[] {
  const text = ISSUERS_PARTS.map((name) => settings.optional(name) ?? "").join("");
  if (text === "") return PUBLIC_ISSUERS;
  const publicUrl = publicUrlSetting(settings.optional("PUBLIC_URL") ?? "");
  const issuers = parseIssuers(text, publicUrl.ok ? [builtInIssuer(publicUrl.value).url] : []);
  const problems = issuers.ok ? loopbackProblems(issuers.value, allowLoopback) : issuers.error;
  for (const problem of problems) settings.problem(`ISSUERS${problem.startsWith("[") ? "" : " "}${problem}`);
  return issuers.ok ? issuers.value : [];
}

function loopbackProblems(issuers: readonly Issuer[], allowLoopback: boolean): readonly string[] {
  return issuers.flatMap(({ isLoopback, url }) =>
    isLoopback && !allowLoopback ? [`has ${url}, which is a loopback address, for development only`] : [],
  );
}
