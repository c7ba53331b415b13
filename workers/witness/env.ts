// SPDX-License-Identifier: Apache-2.0
// The configuration of the witness service: its key and the logs that it knows. No other file of the service reads the environment.

import { parseEd25519Signer } from "#private-key";
import type { Ed25519Signer } from "../../shared/crypto/signer.ts";
import { publicUrlSetting } from "../../shared/http/public-url.ts";
import { parseWitnessedLogs, type WitnessedLogs } from "../../shared/logs/witnessed-logs.ts";
import type { Result } from "../../shared/result.ts";
import { type AnchorRpc, witnessedName } from "../../shared/rpc/anchor.ts";
import { type ConfigError, oncePerEnv, Settings } from "../../shared/settings/settings.ts";
import type { CosignatureKey } from "../../shared/tlog/cosignature.ts";
import { ed25519CosignatureKeyId, formatVkey, NOTE_COSIGNATURE } from "../../shared/tlog/note.ts";

export interface WitnessEnv {
  readonly PUBLIC_URL?: string;
  /** Ed25519, PKCS#8 PEM. Without it this deployment is no witness. */
  readonly WITNESS_KEY?: string;
  /** `log <vkey>` lines (c2sp.org/tlog-policy). */
  readonly WITNESSED_LOGS?: string;
  readonly ANCHOR: DurableObjectNamespace<AnchorRpc>;
  readonly WRITES: RateLimit;
}

export interface Config {
  /** Null for a deployment that is no witness. */
  readonly witness: Witness | null;
  readonly writes: RateLimit;
}

export interface Witness {
  readonly key: CosignatureKey;
  /** Signs cosignatures and nothing else: their message does not hold the witness's name, so that a key with two names would
   * speak for both. Spec: https://c2sp.org/tlog-cosignature */
  readonly sign: Ed25519Signer["sign"];
  /** What logs and verifiers are configured with. */
  readonly vkey: string;
  readonly logs: WitnessedLogs;
  /** The object that holds the newest head of a log; a new stub for each call. */
  readonly anchorOf: (origin: string) => Pick<AnchorRpc, "read" | "exchange">;
}

/** Fails with config_invalid, naming what is missing or wrong. */
export const readConfig: (env: WitnessEnv) => Result<Config, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const isWitness = settings.optional("WITNESS_KEY") !== null;
  const key = isWitness ? settings.parsed("WITNESS_KEY", parseEd25519Signer) : null;
  if (!isWitness && settings.optional("WITNESSED_LOGS") !== null) settings.problem("WITNESS_KEY is missing");
  const logs = isWitness ? settings.parsed("WITNESSED_LOGS", witnessedLogsSetting) : null;
  return settings.finish(() => ({
    witness: key === null || logs === null ? null : toWitness(`${publicUrl().host}/witness`, key(), logs(), env),
    writes: env.WRITES,
  }));
});

function witnessedLogsSetting(text: string): Result<WitnessedLogs, string> {
  const logs = parseWitnessedLogs(text);
  return logs.ok ? logs : { ok: false, error: `line ${logs.error.line}: ${logs.error.reason}` };
}

/** @param name the witness's URL without its scheme (c2sp.org/tlog-cosignature) */
function toWitness(name: string, { publicKey, sign }: Ed25519Signer, logs: WitnessedLogs, env: WitnessEnv): Witness {
  const keyId = ed25519CosignatureKeyId(name, publicKey);
  return {
    key: { name, keyId, publicKey },
    sign,
    vkey: formatVkey(name, keyId, NOTE_COSIGNATURE, publicKey),
    logs,
    anchorOf: (origin) => env.ANCHOR.getByName(witnessedName(origin)),
  };
}
