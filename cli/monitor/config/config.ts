// SPDX-License-Identifier: Apache-2.0
// The configuration of a monitor, checked: the same from our own form and from that of rekor-monitor.

import type { LogKind } from "../../../shared/logs/kinds.ts";
import type { Subscriber } from "../../../shared/monitor/outbox.ts";
import type { SelectorConfig } from "../../../shared/monitor/selectors/config.ts";
import type { WitnessPolicy } from "../../../shared/tlog/policy.ts";
import type { Vkey } from "../../../shared/tlog/vkey.ts";
import type { Authority } from "../../served-log/trusted-root.ts";
import type { Secret } from "./secret.ts";

/** All of it. */
export interface MonitorConfig {
  readonly selectors: readonly SelectorConfig[];
  readonly channels: readonly Channel[];
  /** The dead man's switch: requested after each scan without a gap. Null: none. */
  readonly heartbeatUrl: Secret | null;
  /** How long a certificate may wait for its entry; null: as long as the monitor lets them by default. */
  readonly crossCheckMinutes: number | null;
  readonly limits: LimitSettings;
  /** Null: that of the trusted root, if it has one. */
  readonly witnesses: WitnessPolicy | null;
  /** Logs beside those of the trusted root. */
  readonly logs: readonly ConfiguredLog[];
  readonly rekorMonitor: RekorMonitorSettings | null;
  /** Lines about members that do not do what their writer may expect. */
  readonly warnings: readonly string[];
}

/** From when on a delay is worth an event; null for the default. */
export interface LimitSettings {
  readonly staleHours: number | null;
  readonly idleHours: number | null;
  readonly lagEntries: number | null;
  readonly expiryDays: number | null;
}

export const NO_LIMITS: LimitSettings = { staleHours: null, idleHours: null, lagEntries: null, expiryDays: null };

/** A log with its key. */
export interface ConfiguredLog {
  /** Without a slash at its end. */
  readonly url: string;
  readonly kind: LogKind;
  readonly vkey: Vkey;
}

/** The settings of a configuration of rekor-monitor that are neither selectors nor channels, and have an effect. */
export interface RekorMonitorSettings {
  /** Where the first run begins; null: where ours does. */
  readonly startIndex: number | null;
  /** Those of its files, in place of the trusted root's; null for every authority. */
  readonly authorities: readonly Authority[] | null;
}

/** Where events go. */
export interface Channel extends Subscriber {
  readonly target: Target;
}

/** How a channel is reached. */
export type Target =
  | { readonly kind: "webhook"; readonly url: Secret; readonly key: Secret }
  | { readonly kind: "slack"; readonly url: Secret }
  | GitHubTarget
  | MailTarget
  | MailgunTarget
  | SendGridTarget
  | CommandTarget;

export interface GitHubTarget {
  readonly kind: "github-issue";
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token: Secret;
  readonly labels: readonly string[];
  readonly assignees: readonly string[];
}

export interface MailTarget {
  readonly kind: "mail";
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS, which only a server on this machine may lack. */
  readonly isTls: boolean;
  readonly user: string | null;
  readonly password: Secret | null;
  readonly from: string;
  readonly to: readonly string[];
}

interface MailgunTarget {
  readonly kind: "mailgun";
  readonly apiUrl: string;
  readonly domain: string;
  readonly key: Secret;
  readonly from: string;
  readonly to: readonly string[];
}

interface SendGridTarget {
  readonly kind: "sendgrid";
  readonly apiUrl: string;
  readonly key: Secret;
  readonly from: string;
  readonly fromName: string | null;
  readonly to: readonly string[];
  readonly toName: string | null;
}

export interface CommandTarget {
  readonly kind: "command";
  /** The program and its arguments. No shell reads them. */
  readonly run: readonly [string, ...string[]];
  readonly timeoutMs: number;
}
