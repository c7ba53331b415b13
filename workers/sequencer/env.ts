// SPDX-License-Identifier: Apache-2.0
// The sequencer's environment: the only service that holds log keys.

import { parseEd25519Signer } from "#private-key";
import { publicUrlSetting } from "../../shared/http/public-url.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { logsSetting, writableLogs } from "../../shared/logs/shards.ts";
import type { Result } from "../../shared/result.ts";
import { type ConfigError, Settings } from "../../shared/settings/settings.ts";
import type { UnixMs } from "../../shared/time.ts";
import { parseWitnessPolicy } from "../../shared/tlog/policy.ts";
import type { Anchor } from "./anchor/anchor.ts";
import { certificateFormat, type LogFormat, type Submission, signatureFormat } from "./kinds/format.ts";
import { type LogKeys, type LogSigner, parseLogSigner } from "./kinds/log-keys.ts";
import { readShardKeys } from "./kinds/shard-keys.ts";
import type { Witnessing } from "./log.ts";
import { genesisSubmission } from "./rounds/genesis.ts";

export interface SequencerEnv {
  readonly PUBLIC_URL?: string;
  readonly SIGNATURE_LOG_KEY?: string;
  readonly SIGNATURE_LOG_ED25519_KEY?: string;
  readonly CERTIFICATE_LOG_KEY?: string;
  /** JSON: the logs beside the first two (shared/logs/shards.ts). */
  readonly SHARDS?: string;
  /** JSON: their keys by name (shard-keys.ts). */
  readonly SHARD_KEYS?: string;
  /** A setting holds 5 KB at most: the rest of SHARD_KEYS. */
  readonly SHARD_KEYS_2?: string;
  /** Witnesses of the signature logs, as a c2sp.org/tlog-policy text. */
  readonly WITNESS_POLICY?: string;
  /** `fail-open` (default) or `require-quorum`. */
  readonly WITNESS_MODE?: string;
  readonly ANCHOR: DurableObjectNamespace<Anchor>;
  readonly TILES: R2Bucket;
  readonly INDEX: D1Database;
}

/** What one log is made of. */
export interface LogSetup {
  readonly config: LogConfig;
  readonly format: LogFormat;
  readonly ecdsa: LogSigner;
  readonly genesis: readonly Submission[];
  readonly witnesses: Pick<Witnessing, "policy" | "requireQuorum"> | null;
  /** URL of the log to write to in place of this one, null if there is none. */
  readonly successor: (now: UnixMs) => string | null;
}

/** The setup of the log of this name. Fails with config_invalid, also for a name that no log has. */
export function readLogSetup(env: SequencerEnv, name: string): Result<LogSetup, ConfigError> {
  const settings = new Settings(env);
  settings.parsed("PUBLIC_URL", publicUrlSetting);
  const logs = logsSetting(settings);
  const witnesses = readWitnesses(settings);
  const keys = readKeys(settings, logs, name);
  return settings.finish(() => {
    const config = logs().find((log) => log.name === name);
    if (config === undefined || keys === null) throw new RangeError(`no log is called ${name}`);
    const successor = (now: UnixMs): string | null =>
      writableLogs(logs(), config.kind, now).find((log) => log.name !== name)?.baseUrl ?? null;
    const { ecdsa, ed25519 } = keys;
    const { origin } = config;
    if (ed25519 === null)
      return { config, ecdsa, format: certificateFormat(origin, ecdsa), genesis: [], witnesses: null, successor };
    const format = signatureFormat(origin, ecdsa, ed25519);
    return { config, ecdsa, format, genesis: [genesisSubmission(origin, ecdsa)], witnesses, successor };
  });
}

/** The keys of a log, null if it has none or a setting is wrong. */
function readKeys(settings: Settings, logs: () => readonly LogConfig[], name: string): LogKeys | null {
  const signatureKey = settings.parsed("SIGNATURE_LOG_KEY", parseLogSigner);
  const ed25519Key = settings.parsed("SIGNATURE_LOG_ED25519_KEY", parseEd25519Signer);
  const certificateKey = settings.parsed("CERTIFICATE_LOG_KEY", parseLogSigner);
  const known = settings.finish(() => ({
    config: logs().find((log) => log.name === name),
    signature: { ecdsa: signatureKey(), ed25519: ed25519Key() },
    certificate: { ecdsa: certificateKey(), ed25519: null },
  }));
  if (!known.ok || known.value.config === undefined) return null;
  const { config, signature, certificate } = known.value;
  if (name === "signature") return signature;
  return name === "certificate" ? certificate : readShardKeys(settings, config, [signature, certificate]);
}

/** Null without WITNESS_POLICY. Witnesses cosign signature logs only: their Ed25519 line is the one that they know. */
function readWitnesses(settings: Settings): LogSetup["witnesses"] {
  const text = settings.optional("WITNESS_POLICY");
  const mode = settings.optional("WITNESS_MODE") ?? "fail-open";
  if (mode !== "fail-open" && mode !== "require-quorum")
    settings.problem("WITNESS_MODE must be fail-open or require-quorum");
  if (text === null) return null;
  const policy = parseWitnessPolicy(text);
  if (policy.ok) return { policy: policy.value, requireQuorum: mode === "require-quorum" };
  settings.problem(`WITNESS_POLICY: line ${policy.error.line}: ${policy.error.reason}`);
  return null;
}
