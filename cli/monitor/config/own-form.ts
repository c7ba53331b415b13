// SPDX-License-Identifier: Apache-2.0
// Our own form of the configuration.

import type { Section } from "../../../shared/identity/configuration/section.ts";
import { isLogKind, LOG_KIND_NAMES } from "../../../shared/logs/kinds.ts";
import { readSelectors } from "../../../shared/monitor/selectors/read.ts";
import { parseWitnessPolicy, type WitnessPolicy } from "../../../shared/tlog/policy.ts";
import { parseVkey } from "../../../shared/tlog/vkey.ts";
import { readChannels } from "./channels.ts";
import { type ConfiguredLog, type LimitSettings, type MonitorConfig, NO_LIMITS } from "./config.ts";
import { type Environment, isHttpUrl, readNumber, readUrl, requireField } from "./values.ts";

/** The members of the form. */
export const MEMBERS = ["watch", "notify", "heartbeat", "cross-check-minutes", "limits", "witnesses", "logs"] as const;
/** A week: who waits longer for an entry learns nothing from its absence. */
const MAX_CROSS_CHECK_MINUTES = 10_080;
const MAX_LOGS = 64;

/** Reads the form. What it returns counts only if no problem was reported. */
export function readOwnForm(section: Section, environment: Environment | null): MonitorConfig {
  const fields = section.fields(MEMBERS, MEMBERS);
  const heartbeat = fields.get("heartbeat");
  const minutes = fields.get("cross-check-minutes");
  const watch = fields.get("watch");
  const channels = fields.get("notify");
  const witnesses = fields.get("witnesses");
  return {
    selectors: watch === null ? [] : readSelectors(watch),
    channels: channels === null ? [] : readChannels(channels, environment),
    heartbeatUrl: heartbeat === null ? null : readUrl(heartbeat, environment),
    crossCheckMinutes: minutes === null ? null : readNumber(minutes, [1, MAX_CROSS_CHECK_MINUTES]),
    limits: readLimits(fields.get("limits")),
    witnesses: witnesses === null ? null : readPolicy(witnesses),
    logs: readLogs(fields.get("logs")),
    rekorMonitor: null,
    warnings: watch === null ? ["no member watch: nothing is watched but the logs themselves"] : [],
  };
}

/** The members of `limits`. */
export const LIMITS = ["stale-hours", "idle-hours", "lag-entries", "expiry-days"] as const;
/** A year, in hours and in days. */
const [MAX_HOURS, MAX_DAYS] = [8784, 366];

function readLimits(section: Section | null): LimitSettings {
  if (section === null) return NO_LIMITS;
  const fields = section.fields(LIMITS, LIMITS);
  const read = (name: (typeof LIMITS)[number], most: number): number | null => {
    const field = fields.get(name);
    return field === null ? null : readNumber(field, [1, most]);
  };
  return {
    staleHours: read("stale-hours", MAX_HOURS),
    idleHours: read("idle-hours", MAX_HOURS),
    lagEntries: read("lag-entries", Number.MAX_SAFE_INTEGER),
    expiryDays: read("expiry-days", MAX_DAYS),
  };
}

function readPolicy(section: Section): WitnessPolicy | null {
  const text = section.text();
  if (text === null) return null;
  const policy = parseWitnessPolicy(text);
  if (policy.ok) return policy.value;
  section.report(`is no witness policy (c2sp.org/tlog-policy): ${Object.values(policy.error).join(" ")}`);
  return null;
}

function readLogs(section: Section | null): readonly ConfiguredLog[] {
  const list = section?.items() ?? [];
  if (list.length > MAX_LOGS) section?.report(`must have at most ${MAX_LOGS} logs`);
  return list.slice(0, MAX_LOGS).flatMap((item) => readLog(item) ?? []);
}

function readLog(section: Section): ConfiguredLog | null {
  const fields = section.fields(["url", "kind", "vkey"], ["url", "kind", "vkey"]);
  const url = requireField(fields, "url", (one) => {
    const text = one.text();
    if (text === null || isHttpUrl(text)) return text;
    one.report("must be the URL below which the log has /checkpoint and /tile");
    return null;
  });
  const kind = requireField(fields, "kind", (one) => {
    if (isLogKind(one.value)) return one.value;
    one.report(`must be one of ${LOG_KIND_NAMES.join(", ")}`);
    return null;
  });
  const vkey = requireField(fields, "vkey", (one) => {
    const text = one.text();
    const parsed = text === null ? null : parseVkey(text);
    if (parsed?.ok === true) return parsed.value;
    one.report("must be the log's verifier key: <origin>+<hash>+<base64> (c2sp.org/signed-note)");
    return null;
  });
  return url === null || kind === null || vkey === null ? null : { url: url.replace(/\/+$/, ""), kind, vkey };
}
