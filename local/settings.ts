// SPDX-License-Identifier: Apache-2.0
// Everything a stack on this machine is configured with: its keys from the state folder, its URL from its port.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { localUrl } from "../cli/address.ts";
import { readIssuersFile } from "../cli/deployment/issuers-file.ts";
import { splitSetting } from "../cli/deployment/split-setting.ts";
import { describeKeysError, openKeys, openWitnessKey } from "../cli/keys/keys.ts";
import { openShardKeys } from "../cli/keys/shard-keys.ts";
import { localTufSettings } from "../cli/tuf/local.ts";
import { type PublicUrl, parsePublicUrl } from "../shared/http/public-url.ts";
import { parseShards } from "../shared/logs/shards.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { unixMs } from "../shared/time.ts";

/** Texts that an operator may lay into the state folder, and the settings that they become. */
const OPTIONAL_FILES = {
  "listed-keys.pem": "LISTED_KEYS",
  "witness-policy.txt": "WITNESS_POLICY",
  "witnessed-logs.txt": "WITNESSED_LOGS",
} as const;
/** The logs beside the first two, as the setting SHARDS has them. */
export const SHARDS_FILE = "shards.json";
/** The same of the issuers, which are checked here and made into what the Worker reads. */
const ISSUERS_FILES = ["issuers.yaml", "issuers.json"];

export interface LocalStack {
  readonly port: number;
  /** Absolute. */
  readonly state: string;
  readonly accept: string | null;
}

/** The textual settings of the services; makes the keys of a new state folder. Fails with one line for the person at the terminal. */
export function localSettings({ port, state, accept }: LocalStack): Result<Readonly<Record<string, string>>, string> {
  const publicUrl = parsePublicUrl(localUrl(port));
  if (!publicUrl.ok) return err(`${localUrl(port)} ${publicUrl.error.reason}`);
  const now = unixMs(Date.now());
  const secrets = openKeys(state, publicUrl.value, now);
  if (!secrets.ok) return err(describeKeysError(secrets.error));
  const files = fileSettings(state);
  if (!files.ok) return files;
  const witness = witnessSecret(state, files.value);
  if (!witness.ok) return witness;
  const shards = readShards(state, publicUrl.value);
  if (!shards.ok) return shards;
  const settings = {
    ...secrets.value,
    ...files.value,
    ...witness.value,
    ...shards.value,
    PUBLIC_URL: publicUrl.value.href,
    ...(accept === null ? {} : { ACCEPT: accept }),
  };
  const tuf = localTufSettings({ state, publicUrl: publicUrl.value, settings, now });
  return tuf.ok ? ok({ ...settings, ...tuf.value }) : tuf;
}

/** The secret of a deployment that is a witness, which is made when logs to witness are named first; nothing for any other. */
export function witnessSecret(
  folder: string,
  settings: Readonly<Record<string, string>>,
): Result<Readonly<Record<string, string>>, string> {
  if (settings["WITNESSED_LOGS"] === undefined) return ok({});
  const key = openWitnessKey(folder);
  return key.ok ? ok({ WITNESS_KEY: key.value }) : err(describeKeysError(key.error));
}

/** SHARDS and SHARD_KEYS, of a folder with shards.json; makes the keys of logs that are new. Fails with a line for the operator. */
export function readShards(state: string, publicUrl: PublicUrl): Result<Readonly<Record<string, string>>, string> {
  const path = join(state, SHARDS_FILE);
  if (!existsSync(path)) return ok({});
  const text = readFileSync(path, "utf8").trim();
  const logs = parseShards(text, publicUrl);
  if (!logs.ok) return err(logs.error.map((problem) => `${path}: ${problem}`).join("\n"));
  const keys = openShardKeys(state, publicUrl, logs.value);
  return keys.ok ? ok({ ...keys.value, SHARDS: text }) : err(describeKeysError(keys.error));
}

/** The settings that an operator has laid into a folder as files. Fails with a line for the operator. */
export function fileSettings(folder: string): Result<Readonly<Record<string, string>>, string> {
  const settings: Record<string, string> = {};
  for (const [file, setting] of Object.entries(OPTIONAL_FILES)) {
    const path = join(folder, file);
    if (existsSync(path)) settings[setting] = readFileSync(path, "utf8");
  }
  const issuers = readIssuers(folder);
  if (!issuers.ok) return issuers;
  if (issuers.value === null) return ok(settings);
  const parts = splitSetting("ISSUERS", issuers.value);
  return parts.ok ? ok({ ...settings, ...parts.value }) : err(`the file of issuers ${parts.error}`);
}

function readIssuers(state: string): Result<string | null, string> {
  const [path, ...others] = ISSUERS_FILES.map((file) => join(state, file)).filter((candidate) => existsSync(candidate));
  if (path === undefined) return ok(null);
  if (others.length > 0) return err(`${path} and ${others.join()} exclude each other; keep one of them`);
  const file = readIssuersFile(readFileSync(path, "utf8"));
  return file.ok ? ok(file.value.setting) : err(file.error.map((problem) => `${path}: ${problem}`).join("\n"));
}
