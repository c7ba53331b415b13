// SPDX-License-Identifier: Apache-2.0
// The configuration of the tsa service. No other file of the service reads the environment.

import { equal } from "../../shared/bytes/bytes.ts";
import { createGate, type RateGate } from "../../shared/http/rate-gate.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { type Authority, createTimestampAuthority } from "../../shared/tsa/authority.ts";
import type { Certificate } from "../../shared/x509/certificate.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";

export type TsaEnv = SettingsEnv<typeof SETTINGS> & Partial<BindingsEnv<typeof BINDINGS>>;

export interface Config {
  readonly authority: Authority;
  readonly chain: readonly Certificate[];
  readonly gate: RateGate;
}

/** Fails with config_invalid, naming everything that is missing or wrong. */
export const readConfig: (env: TsaEnv) => Result<Config, ConfigError> = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const chain = settings.parse("TSA_CHAIN");
  const key = settings.parse("TSA_KEY");
  const bindings = settings.readBindings(BINDINGS);
  const material = settings.finish(() => ({
    key: key(),
    gate: createGate(publicUrl(), { writes: bindings().WRITES }),
    ...chain(),
  }));
  if (!material.ok) return material;
  const { key: tsaKey, chain: certificates, leaf, gate } = material.value;
  if (!equal(tsaKey.spki, leaf.spki)) {
    const problem = "TSA_KEY is not the key of the first certificate of TSA_CHAIN";
    return err({ code: "config_invalid", problems: [problem] });
  }
  return ok({ authority: createTimestampAuthority(leaf, tsaKey), chain: certificates, gate });
});
