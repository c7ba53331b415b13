// SPDX-License-Identifier: Apache-2.0
// Checks all settings of a deployment or of a local stack, as its Worker will.

import { err, ok, type Result } from "../../shared/result.ts";
import { type Composition, checkSettings, SETTING_NAMES, type SettingTexts } from "../../workers/check-settings.ts";
import { suggestion } from "../help/suggestion.ts";
import { describeKeysError, type KeysError, readKeyTexts } from "../keys/keys.ts";
import { CONNECTORS_FILE, CONNECTORS_SETTING } from "./connectors-file.ts";
import { OPTIONAL_FILES } from "./folder-settings.ts";

/** Files in which an operator writes a setting. */
const SETTING_FILES: Readonly<Record<string, string>> = { ...OPTIONAL_FILES, [CONNECTORS_FILE]: CONNECTORS_SETTING };

/** Names everything that is missing, wrong or unknown, one line each. */
export const settingsProblems = (settings: SettingTexts, composition: Composition): readonly string[] => [
  ...Object.keys(settings).flatMap(describeUnknown),
  ...checkSettings(settings, composition).map(nameSource),
];

/** Passes the settings on if all are right. The error has a line for each problem. */
export function validateSettings<S extends SettingTexts>(settings: S, composition: Composition): Result<S, string> {
  const problems = settingsProblems(settings, composition);
  return problems.length === 0 ? ok(settings) : err(problems.join("\n"));
}

/** Describes damaged key files: how to restore them, and what the Worker would say about them, in one line. */
export function describeDamagedKeys(error: KeysError, folder: string, composition: Composition): string {
  const texts = readKeyTexts(folder);
  const names = Object.keys(texts);
  const isOfKeys = (problem: string): boolean => names.some((name) => problem.startsWith(`${name} `));
  const problems = checkSettings(texts, composition).filter(isOfKeys);
  return [describeKeysError(error), ...(problems.length === 0 ? [] : [`(${problems.join("; ")})`])].join(" ");
}

/** Adds the file that a setting comes from. */
function nameSource(problem: string): string {
  const setting = /^[A-Z0-9_]+/.exec(problem)?.[0];
  const [file] = Object.entries(SETTING_FILES).find(([, name]) => name === setting) ?? [];
  return file === undefined ? problem : `${problem} (from ${file})`;
}

function describeUnknown(name: string): readonly string[] {
  if (SETTING_NAMES.has(name)) return [];
  const meant = suggestion(name, [...SETTING_NAMES]);
  return [
    `${name} is not a setting; ${meant === null ? "docs/reference/settings.md lists them" : `did you mean ${meant}?`}`,
  ];
}
