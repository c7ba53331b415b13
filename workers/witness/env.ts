// SPDX-License-Identifier: Apache-2.0
// The configuration of the witness service. No other file of the service reads the environment.

import { sha256 } from "#sha256";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import type { Ed25519Signer } from "../../shared/crypto/signer.ts";
import { createGate, type RateGate } from "../../shared/http/rate-gate.ts";
import type { WitnessedLogs } from "../../shared/logs/witnessed-logs.ts";
import type { Result } from "../../shared/result.ts";
import { type AnchorRpc, nameOfWitnessed } from "../../shared/rpc/anchor.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import type { CosignatureKey } from "../../shared/tlog/cosignature.ts";
import { ed25519CosignatureKeyId, formatVkey, NOTE_COSIGNATURE } from "../../shared/tlog/note.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";

export type WitnessEnv = SettingsEnv<typeof SETTINGS> & BindingsEnv<typeof BINDINGS>;

export interface Config {
  /** Null for a deployment that is not a witness. */
  readonly witness: Witness | null;
  readonly gate: RateGate;
}

export interface Witness {
  readonly key: CosignatureKey;
  /**
   * Signs cosignatures and nothing else. Their message does not hold the witness's name, so a key with two names would
   * speak for both. Spec: https://c2sp.org/tlog-cosignature
   */
  readonly sign: Ed25519Signer["sign"];
  /** The verifier key that logs and verifiers configure. */
  readonly vkey: string;
  readonly logs: WitnessedLogs;
  /** SHA-256 of each log's origin in lower-case hex, as monitors name it → the origin. */
  readonly origins: ReadonlyMap<string, string>;
  /** A stub of the object that holds a log's newest head, a new one for each call. */
  readonly anchorOf: (origin: string) => Pick<AnchorRpc, "read" | "exchange" | "readNote">;
}

/** Fails with config_invalid, naming everything that is missing or wrong. */
export const readConfig: (env: WitnessEnv) => Result<Config, ConfigError> = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const isWitness = settings.read("WITNESS_KEY") !== null;
  const key = isWitness ? settings.parse("WITNESS_KEY") : null;
  if (!isWitness && settings.read("WITNESSED_LOGS") !== null) settings.report("WITNESS_KEY is missing");
  const logs = isWitness ? settings.parse("WITNESSED_LOGS") : null;
  const bindings = settings.readBindings(BINDINGS);
  return settings.finish(() => ({
    witness:
      key === null || logs === null ? null : toWitness(`${publicUrl().host}/witness`, key(), logs(), bindings().ANCHOR),
    gate: createGate(publicUrl(), { reads: bindings().READS, writes: bindings().WRITES }),
  }));
});

/** @param name the witness's URL without its scheme (c2sp.org/tlog-cosignature) */
function toWitness(
  name: string,
  { publicKey, sign }: Ed25519Signer,
  logs: WitnessedLogs,
  anchors: DurableObjectNamespace<AnchorRpc>,
): Witness {
  const keyId = ed25519CosignatureKeyId(name, publicKey);
  return {
    key: { name, keyId, publicKey },
    sign,
    vkey: formatVkey(name, keyId, NOTE_COSIGNATURE, publicKey),
    logs,
    origins: new Map([...logs.keys()].map((origin) => [encodeHex(sha256(encodeUtf8(origin))), origin])),
    anchorOf: (origin) => anchors.getByName(nameOfWitnessed(origin)),
  };
}
