// SPDX-License-Identifier: Apache-2.0
// The configuration of the oidc service. No other file of the service reads the environment.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import type { Result } from "../../shared/result.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { NO_RETIRED_KEYS, type Retirement, retirementOf } from "../../shared/trust/retired-keys.ts";
import { SETTINGS } from "./declaration.ts";
import type { TokenKey } from "./token-keys.ts";

export type OidcEnv = SettingsEnv<typeof SETTINGS>;

export interface Config extends TokenKey {
  readonly publicUrl: PublicUrl;
  /** `iss` of every token, byte for byte as in the discovery document. */
  readonly issuer: string;
  /** The former keys, whose tokens may still be valid, and the next one. */
  readonly otherKeys: readonly {
    readonly jwk: JsonWebKeyWithKid;
    readonly retirement: Retirement | null;
  }[];
}

/** Fails with config_invalid, naming everything that is missing or wrong. */
export const readConfig: (env: OidcEnv) => Result<Config, ConfigError> = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const key = settings.parse("OIDC_KEY");
  const others = settings.parseIfSet("OTHER_OIDC_KEYS");
  const retired = settings.parseIfSet("RETIRED_KEYS");
  return settings.finish(() => ({
    publicUrl: publicUrl(),
    issuer: `${publicUrl().href}/oidc`,
    ...key(),
    otherKeys: (others() ?? []).map((other) => ({
      jwk: other.jwk,
      retirement: retirementOf(retired() ?? NO_RETIRED_KEYS, [other]),
    })),
  }));
});
