// SPDX-License-Identifier: Apache-2.0
// The settings that an operator keeps as files in a deployment's folder, or in the state folder of a local stack:
// listed keys, witness policy, witnessed logs, connectors, issuers and further logs.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { PUBLIC_ISSUERS, PUBLIC_ISSUERS_WORD } from "../../shared/identity/public-issuers.ts";
import { OFFERED_KINDS } from "../../shared/logs/kinds.ts";
import { parseShards } from "../../shared/logs/shards.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { splitSetting } from "../../shared/settings/parts.ts";
import { describeKeysError, openWitnessKey } from "../keys/keys.ts";
import { openShardKeys } from "../keys/shard-keys.ts";
import { readConnectorsFile } from "./connectors-file.ts";
import { type IssuersFile, readIssuersFile } from "./issuers-file.ts";

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
const ISSUERS_FILE = "issuers.yaml";
const ISSUERS_FILES = [ISSUERS_FILE, "issuers.json"];

/** A folder whose files become settings. */
export interface SettingsFolder {
  readonly folder: string;
  /** Which rows of the issuers file count; null refuses rows that name an environment. */
  readonly environment: string | null;
  /** False before `sigedge init --url`, which writes the issuers file. */
  readonly needsIssuers: boolean;
}

/** Reads the settings of OPTIONAL_FILES, the connectors and the issuers. Fails with a line for the operator. */
export function fileSettings(of: SettingsFolder): Result<Settings, string> {
  const { folder } = of;
  const settings: Record<string, string> = {};
  for (const [file, setting] of Object.entries(OPTIONAL_FILES)) {
    const path = join(folder, file);
    if (existsSync(path)) settings[setting] = readFileSync(path, "utf8");
  }
  const connectors = readConnectorsFile(folder);
  if (!connectors.ok) return connectors;
  Object.assign(settings, connectors.value);
  const issuers = readIssuers(of);
  if (!issuers.ok) return issuers;
  if (issuers.value === null) return ok(settings);
  const parts = splitSetting("ISSUERS", issuers.value.setting);
  return parts.ok ? ok({ ...settings, ...parts.value }) : err(`the issuers file ${parts.error}`);
}

/** Reads the issuers file; null if there is none and none is needed. Fails with a line for the operator. */
function readIssuers({ folder, environment, needsIssuers }: SettingsFolder): Result<IssuersFile | null, string> {
  const named = existsSync(folder) ? readdirSync(folder).filter((name) => /^issuers?\./i.test(name)) : [];
  const unknown = named.find((name) => !ISSUERS_FILES.includes(name) && !IS_COPY.test(name));
  // Ignored silently, a misspelt file would leave its restrictions out.
  if (unknown !== undefined) {
    return err(`${join(folder, unknown)} is not read; name it ${ISSUERS_FILES.join(" or ")}, or move it elsewhere`);
  }
  const [path, ...others] = ISSUERS_FILES.filter((file) => named.includes(file)).map((file) => join(folder, file));
  if (path === undefined) return needsIssuers ? err(describeMissingFile(folder)) : ok(null);
  if (others.length > 0) return err(`${path} and ${others.join()} exclude each other; keep one of them`);
  const setting = '"environment" in deployment.json';
  const file = readIssuersFile(readFileSync(path, "utf8"), { environment, setting });
  return file.ok ? file : err(file.error.map((problem) => `${path}: ${problem}`).join("\n"));
}

/** Copies that editors leave. */
const IS_COPY = /(~|\.(bak|orig|rej|swp|tmp))$/;

const describeMissingFile = (folder: string): string =>
  `${join(folder, ISSUERS_FILE)} is missing: list whose identity tokens the CA accepts (docs/identities.md). To accept all issuers of Sigstore's public instance, so everyone with a Google or GitHub account: echo ${PUBLIC_ISSUERS_WORD} > ${join(folder, ISSUERS_FILE)}`;

/** The line that says how many of Sigstore's public issuers the folder admits without a policy; null if none. */
export function describePublicIssuers(of: SettingsFolder): string | null {
  const file = readIssuers(of);
  if (!file.ok || file.value === null) return null;
  const isPublic = new Set(PUBLIC_ISSUERS.map(({ url }) => url));
  const open = file.value.issuers.filter(({ url, policy }) => policy === null && isPublic.has(url)).length;
  if (open === 0) return null;
  return `accepts ${open} public issuers without a policy, so everyone who has an account there: edit ${join(of.folder, ISSUERS_FILE)}`;
}

/** Writes the issuers file of a new local stack. */
export function writePublicIssuers(folder: string): void {
  writeFileSync(join(folder, ISSUERS_FILE), PUBLIC_ISSUERS_TEXT, { mode: 0o600, flag: "wx" });
}

const PUBLIC_ISSUERS_TEXT = `# The OpenID issuers whose identity tokens the CA accepts, beside its built-in one. "${PUBLIC_ISSUERS_WORD}" stands for those of Sigstore's
# public instance, which admit everyone. docs/identities.md describes how to list others instead.
${PUBLIC_ISSUERS_WORD}
`;

/** Opens the logs of a new deployment beside the first two, unless its folder says which. */
export function offerLogs(folder: string, { href }: PublicUrl): void {
  const path = join(folder, SHARDS_FILE);
  const rows = OFFERED_KINDS.map((kind) => ({ name: kind, kind, url: href }));
  if (!existsSync(path)) writeFileSync(path, `${JSON.stringify(rows, null, 2)}\n`, { mode: 0o600, flag: "wx" });
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
