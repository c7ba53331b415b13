// SPDX-License-Identifier: Apache-2.0
// The settings and bindings of all services, as they declare them. The routes are in front/routes.ts: the gateway needs
// them without a single setting of a service.

import { type Binding, type Bindings, isOptional } from "../shared/settings/binding.ts";
import { partNames } from "../shared/settings/parts.ts";
import type { Setting, SettingRows } from "../shared/settings/setting.ts";
import * as ca from "./ca/declaration.ts";
import * as log from "./log/declaration.ts";
import * as monitor from "./monitor/declaration.ts";
import * as oidc from "./oidc/declaration.ts";
import * as sequencer from "./sequencer/declaration.ts";
import * as trust from "./trust/declaration.ts";
import * as tsa from "./tsa/declaration.ts";
import * as web from "./web/declaration.ts";
import * as witness from "./witness/declaration.ts";

export const DECLARATIONS = {
  ca: { settings: ca.SETTINGS, bindings: ca.BINDINGS },
  tsa: { settings: tsa.SETTINGS, bindings: tsa.BINDINGS },
  log: { settings: log.SETTINGS, bindings: log.BINDINGS },
  trust: { settings: trust.SETTINGS, bindings: trust.BINDINGS },
  oidc: { settings: oidc.SETTINGS, bindings: oidc.BINDINGS },
  witness: { settings: witness.SETTINGS, bindings: witness.BINDINGS },
  monitor: { settings: monitor.SETTINGS, bindings: monitor.BINDINGS },
  web: { settings: web.SETTINGS, bindings: web.BINDINGS },
  sequencer: { settings: sequencer.SETTINGS, bindings: sequencer.BINDINGS },
} as const satisfies Record<string, Declaration>;

/** The declaration of a service. */
export interface Declaration {
  readonly settings: SettingRows;
  readonly bindings: Bindings;
}

/** Every service, the sequencer included, which answers no request from outside. */
export type DeclaredService = keyof typeof DECLARATIONS;

export const DECLARED_SERVICES = Object.keys(DECLARATIONS) as DeclaredService[];

/** The names of a table's settings, all parts of split ones included. */
export const settingNames = (rows: SettingRows): readonly string[] =>
  Object.entries(rows).flatMap(([name, { isSplit }]) => (isSplit === true ? partNames(name) : [name]));

/** The names of a table's settings without which every service of a composed Worker answers 503. */
export const listRequired = (rows: SettingRows): readonly string[] =>
  Object.entries(rows).flatMap(([name, { need, stopsServiceOnly }]) =>
    need === "required" && stopsServiceOnly !== true ? [name] : [],
  );

/** Whether a setting, or the setting that this is a part of, is a secret of any service. */
export const isSecret = (name: string): boolean =>
  DECLARED_SERVICES.flatMap((service) => Object.entries<Setting>(DECLARATIONS[service].settings)).some(
    ([setting, row]) => row.isSecret === true && settingNames({ [setting]: row }).includes(name),
  );

/** The names of the bindings that a composed Worker's own environment holds. */
export const resourceNames = (rows: Bindings): readonly string[] =>
  Object.entries(rows).flatMap(([name, { kind }]) => (kind === "entrypoint" ? [] : [name]));

/** The names of the bindings without which a composed Worker does not run. */
export const listRequiredResources = (rows: Bindings): readonly string[] =>
  resourceNames(Object.fromEntries(Object.entries(rows).filter(([, row]) => !isOptional(row))));

/** The bindings of the composed Worker, those that several services share once. */
export const mergeBindings = (): Bindings =>
  Object.fromEntries(
    DECLARED_SERVICES.flatMap((service) => Object.entries<Binding>(DECLARATIONS[service].bindings)).filter(
      ([, { kind }]) => kind !== "entrypoint",
    ),
  );
