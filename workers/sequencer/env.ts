// SPDX-License-Identifier: Apache-2.0
// The sequencer's environment. No other service holds log keys.

import { addressProblem, type Neighborhood } from "../../shared/http/outside.ts";
import { problemsOf } from "../../shared/http/settings-check.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { listWritableLogs, readLogs } from "../../shared/logs/shards.ts";
import type { Result } from "../../shared/result.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import type { UnixMs } from "../../shared/time.ts";
import { parseWitnessPolicy, type WitnessPolicy } from "../../shared/tlog/policy.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";
import type { LogDeps, Witnessing } from "./deps.ts";
import type { SequencerKind } from "./kinds/kind.ts";
import { SEQUENCER_KINDS } from "./kinds/kinds.ts";
import type { LogKeys, LogSigner } from "./kinds/log-keys.ts";
import { readShardKeys } from "./kinds/shard-keys.ts";

export type SequencerEnv = SettingsEnv<typeof SETTINGS> & Omit<BindingsEnv<typeof BINDINGS>, "SEQUENCER">;

/** The part of a log that comes from the settings. */
export interface LogSetup extends Pick<LogDeps, "config" | "format" | "genesis" | "successor"> {
  readonly ecdsa: LogSigner;
  readonly neighborhood: Neighborhood;
  readonly witnesses: Pick<Witnessing, "policy" | "requireQuorum"> | null;
}

/**
 * Reads the setup of one log. Fails with config_invalid if a setting is wrong. Throws RangeError if no log has this
 * name.
 */
export function readLogSetup(env: SequencerEnv, name: string): Result<LogSetup, ConfigError> {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const logs = readLogs(settings);
  const witnesses = readWitnesses(settings);
  const keys = readKeys(settings, logs, name);
  const neighborhood = (): Neighborhood => ({
    ownHosts: [publicUrl().host, ...logs().map(({ host }) => host)],
    allowsLoopback: publicUrl().isLoopback,
  });
  const known = settings.finish(neighborhood);
  if (known.ok && witnesses !== null) checkAddresses(settings, witnesses.policy, known.value);
  return settings.finish(() => {
    const config = logs().find((log) => log.name === name);
    if (config === undefined || keys === null) throw new RangeError(`no log is called ${name}`);
    const kind = SEQUENCER_KINDS[config.kind];
    const successor = (now: UnixMs): string | null =>
      listWritableLogs(logs(), config.kind, now).find((log) => log.name !== name)?.baseUrl ?? null;
    return {
      config,
      ecdsa: keys.ecdsa,
      format: kind.createFormat(config.origin, keys),
      genesis: kind.createGenesis(config.origin, keys),
      witnesses: kind.isWitnessed ? witnesses : null,
      successor,
      neighborhood: neighborhood(),
    };
  });
}

/** Names everything that is wrong with the bindings and with the settings of any log, each once. */
export const checkSettings: (env: SequencerEnv) => readonly string[] = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  settings.parse("PUBLIC_URL");
  settings.readBindings(BINDINGS);
  const logs = readLogs(settings);
  const known = settings.finish(() => logs().map(({ name }) => name));
  // Whatever is wrong outside SHARD_KEYS is found for any log.
  const names = known.ok ? known.value : [FIRST_LOG];
  return [...new Set([...problemsOf(known), ...names.flatMap((name) => problemsOf(readLogSetup(env, name)))])];
});

/** A log that every deployment has. */
const FIRST_LOG = "signature";

/** Reads the keys of a log. Returns null if it has none or if a setting is wrong. */
function readKeys(settings: Settings<typeof SETTINGS>, logs: () => readonly LogConfig[], name: string): LogKeys | null {
  const readers = Object.entries(SEQUENCER_KINDS).flatMap(([kind, { keySettings }]) =>
    keySettings === null ? [] : [[kind, readFirstKeys(settings, keySettings)] as const],
  );
  const known = settings.finish(() => ({
    config: logs().find((log) => log.name === name),
    // The first log of a kind is called after its kind.
    first: new Map(readers.map(([kind, read]) => [kind, read()])),
  }));
  if (!known.ok || known.value.config === undefined) return null;
  const { config, first } = known.value;
  return first.get(name) ?? readShardKeys(settings, config, [...first.values()]);
}

/** Reads the keys of the first log of a kind. Call the returned function inside finish's `build` only. */
function readFirstKeys(
  settings: Settings<typeof SETTINGS>,
  keySettings: NonNullable<SequencerKind["keySettings"]>,
): () => LogKeys {
  const ecdsa = settings.parse(keySettings.ecdsa);
  const ed25519 = keySettings.ed25519 === null ? null : settings.parse(keySettings.ed25519);
  return () => ({ ecdsa: ecdsa(), ed25519: ed25519 === null ? null : ed25519() });
}

/** Checks that every witness is at an address that the log may ask. */
function checkAddresses(settings: Settings, { witnesses }: WitnessPolicy, neighborhood: Neighborhood): void {
  for (const { name, url } of witnesses) {
    const problem = url === null ? null : addressProblem(url, neighborhood);
    if (problem !== null) settings.report(`WITNESS_POLICY: the address of witness ${name} ${problem}`);
  }
}

/** Reads who cosigns. Returns null without WITNESS_POLICY. */
function readWitnesses(settings: Settings): LogSetup["witnesses"] {
  const text = settings.read("WITNESS_POLICY");
  const mode = settings.read("WITNESS_MODE") ?? "fail-open";
  if (mode !== "fail-open" && mode !== "require-quorum")
    settings.report("WITNESS_MODE must be fail-open or require-quorum");
  if (text === null) return null;
  const policy = parseWitnessPolicy(text);
  if (policy.ok) return { policy: policy.value, requireQuorum: mode === "require-quorum" };
  settings.report(`WITNESS_POLICY: line ${policy.error.line}: ${policy.error.reason}`);
  return null;
}
