// SPDX-License-Identifier: Apache-2.0
// The configuration of the web service. No other file of the service reads the environment.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import { createGate, type RateGate } from "../../shared/http/rate-gate.ts";
import type { Result } from "../../shared/result.ts";
import type { LogReadsRpc } from "../../shared/rpc/log-reads.ts";
import type { MonitorHeartbeatRpc } from "../../shared/rpc/monitor.ts";
import type { TrustStateRpc } from "../../shared/rpc/trust-state.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";

export type WebEnv = SettingsEnv<typeof SETTINGS> & Partial<BindingsEnv<typeof BINDINGS>>;

export interface Config {
  readonly publicUrl: PublicUrl;
  readonly gate: RateGate;
  readonly log: Service<LogReadsRpc>;
  readonly trust: Service<TrustStateRpc>;
  readonly monitor: Service<MonitorHeartbeatRpc>;
}

/** Fails with config_invalid, naming everything that is missing or wrong. */
export const readConfig: (env: WebEnv) => Result<Config, ConfigError> = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const bindings = settings.readBindings(BINDINGS);
  return settings.finish(() => {
    const { READS, LOG, TRUST, MONITOR } = bindings();
    return {
      publicUrl: publicUrl(),
      gate: createGate(publicUrl(), { reads: READS }),
      log: LOG,
      trust: TRUST,
      monitor: MONITOR,
    };
  });
});
