// SPDX-License-Identifier: Apache-2.0
// The configuration of the ca service: its key and chain, and the issuers whose tokens it accepts. No other file of the
// service reads the environment.

import { equal } from "../../shared/bytes/bytes.ts";
import { parsePublicKey } from "../../shared/crypto/public-key.ts";
import { type PublicUrl, parsePublicUrlSetting } from "../../shared/http/public-url.ts";
import { createGate } from "../../shared/http/rate-gate.ts";
import { parseIssuers } from "../../shared/identity/configuration/configuration.ts";
import {
  createBuiltInIssuer,
  createIssuerTable,
  type Issuer,
  type IssuerTable,
} from "../../shared/identity/issuers.ts";
import { PUBLIC_ISSUERS, PUBLIC_ISSUERS_WORD } from "../../shared/identity/public-issuers.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { readLogs } from "../../shared/logs/shards.ts";
import type { ConnectorConfig } from "../../shared/oauth/connectors/connectors.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { OidcKeysRpc } from "../../shared/rpc/oidc-keys.ts";
import type { SequencerRpc } from "../../shared/rpc/sequencer.ts";
import type { UsedTokensRpc } from "../../shared/rpc/used-tokens.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, Settings } from "../../shared/settings/settings.ts";
import { NO_RETIRED_KEYS, type Retirement, retirementOf } from "../../shared/trust/retired-keys.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";
import type { CertificateAuthority } from "./issuing/certificate-authority.ts";
import { DEFAULT_LIFETIME_MS } from "./issuing/lifetime.ts";
import { type CertificateSigner, parseCaKey, SCHEMES } from "./signer/ca-key.ts";
import { isRemoteKey, parseRemoteKey, type RemoteKey } from "./signer/remote-signer.ts";

export type CaEnv = SettingsEnv<typeof SETTINGS> & BindingsEnv<typeof BINDINGS>;

/** The CA's key: held by the Worker, or by a remote signer. */
type CaKey =
  | { readonly kind: "held"; readonly signer: CertificateSigner }
  | { readonly kind: "remote"; readonly remote: RemoteKey };

/** The parts of the CA that the settings give as they are, and what authority.ts makes the others from. */
export interface Config extends Pick<CertificateAuthority, "chain" | "otherChains" | "lifetimeMs" | "limits"> {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly key: CaKey;
  /** The text of CA_KEY, from which the key of cache entries is derived. */
  readonly entrySecret: string;
  /** All logs of the deployment, oldest first. */
  readonly logs: readonly LogConfig[];
  /** Includes loopback issuers, so that the rejection of one can say why. */
  readonly issuers: IssuerTable;
  readonly allowLoopbackIssuers: boolean;
  readonly sequencer: DurableObjectNamespace<SequencerRpc>;
  readonly usedTokens: DurableObjectNamespace<UsedTokensRpc>;
  readonly oidc: Service<OidcKeysRpc>;
}

/** Fails with config_invalid, naming everything that is missing or wrong. */
export function readConfig(env: CaEnv, allowLoopbackIssuers: boolean): Result<Config, ConfigError> {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const logs = readLogs(settings);
  const chain = settings.parse("CA_CHAIN");
  const key = settings.parse("CA_KEY", (text) => parseKey(text, allowLoopbackIssuers));
  const otherChains = settings.parseIfSet("OTHER_CA_CHAINS");
  const retiredKeys = settings.parseIfSet("RETIRED_KEYS");
  const lifetimeMs = settings.parseIfSet("CERTIFICATE_LIFETIME");
  const connectors = settings.parseIfSet("OIDC_CONNECTORS");
  const issuers = readIssuers(settings, allowLoopbackIssuers);
  const bindings = settings.readBindings(BINDINGS);
  const material = settings.finish(() => ({
    chain: chain(),
    key: key(),
    retired: retirementOf(retiredKeys() ?? NO_RETIRED_KEYS, [chain().issuer]),
  }));
  if (material.ok) checkKey(settings, material.value);
  return settings.finish(() => ({
    publicUrl: publicUrl().href,
    chain: chain(),
    otherChains: (otherChains() ?? []).map((other) => ({
      certificates: other.map(({ der }) => der),
      retirement: retirementOf(retiredKeys() ?? NO_RETIRED_KEYS, other),
    })),
    lifetimeMs: lifetimeMs() ?? DEFAULT_LIFETIME_MS,
    limits: {
      gate: createGate(publicUrl(), { writes: bindings().WRITES }),
      identities: bindings().IDENTITIES,
      deployment: publicUrl().host,
    },
    key: key(),
    entrySecret: settings.read("CA_KEY") ?? "",
    logs: logs(),
    issuers: createIssuerTable(
      issuesTokens(publicUrl(), connectors() ?? []) ? [...issuers, createBuiltInIssuer(publicUrl())] : issuers,
    ),
    allowLoopbackIssuers,
    sequencer: bindings().SEQUENCER,
    usedTokens: bindings().USED_TOKENS,
    oidc: bindings().OIDC,
  }));
}

/**
 * Whether the built-in issuer issues tokens: where people can sign in, and on a development stack. Elsewhere nothing
 * honest has one, and whoever stole OIDC_KEY could be anybody.
 */
const issuesTokens = ({ isLoopback }: PublicUrl, connectors: readonly ConnectorConfig[]): boolean =>
  isLoopback || connectors.length > 0;

function parseKey(text: string, allowLoopback: boolean): Result<CaKey, string> {
  if (isRemoteKey(text)) {
    const remote = parseRemoteKey(text, allowLoopback);
    return remote.ok ? ok({ kind: "remote", remote: remote.value }) : remote;
  }
  const signer = parseCaKey(text);
  return signer.ok ? ok({ kind: "held", signer: signer.value }) : signer;
}

/** The key that issues, with its chain. */
interface KeyInUse extends Pick<Config, "chain" | "key"> {
  readonly retired: Retirement | null;
}

/**
 * Checks that the key is not retired, and that key and certificate match. The key of a remote signer is compared at
 * each signature instead.
 */
function checkKey(settings: Settings, { chain, key, retired }: KeyInUse): void {
  const { spki } = chain.issuer;
  const publicKey = parsePublicKey(spki);
  if (retired !== null) settings.report("CA_CHAIN has a key that RETIRED_KEYS retires");
  if (key.kind === "held" && !equal(key.signer.spki, spki)) {
    settings.report("CA_KEY is not the key of the first certificate of CA_CHAIN");
  }
  if (key.kind === "remote" && !(publicKey.ok && publicKey.value.kind in SCHEMES)) {
    settings.report("CA_CHAIN must begin with a certificate whose key is on P-256 or P-384");
  }
}

/** Reads the issuers of the setting. */
function readIssuers(settings: Settings, allowLoopback: boolean): readonly Issuer[] {
  const text = settings.readRequired("ISSUERS");
  if (text === "") return [];
  if (text === PUBLIC_ISSUERS_WORD) return PUBLIC_ISSUERS;
  const publicUrl = parsePublicUrlSetting(settings.read("PUBLIC_URL") ?? "");
  const issuers = parseIssuers(text, publicUrl.ok ? [createBuiltInIssuer(publicUrl.value).url] : []);
  const problems = issuers.ok ? loopbackProblems(issuers.value, allowLoopback) : issuers.error;
  for (const problem of problems) settings.report(`ISSUERS${problem.startsWith("[") ? "" : " "}${problem}`);
  return issuers.ok ? issuers.value : [];
}

function loopbackProblems(issuers: readonly Issuer[], allowLoopback: boolean): readonly string[] {
  return issuers.flatMap(({ isLoopback, url }) =>
    isLoopback && !allowLoopback ? [`has ${url}, which is a loopback address, for development only`] : [],
  );
}
