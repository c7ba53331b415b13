// SPDX-License-Identifier: Apache-2.0
// The settings that name former and next keys: of the folder's files and of deployment.json, where an operator may have
// added some.

import { err, ok, type Result } from "../../shared/result.ts";
import { joinParts, partNames, splitSetting } from "../../shared/settings/parts.ts";
import { unixMs } from "../../shared/time.ts";
import {
  parseRetiredKeys,
  parseRetiredRows,
  type RetiredKeys,
  type RetiredRow,
} from "../../shared/trust/retired-keys.ts";
import {
  joinOthers,
  otherSettings,
  REPLACEABLE,
  REPLACEABLE_KINDS,
  type Replaceable,
  readOtherKeys,
  readPublicInUse,
} from "./replaceable.ts";
import { fingerprintsOf, RETIRED_KEYS_FILE, readRetiredKeys } from "./retired-keys.ts";

type Settings = Readonly<Record<string, string>>;

/** A deployment's folder, and the settings of its deployment.json. */
interface Named {
  readonly folder: string;
  readonly settings: Settings;
}

const RETIRED_KEYS = "RETIRED_KEYS";
const JOINED_SETTINGS: readonly string[] = [RETIRED_KEYS, ...REPLACEABLE_KINDS.map((kind) => REPLACEABLE[kind].others)];

/** The settings without those that name former keys. */
export function withoutFormer(settings: Settings): Settings {
  const joined = new Set(JOINED_SETTINGS.flatMap(partNames));
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !joined.has(name)));
}

/** Reads the other keys than those in use, and the times of their retirement. The error is a line for the operator. */
export function readFormerSettings(deployment: Named): Result<Settings, string> {
  const rows = readRetiredRows(deployment);
  if (!rows.ok) return rows;
  const text = JSON.stringify(rows.value, ["sha256", "retired", "compromised"]);
  const retired = parseRetiredKeys(text);
  if (!retired.ok) return err(`RETIRED_KEYS in deployment.json and ${RETIRED_KEYS_FILE} ${retired.error}`);
  const parts = rows.value.length === 0 ? ok({}) : splitSetting(RETIRED_KEYS, text);
  if (!parts.ok) return err(`${RETIRED_KEYS_FILE} ${parts.error}; remove rows of keys that no client needs`);
  const settings = { ...parts.value };
  for (const others of readOtherKeys(deployment.folder, deployment.settings)) {
    const own = otherSettings(others, retired.value, unixMs(Date.now()));
    if (!own.ok) return own;
    Object.assign(settings, own.value);
  }
  const reused = REPLACEABLE_KINDS.find((kind) => hasRetiredKey(deployment.folder, kind, retired.value));
  return reused === undefined
    ? ok(settings)
    : err(`${RETIRED_KEYS_FILE} retires the ${reused} key in keys/; run the rotation that was interrupted again`);
}

const hasRetiredKey = (folder: string, kind: Replaceable, retired: RetiredKeys): boolean =>
  fingerprintsOf(readPublicInUse(folder, kind)).some((fingerprint) => retired.has(fingerprint));

/** The rows in deployment.json, then those of the folder. The error is a line for the operator. */
function readRetiredRows({ folder, settings }: Named): Result<readonly RetiredRow[], string> {
  const text = joinParts(settings, RETIRED_KEYS);
  const own = text === "" ? ok([]) : parseRetiredRows(text);
  if (!own.ok) return err(`RETIRED_KEYS ${own.error}`);
  const rows = readRetiredKeys(folder);
  return rows.ok ? ok([...own.value, ...rows.value]) : rows;
}

/** The same settings with every former key and every retirement, not split. The error is a line for the operator. */
export function joinAllSettings(deployment: Named): Result<Settings, string> {
  const rows = readRetiredRows(deployment);
  if (!rows.ok) return rows;
  const others = readOtherKeys(deployment.folder, deployment.settings).map((one) => [one.name, joinOthers(one)]);
  return ok({ ...Object.fromEntries(others), [RETIRED_KEYS]: JSON.stringify(rows.value) });
}
