// SPDX-License-Identifier: Apache-2.0
// The keys of the logs that SHARDS opens: a folder for each log, created when the log is named for the first time,
// never replaced.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { type LogConfig, logsOf } from "../../shared/logs/config.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { splitSetting } from "../../shared/settings/parts.ts";
import { SEQUENCER_KINDS } from "../../workers/sequencer/kinds/kinds.ts";
import { ED25519, type KeysError, makeFolder, P256, readText, reasonOf, writeFolder } from "./keys.ts";

/** The files of a log's keys, by their members in a row of SHARD_KEYS. */
const KEY_FILES = { ecdsa: ["log.key.pem", P256], ed25519: ["log-ed25519.key.pem", ED25519] } as const;

/** The parts of SHARD_KEYS; empty without shards. Fails with state_unwritable, key_file_damaged. */
export function openShardKeys(
  state: string,
  publicUrl: PublicUrl,
  logs: readonly LogConfig[],
): Result<Readonly<Record<string, string>>, KeysError> {
  const first = new Set(Object.values(logsOf(publicUrl)).map(({ name }) => name));
  const shards = logs.filter(({ name }) => !first.has(name));
  if (shards.length === 0) return ok({});
  const rows: Record<string, object> = {};
  for (const { name, kind } of shards) {
    const keys = openLogKeys(join(state, "keys", "shards", name), kind);
    if (!keys.ok) return keys;
    rows[name] = keys.value;
  }
  const setting = splitSetting("SHARD_KEYS", JSON.stringify(rows));
  return setting.ok ? setting : err({ code: "state_unwritable", folder: state, reason: `SHARD_KEYS ${setting.error}` });
}

function openLogKeys(folder: string, kind: LogConfig["kind"]): Result<Readonly<Record<string, string>>, KeysError> {
  const { hasEd25519 } = SEQUENCER_KINDS[kind];
  const files = Object.entries(KEY_FILES).filter(([member]) => member !== "ed25519" || hasEd25519);
  try {
    if (!existsSync(folder)) {
      makeFolder(join(folder, ".."));
      writeFolder(
        folder,
        new Map(
          files.map(([, [file, { make }]]) => [file, make().export({ type: "pkcs8", format: "pem" }).toString()]),
        ),
      );
    }
  } catch (error) {
    return err({ code: "state_unwritable", folder, reason: reasonOf(error) });
  }
  const keys: Record<string, string> = {};
  // The reader of SHARD_KEYS reports what is wrong with a key.
  for (const [member, [file]] of files) {
    const text = readText(folder, file);
    if (text === null) return err({ code: "key_file_damaged", file: join(folder, file), reason: "is missing" });
    keys[member] = text;
  }
  return ok(keys);
}
