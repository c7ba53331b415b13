// SPDX-License-Identifier: Apache-2.0
// The keys of the logs that SHARDS opens, from one setting: SHARD_KEYS, a JSON object with a row for each log name:
// {"ecdsa": PEM, "ed25519": PEM}, or "ecdsa" alone for a kind without an Ed25519 key. A wrong row stops its log and no
// other. A row may be added before its log and stay after it. Problems name a key and never show it.

import { parseEd25519Signer } from "#private-key";
import { equal } from "../../../shared/bytes/bytes.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { isObject, type JsonObject } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import type { LogConfig } from "../../../shared/logs/config.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Settings } from "../../../shared/settings/settings.ts";
import type { SequencerKind } from "./kind.ts";
import { SEQUENCER_KINDS } from "./kinds.ts";
import { type LogKeys, parseLogSigner } from "./log-keys.ts";

/**
 * Reads the keys of a log beside the first ones. Reports a problem and returns null if they are missing or wrong.
 * @param others keys of other logs, which this log must not share
 */
export function readShardKeys(
  settings: Settings,
  { name, kind }: LogConfig,
  others: readonly LogKeys[],
): LogKeys | null {
  const keys = parseShardKeys(settings.read("SHARD_KEYS") ?? "", name, SEQUENCER_KINDS[kind]);
  const isTwin = keys.ok && others.some(({ ecdsa }) => equal(ecdsa.logId, keys.value.ecdsa.logId));
  // To clients the key is the log: two logs with one key would be one log with two histories.
  if (isTwin) settings.report(`SHARD_KEYS.${name}.ecdsa is another log's key: every log needs its own`);
  if (!keys.ok) settings.report(`SHARD_KEYS${keys.error}`);
  return keys.ok && !isTwin ? keys.value : null;
}

/** Parses the row of one log. The error completes "SHARD_KEYS". */
function parseShardKeys(text: string, name: string, kind: SequencerKind): Result<LogKeys, string> {
  const json = text === "" ? ok({}) : parseJson(encodeUtf8(text));
  if (!json.ok || !isObject(json.value)) return err(" must be a JSON object, each name in it once");
  const rows = json.value;
  const place = `.${name}`;
  if (!Object.hasOwn(rows, name)) return err(`${place} is missing`);
  const keys = parseRow(rows[name], kind);
  if (!keys.ok) return err(`${place}${keys.error}`);
  const twin = Object.entries(rows).find(([other, row]) => other !== name && ecdsaOf(row) === ecdsaOf(rows[name]));
  return twin === undefined ? keys : err(`${place}.ecdsa is also the key of ${twin[0]}: every log needs its own`);
}

function parseRow(row: unknown, { hasEd25519 }: SequencerKind): Result<LogKeys, string> {
  const wanted = hasEd25519 ? ["ecdsa", "ed25519"] : ["ecdsa"];
  if (!isObject(row) || Object.keys(row).toSorted().join() !== wanted.join()) {
    return err(` must be an object with ${wanted.join(" and ")}`);
  }
  const ecdsa = parseLogSigner(textOf(row, "ecdsa"));
  if (!ecdsa.ok) return err(`.ecdsa ${ecdsa.error}`);
  if (!hasEd25519) return ok({ ecdsa: ecdsa.value, ed25519: null });
  const ed25519 = parseEd25519Signer(textOf(row, "ed25519"));
  return ed25519.ok ? ok({ ecdsa: ecdsa.value, ed25519: ed25519.value }) : err(`.ed25519 ${ed25519.error}`);
}

const ecdsaOf = (row: unknown): string | null => (isObject(row) ? textOf(row, "ecdsa").trim() : null);

const textOf = (row: JsonObject, member: string): string => (typeof row[member] === "string" ? row[member] : "");
