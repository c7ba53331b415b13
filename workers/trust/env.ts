// SPDX-License-Identifier: Apache-2.0
// The configuration of the trust service: address, certificate chains, logs, and the deployed TUF repository. No other
// file of the service reads the environment.

import bundledTrustFile from "#trust-file" with { type: "json" };
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { problemsOf } from "../../shared/http/settings-check.ts";
import { parseJson } from "../../shared/json/parse.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { readLogs } from "../../shared/logs/shards.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { LogDescription } from "../../shared/rpc/sequencer.ts";
import type { TufView } from "../../shared/rpc/tuf-repository.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import type { Chain } from "../../shared/trust/material.ts";
import { type OidcProvider, signInProviders } from "../../shared/trust/oidc-providers.ts";
import { NO_RETIRED_KEYS, type RetiredKeys } from "../../shared/trust/retired-keys.ts";
import { textsIn } from "../../shared/tuf/trust-file.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";
import { parseOnlineKey } from "./repository/online-key.ts";
import { type Deployed, describeSignerError } from "./repository/repository.ts";

export type TrustEnv = SettingsEnv<typeof SETTINGS> & Partial<BindingsEnv<typeof BINDINGS>>;

export interface Config {
  readonly publicUrl: PublicUrl;
  /** All logs of the deployment, oldest first. */
  readonly logs: readonly LogConfig[];
  readonly caChain: Chain;
  readonly otherCaChains: readonly Chain[];
  readonly tsaChain: Chain;
  readonly otherTsaChains: readonly Chain[];
  readonly retiredKeys: RetiredKeys;
  readonly oidcProviders: readonly OidcProvider[];
  /** Asks a log for its keys; rejects if it is unreachable. @param logName LogConfig.name */
  readonly describeLog: (logName: string) => Promise<LogDescription>;
  /** Asks the repository for everything that it serves; rejects if it is unreachable. */
  readonly serveTuf: () => Promise<TufView>;
}

/** Fails with config_invalid, naming what is missing or wrong. */
export const readConfig: (env: TrustEnv) => Result<Config, ConfigError> = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const logs = readLogs(settings);
  const caChain = settings.parse("CA_CHAIN");
  const otherCaChains = settings.parseIfSet("OTHER_CA_CHAINS");
  const tsaChain = settings.parse("TSA_CHAIN");
  const otherTsaChains = settings.parseIfSet("OTHER_TSA_CHAINS");
  const retiredKeys = settings.parseIfSet("RETIRED_KEYS");
  const oidcProviders = settings.parseIfSet("OIDC_PROVIDERS");
  const connectors = settings.parseIfSet("OIDC_CONNECTORS");
  const bindings = settings.readBindings(BINDINGS);
  settings.finish(() => {
    if (!publicUrl().isLoopback && (oidcProviders() ?? []).some(({ isLoopback }) => isLoopback))
      settings.report("OIDC_PROVIDERS has a loopback address, which is for development only");
  });
  return settings.finish(() => ({
    publicUrl: publicUrl(),
    logs: logs(),
    caChain: caChain(),
    otherCaChains: otherCaChains() ?? [],
    tsaChain: tsaChain(),
    otherTsaChains: otherTsaChains() ?? [],
    retiredKeys: retiredKeys() ?? NO_RETIRED_KEYS,
    oidcProviders: signInProviders(publicUrl(), (connectors() ?? []).length > 0, oidcProviders() ?? []),
    describeLog: (logName) => bindings().SEQUENCER.getByName(logName).describe(),
    serveTuf: () => bindings().TUF.getByName(publicUrl().href).serve(),
  }));
});

/** Names everything that is wrong, the repository's two settings included, as the repository itself would. */
export const checkSettings: (env: TrustEnv) => readonly string[] = readOncePerEnv((env) => {
  const { texts, signer } = readDeployed(env);
  return [
    ...problemsOf(readConfig(env)),
    ...(texts.ok ? [] : [texts.error]),
    // Where no repository is deployed, the key may be missing.
    ...(signer.ok || (env.TUF_KEY ?? "") === "" ? [] : [describeSignerError(signer.error)]),
  ];
});

/**
 * Reads the settings that the repository's Durable Object was deployed with. The repository itself reports what is
 * wrong with them: trusted root and signing config are served without a repository.
 */
export function readDeployed(env: TrustEnv): Deployed {
  const { PUBLIC_URL = "", TUF_KEY = "" } = env;
  const trustFile =
    env.TRUST_FILE === undefined ? ok<unknown>(bundledTrustFile) : parseJson(encodeUtf8(env.TRUST_FILE));
  const texts = trustFile.ok ? textsIn(trustFile.value, PUBLIC_URL) : null;
  return {
    texts: texts === null ? err("TRUST_FILE is not JSON.") : texts.ok ? texts : err(texts.error.reason),
    signer: TUF_KEY === "" ? err("is missing") : parseOnlineKey(TUF_KEY),
  };
}
