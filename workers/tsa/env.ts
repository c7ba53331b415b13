// SPDX-License-Identifier: Apache-2.0
// The configuration of the tsa service: the authority's certificate chain and key. No other file of the service reads the environment.

import { parseEcdsaSigner } from "#private-key";
import { equal } from "../../shared/bytes/bytes.ts";
import { publicUrlSetting } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type ConfigError, oncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { type Authority, checkTimestampCertificate, createTimestampAuthority } from "../../shared/tsa/authority.ts";
import type { Certificate } from "../../shared/x509/certificate.ts";
import { parseChain } from "../../shared/x509/chain.ts";

export interface TsaEnv {
  readonly PUBLIC_URL?: string;
  /** PEM: the timestamping certificate first, the root last. */
  readonly TSA_CHAIN?: string;
  /** P-256 or P-384, PKCS#8 PEM. */
  readonly TSA_KEY?: string;
}

export interface Config {
  readonly authority: Authority;
  readonly chain: readonly Certificate[];
}

/** Fails with config_invalid, naming what is missing or wrong. */
export const readConfig: (env: TsaEnv) => Result<Config, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  // Nothing here depends on the address, but a deployment without it is not complete, and says so in every service.
  settings.parsed("PUBLIC_URL", publicUrlSetting);
  const chain = settings.parsed("TSA_CHAIN", parseTsaChain);
  const key = settings.parsed("TSA_KEY", parseEcdsaSigner);
  const material = settings.finish(() => ({ key: key(), ...chain() }));
  if (!material.ok) return material;
  const { key: tsaKey, chain: certificates, leaf } = material.value;
  if (!equal(tsaKey.spki, leaf.spki)) {
    const problem = "TSA_KEY is not the key of the first certificate of TSA_CHAIN";
    return err({ code: "config_invalid", problems: [problem] });
  }
  return ok({ authority: createTimestampAuthority(leaf, tsaKey), chain: certificates });
});

interface TsaChain {
  readonly leaf: Certificate;
  readonly chain: readonly Certificate[];
}

function parseTsaChain(pem: string): Result<TsaChain, string> {
  const chain = parseChain(pem);
  if (!chain.ok) return err(chain.error.reason);
  const leaf = chain.value.at(0);
  const root = chain.value.at(-1);
  if (leaf === undefined || root === undefined || !equal(root.issuer, root.subject)) return err("must end in its root");
  const problem = checkTimestampCertificate(leaf);
  return problem.ok ? ok({ leaf, chain: chain.value }) : err(`has a first certificate that ${problem.error}`);
}
