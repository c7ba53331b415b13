// SPDX-License-Identifier: Apache-2.0
// The settings that an operator keeps as files in a deployment's folder, or in the state folder of a local stack:
// listed keys, witness policy, witnessed logs, issuers and further logs.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { parseShards } from "../../shared/logs/shards.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { splitSetting } from "../../shared/settings/parts.ts";
import { describeKeysError, openWitnessKey } from "../keys/keys.ts";
import { openShardKeys } from "../keys/shard-keys.ts";
import { readIssuersFile } from "./issuers-file.ts";

type Settings = Readonly<Record<string, string>>;

/** Files that become settings unchanged. */
export const OPTIONAL_FILES = {
  "listed-keys.pem": "LISTED_KEYS",
  "witness-policy.txt": "WITNESS_POLICY",
  "witnessed-logs.txt": "WITNESSED_LOGS",
  "oidc-providers.json": "OIDC_PROVIDERS",
} as const;
/** The value of SHARDS: every log but the first two. */
export const SHARDS_FILE = "shards.json";
/** The issuers, in either format; checked and shortened before they become ISSUERS. */
const ISSUERS_FILES = ["issuers.yaml", "issuers.json"];

/** Reads the settings of OPTIONAL_FILES and the issuers. Fails with a line for the operator. */
export function fileSettings(folder: string): Result<Settings, string> {
  const settings: Record<string, string> = {};
  for (const [file, setting] of Object.entries(OPTIONAL_FILES)) {
    const path = join(folder, file);
    if (existsSync(path)) settings[setting] = readFileSync(path, "utf8");
  }
  const issuers = readIssuers(folder);
  if (!issuers.ok) return issuers;
  if (issuers.value === null) return ok(settings);
  const parts = splitSetting("ISSUERS", issuers.value);
  return parts.ok ? ok({ ...settings, ...parts.value }) : err(`the issuers file ${parts.error}`);
}

function readIssuers(folder: string): Result<string | null, string> {
  const [path, ...others] = ISSUERS_FILES.map((file) => join(folder, file)).filter((candidate) =>
    existsSync(candidate),
  );
  if (path === undefined) return ok(null);
  if (others.length > 0) return err(`${path} and ${others.join()} exclude each other; keep one of them`);
  const file = readIssuersFile(readFileSync(path, "utf8"));
  return file.ok ? ok(file.value.setting) : err(file.error.map((problem) => `${path}: ${problem}`).join("\n"));
}

/** Reads SHARDS and SHARD_KEYS, and creates the keys of logs that are new. Fails with a line for the operator. */
export function readShards(folder: string, publicUrl: PublicUrl): Result<Settings, string> {
  const path = join(folder, SHARDS_FILE);
  if (!existsSync(path)) return ok({});
  const text = readFileSync(path, "utf8").trim();
  const logs = parseShards(text, publicUrl);
  if (!logs.ok) return err(logs.error.map((problem) => `${path}: ${problem}`).join("\n"));
  const keys = openShardKeys(folder, publicUrl, logs.value);
  return keys.ok ? ok({ ...keys.value, SHARDS: text }) : err(describeKeysError(keys.error));
}

/** WITNESS_KEY of a deployment with WITNESSED_LOGS, created on the first call; no setting for any other deployment. */
export function witnessSecret(folder: string, settings: Settings): Result<Settings, string> {
  if (settings["WITNESSED_LOGS"] === undefined) return ok({});
  const key = openWitnessKey(folder);
  return key.ok ? ok({ WITNESS_KEY: key.value }) : err(describeKeysError(key.error));
}
