// SPDX-License-Identifier: Apache-2.0
// The configuration of the ca room: its key and chain, and whose tokens it accepts. No other file of the room reads the environment.

import { equal } from "../../shared/bytes/bytes.ts";
import { type ConfigError, Settings } from "../../shared/env.ts";
import { publicUrlSetting } from "../../shared/http/public-url.ts";
import { builtInIssuer, DEFAULT_ISSUERS, type Issuer, parseIssuers } from "../../shared/identity/issuers.ts";
import { type LogConfig, logsOf } from "../../shared/logs.ts";
import type { Result } from "../../shared/result.ts";
import type { OidcKeysRpc, SequencerRpc } from "../../shared/rpc.ts";
import { type CaChain, parseCaChain } from "./ca-chain.ts";
import { parseCaKey, type Signer } from "./ca-key.ts";

export interface CaEnv {
  readonly PUBLIC_URL?: string;
  /** PEM: the issuing CA first, the root last. */
  readonly CA_CHAIN?: string;
  /** The issuing CA's key, P-256 or P-384, PKCS#8 PEM. */
  readonly CA_KEY?: string;
  /** JSON: the issuers that are accepted beside the built-in one, in place of the default ones. */
  readonly ISSUERS?: string;
  readonly SEQUENCER: DurableObjectNamespace<SequencerRpc>;
  readonly OIDC: Service<OidcKeysRpc>;
}

export interface Config {
  readonly chain: CaChain;
  readonly signer: Signer;
  readonly certificateLog: LogConfig;
  /** By URL, loopback ones included: to refuse one with its reason, one has to know it. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly allowLoopbackIssuers: boolean;
  readonly sequencer: DurableObjectNamespace<SequencerRpc>;
  readonly oidc: Service<OidcKeysRpc>;
}

/** Fails with config_invalid, naming everything that is missing or wrong. */
export function readConfig(env: CaEnv, allowLoopbackIssuers: boolean): Result<Config, ConfigError> {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const chain = settings.parsed("CA_CHAIN", parseCaChain);
  const signer = settings.parsed("CA_KEY", parseCaKey);
  const issuers = readIssuers(settings, allowLoopbackIssuers);
  const material = settings.finish(() => ({ chain: chain(), signer: signer() }));
  if (material.ok && !equal(material.value.signer.spki, material.value.chain.issuer.spki)) {
    settings.problem("CA_KEY is not the key of the first certificate of CA_CHAIN");
  }
  return settings.finish(() => ({
    chain: chain(),
    signer: signer(),
    certificateLog: logsOf(publicUrl()).certificate,
    issuers: new Map([builtInIssuer(publicUrl()), ...issuers].map((issuer) => [issuer.url, issuer])),
    allowLoopbackIssuers,
    sequencer: env.SEQUENCER,
    oidc: env.OIDC,
  }));
}

/** The issuers beside the built-in one. */
function readIssuers(settings: Settings, allowLoopback: boolean): readonly Issuer[] {
  const text = settings.optional("ISSUERS");
  if (text === null) return DEFAULT_ISSUERS;
  const publicUrl = publicUrlSetting(settings.optional("PUBLIC_URL") ?? "");
  const issuers = parseIssuers(text, publicUrl.ok ? [builtInIssuer(publicUrl.value).url] : []);
  const problems = issuers.ok ? loopbackProblems(issuers.value, allowLoopback) : issuers.error.problems;
  for (const problem of problems) settings.problem(`ISSUERS${problem.startsWith("[") ? "" : " "}${problem}`);
  return issuers.ok ? issuers.value : [];
}

function loopbackProblems(issuers: readonly Issuer[], allowLoopback: boolean): readonly string[] {
  return issuers.flatMap(({ isLoopback }, i) =>
    isLoopback && !allowLoopback ? [`[${i}].issuer-url is a loopback address, for development only`] : [],
  );
}
