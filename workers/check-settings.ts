// SPDX-License-Identifier: Apache-2.0
// Checks the settings of a whole deployment before it exists: for the command line. Each service reads its settings
// with the code that reads them in its Worker, so both find the same problems and say the same sentences.

import { problemsOf } from "../shared/http/settings-check.ts";
import { readConfig as readCa } from "./ca/env.ts";
import { DECLARATIONS, type DeclaredService, settingNames } from "./declarations.ts";
import { readConfig as readLog } from "./log/env.ts";
import { readConfig as readMonitor } from "./monitor/env.ts";
import { readConfig as readOidc } from "./oidc/env.ts";
import { checkSettings as checkSequencer } from "./sequencer/env.ts";
import { checkSettings as checkTrust } from "./trust/env.ts";
import { readConfig as readTsa } from "./tsa/env.ts";
import { readConfig as readWeb } from "./web/env.ts";
import { readConfig as readWitness } from "./witness/env.ts";

/** How the Worker is composed that will get the settings. */
export interface Composition {
  /** True for workers/dev.ts, which local stacks run. */
  readonly allowLoopbackIssuers: boolean;
}

/** The settings of a deployment: all texts by name. */
export type SettingTexts = Readonly<Record<string, string>>;

/** Names everything that is missing or wrong, one line each; no two alike. */
export function checkSettings(texts: SettingTexts, { allowLoopbackIssuers }: Composition): readonly string[] {
  return [
    ...new Set([
      ...problemsOf(readCa(toEnv("ca", texts), allowLoopbackIssuers)),
      ...problemsOf(readTsa(toEnv("tsa", texts))),
      ...problemsOf(readLog(toEnv("log", texts))),
      ...checkTrust(toEnv("trust", texts)),
      ...problemsOf(readOidc(toEnv("oidc", texts))),
      ...problemsOf(readWitness(toEnv("witness", texts))),
      ...problemsOf(readMonitor(toEnv("monitor", texts))),
      ...problemsOf(readWeb(toEnv("web", texts))),
      ...checkSequencer(toEnv("sequencer", texts)),
    ]),
  ];
}

/** The environment of a service. Its bindings are not there yet: nothing may use them. */
function toEnv(service: DeclaredService, texts: SettingTexts): never {
  const { settings, bindings } = DECLARATIONS[service];
  const unusable = Object.keys(bindings).map((name) => [name, {}]);
  const own = settingNames(settings).flatMap((name) => (name in texts ? [[name, texts[name]]] : []));
  return Object.fromEntries([...unusable, ...own]) as never;
}

/** The names of all settings. */
export const SETTING_NAMES: ReadonlySet<string> = new Set(
  Object.values(DECLARATIONS).flatMap(({ settings }) => settingNames(settings)),
);
