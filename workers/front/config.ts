// SPDX-License-Identifier: Apache-2.0
// The configuration of the front end.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { readLogs } from "../../shared/logs/shards.ts";
import type { Result } from "../../shared/result.ts";
import { type ConfigError, Settings } from "../../shared/settings/settings.ts";
import { SETTINGS } from "./declaration.ts";

export interface FrontConfig {
  readonly publicUrl: PublicUrl;
  /** Oldest first. */
  readonly logs: readonly LogConfig[];
}

/** @param required further names that the environment must have, with what to say of each; their values are not read */
export function readFrontConfig(
  env: object,
  required: ReadonlyMap<string, string> = new Map(),
): Result<FrontConfig, ConfigError> {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const logs = readLogs(settings);
  for (const [name, missing] of required) {
    if (!(name in SETTINGS) && !(name in env)) settings.report(missing);
  }
  return settings.finish(() => ({ publicUrl: publicUrl(), logs: logs() }));
}
