// SPDX-License-Identifier: Apache-2.0
// The configuration of the trust service: address, both certificate chains, the logs, and the TUF repository that was deployed. No other file
// of the service reads the environment.

import bundledTrustFile from "#trust-file" with { type: "json" };
import { equal } from "../../shared/bytes/bytes.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { type PublicUrl, publicUrlSetting } from "../../shared/http/public-url.ts";
import { parseJson } from "../../shared/json/parse.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { logsSetting } from "../../shared/logs/shards.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { LogDescription, SequencerRpc } from "../../shared/rpc/sequencer.ts";
import type { TufRepositoryRpc, TufView } from "../../shared/rpc/tuf-repository.ts";
import { type ConfigError, oncePerEnv, Settings } from "../../shared/settings/settings.ts";
import type { Chain } from "../../shared/trust/material.ts";
import { textsIn } from "../../shared/tuf/trust-file.ts";
import { parseChain } from "../../shared/x509/chain.ts";
import { parseChains } from "../../shared/x509/chains.ts";
import { parseOnlineKey } from "./repository/online-key.ts";
import type { Deployed } from "./repository/repository.ts";

export interface TrustEnv {
  readonly PUBLIC_URL?: string;
  /** JSON: the logs beside the first two (shared/logs/shards.ts). */
  readonly SHARDS?: string;
  /** PEM: the issuing CA first, the root last. */
  readonly CA_CHAIN?: string;
  /** PEM: the chains of CAs before the one that issues and after it, each with its root last. */
  readonly OTHER_CA_CHAINS?: string;
  /** PEM: the timestamping certificate first, the root last. */
  readonly TSA_CHAIN?: string;
  /** PEM: the same of timestamp authorities before the one that signs and after it. */
  readonly OTHER_TSA_CHAINS?: string;
  readonly SEQUENCER?: DurableObjectNamespace<SequencerRpc>;
  readonly TUF?: DurableObjectNamespace<TufRepositoryRpc>;
  /** PKCS#8 PEM, P-256: signs snapshots and timestamps. Needed where there is a repository. */
  readonly TUF_KEY?: string;
  /** A trust file's text, where it is not the bundled one: a stack on somebody's own machine. */
  readonly TRUST_FILE?: string;
}

export interface Config {
  readonly publicUrl: PublicUrl;
  /** Of both kinds, oldest first. */
  readonly logs: readonly LogConfig[];
  readonly caChain: Chain;
  readonly otherCaChains: readonly Chain[];
  readonly tsaChain: Chain;
  readonly otherTsaChains: readonly Chain[];
  /** Asks a log for its keys; rejects if it cannot be reached. @param logName LogConfig.name */
  readonly describeLog: (logName: string) => Promise<LogDescription>;
  /** Asks the repository for everything that it serves; rejects if it cannot be reached. */
  readonly serveTuf: () => Promise<TufView>;
}

/** Fails with config_invalid, naming what is missing or wrong. */
export const readConfig: (env: TrustEnv) => Result<Config, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const logs = logsSetting(settings);
  const caChain = settings.parsed("CA_CHAIN", parseAuthority);
  const otherCaChains = readOtherChains(settings, "OTHER_CA_CHAINS");
  const tsaChain = settings.parsed("TSA_CHAIN", parseAuthority);
  const otherTsaChains = readOtherChains(settings, "OTHER_TSA_CHAINS");
  const sequencer = env.SEQUENCER;
  if (sequencer === undefined) settings.problem("SEQUENCER is not bound");
  const tuf = env.TUF;
  if (tuf === undefined) settings.problem("TUF is not bound");
  return settings.finish(() => ({
    publicUrl: publicUrl(),
    logs: logs(),
    caChain: caChain(),
    otherCaChains,
    tsaChain: tsaChain(),
    otherTsaChains,
    describeLog: (logName) => {
      if (sequencer === undefined) throw new TypeError("SEQUENCER is not bound");
      return sequencer.getByName(logName).describe();
    },
    serveTuf: () => {
      if (tuf === undefined) throw new TypeError("TUF is not bound");
      return tuf.getByName(publicUrl().href).serve();
    },
  }));
});

/** What the repository's Durable Object was deployed with. Whatever is wrong with it is the repository's to say: the keys are served without. */
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

function readOtherChains(settings: Settings, name: "OTHER_CA_CHAINS" | "OTHER_TSA_CHAINS"): readonly Chain[] {
  const text = settings.optional(name);
  const chains = text === null ? ok([]) : parseChains(text);
  if (!chains.ok) settings.problem(`${name} ${chains.error.reason}`);
  return chains.ok ? chains.value : [];
}

function parseAuthority(pem: string): Result<Chain, string> {
  const chain = parseChain(pem);
  if (!chain.ok) return err(chain.error.reason);
  const [first, ...others] = chain.value;
  const root = others.at(-1) ?? first;
  // Clients take the last certificate for the root, and sigstore-js looks whether it is one.
  if (first === undefined || root === undefined || !equal(root.issuer, root.subject))
    return err("must end in its root");
  return ok([first, ...others]);
}
