// SPDX-License-Identifier: Apache-2.0
// The configuration of rekor-monitor, with its meaning. Members that it ignores are ignored here too, with a warning.
// Spec: https://github.com/sigstore/rekor-monitor/blob/main/README.md, pkg/notifications and pkg/identity (v1.5).

import type { Section } from "../../../shared/identity/configuration/section.ts";
import { isObject } from "../../../shared/json/member.ts";
import type { SelectorConfig } from "../../../shared/monitor/selectors/config.ts";
import { readAuthorityFiles } from "./authority-files.ts";
import { type MonitorConfig, NO_LIMITS, type RekorMonitorSettings } from "./config.ts";
import { Lenient } from "./lenient.ts";
import { MEMBERS as OUR_MEMBERS } from "./own-form.ts";
import { readNotifications, SECTIONS } from "./rekor-monitor-channels.ts";
import { readMonitoredValues } from "./rekor-monitor-values.ts";
import { type Environment, readNumber } from "./values.ts";

const OURS: ReadonlySet<string> = new Set(OUR_MEMBERS);
const SETTINGS = [
  "startIndex",
  "endIndex",
  "outputIdentities",
  "outputIdentitiesFormat",
  "logInfoFile",
  "identityMetadataFile",
  "caRootsFile",
  "caIntermediatesFile",
  "ctShards",
];
const MEMBERS = ["monitoredValues", ...SETTINGS, ...SECTIONS];

const OUTPUT = "findings go to the standard output, with --json as JSON, and to the channels";
/** Members that are read and checked, and have no effect → the reason. */
const IDLE: Readonly<Record<string, string>> = {
  endIndex: "each pass reads up to the newest entry",
  outputIdentities: OUTPUT,
  outputIdentitiesFormat: OUTPUT,
  logInfoFile: "the state is in the file of --state",
  identityMetadataFile: OUTPUT,
  ctShards: "every shard of the trusted root is watched, also those that are opened later",
};

/** Whether an object is of this form: it has a member of it, and none of ours. */
export function isRekorMonitorForm(value: unknown): boolean {
  const names = isObject(value) ? Object.keys(value) : [];
  return names.some((name) => MEMBERS.includes(name)) && !names.some((name) => OURS.has(name));
}

/** Reads the form. What it returns counts only if no problem was reported. */
export function readRekorMonitorForm(section: Section, environment: Environment | null): MonitorConfig {
  const warnings: string[] = [];
  const lenient = new Lenient(section, MEMBERS, warnings);
  const monitored = lenient.get("monitoredValues");
  const selectors = monitored === null ? [] : readMonitoredValues(monitored, warnings);
  if (selectors.length === 0) warnings.push("monitoredValues names nothing: only the log itself is watched");
  for (const [name, instead] of Object.entries(IDLE)) {
    if (lenient.get(name) !== null) warnings.push(`${name} does nothing here: ${instead}`);
  }
  const settings = readSettings(lenient, section);
  return {
    selectors: settings.authorities === null ? selectors : selectors.map(narrowToAuthorities),
    channels: readNotifications(lenient, environment, warnings),
    heartbeatUrl: null,
    crossCheckMinutes: null,
    limits: NO_LIMITS,
    witnesses: null,
    logs: [],
    rekorMonitor: settings,
    warnings,
  };
}

function readSettings(lenient: Lenient, section: Section): RekorMonitorSettings {
  const index = (name: "startIndex" | "endIndex"): number | null => {
    const value = lenient.get(name);
    return value === null ? null : readNumber(value, [0, Number.MAX_SAFE_INTEGER]);
  };
  const [startIndex, endIndex] = [index("startIndex"), index("endIndex")];
  if (startIndex !== null && endIndex !== null && startIndex > endIndex) {
    section.report(`has a startIndex of ${startIndex} behind its endIndex of ${endIndex}`);
  }
  const authorities = readAuthorities(lenient, section);
  const format = lenient.text("outputIdentitiesFormat");
  if (format !== null && format !== "text" && format !== "json") {
    lenient.get("outputIdentitiesFormat")?.report("must be text or json");
  }
  return { startIndex, authorities };
}

function readAuthorities(lenient: Lenient, section: Section): RekorMonitorSettings["authorities"] {
  const [roots, intermediates] = [lenient.text("caRootsFile"), lenient.text("caIntermediatesFile")];
  if (roots === null) {
    if (intermediates !== null) section.report("has caIntermediatesFile without caRootsFile");
    return null;
  }
  const read = readAuthorityFiles(roots, intermediates);
  if (read.ok) return read.value;
  lenient.get(read.error.member)?.report(read.error.reason);
  return null;
}

/** Without a certificate there is nothing to compare: an entry by a bare key counts. */
const narrowToAuthorities = (selector: SelectorConfig): SelectorConfig => ({
  ...selector,
  conditions: [
    ...selector.conditions,
    {
      name: "authority",
      choices: ["own", "none"].map((text) => ({ facts: ["authority"], pattern: { kind: "exact", text } })),
    },
  ],
});
