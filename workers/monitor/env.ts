// SPDX-License-Identifier: Apache-2.0
// The configuration of the monitor service. No other file of the service reads the environment.

import type { Neighborhood } from "../../shared/http/outside.ts";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { createGate, type RateGate } from "../../shared/http/rate-gate.ts";
import { readLogs } from "../../shared/logs/shards.ts";
import { err, type Result } from "../../shared/result.ts";
import type { LogReadsRpc } from "../../shared/rpc/log-reads.ts";
import type { MonitorRpc } from "../../shared/rpc/monitor.ts";
import type { OidcPeopleRpc } from "../../shared/rpc/oidc-people.ts";
import type { TrustStateRpc } from "../../shared/rpc/trust-state.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";
import type { MailConfig } from "./delivery/mail.ts";
import { receiverProblem } from "./delivery/receiver-address.ts";
import { DEFAULT_TEMPLATE } from "./settings/mail.ts";
import { type Tell, toChannel, type WatchSecrets } from "./settings/tell.ts";
import type { Channel, Watch } from "./watching/watch.ts";

export type MonitorEnv = SettingsEnv<typeof SETTINGS> & Partial<BindingsEnv<typeof BINDINGS>>;

export interface Config {
  readonly publicUrl: PublicUrl;
  /** Those of WATCHES. */
  readonly watches: readonly Watch[];
  /** Whom OPERATOR_ALERTS names: a watch without conditions; null if nobody is named. */
  readonly operator: Watch | null;
  /** The addresses that no message may go to. */
  readonly neighborhood: Neighborhood;
  /** Null for a deployment that sends no mail. */
  readonly mail: MailConfig | null;
  /** Whether anybody can sign in at this deployment. */
  readonly isSignInOn: boolean;
  readonly gate: RateGate;
  readonly people: Service<OidcPeopleRpc>;
  readonly trust: Service<TrustStateRpc>;
  readonly logs: Service<LogReadsRpc>;
  readonly monitor: DurableObjectNamespace<MonitorRpc>;
}

/** The id of the operator's watch; no row of WATCHES can have it. */
const OPERATOR = "operator/alerts";

/** Fails with config_invalid, naming everything that is missing or wrong. */
export const readConfig: (env: MonitorEnv) => Result<Config, ConfigError> = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const logs = readLogs(settings);
  const rows = settings.parseIfSet("WATCHES");
  const alerts = settings.parseIfSet("OPERATOR_ALERTS");
  const secrets = settings.parseIfSet("WATCH_SECRETS");
  const connectors = settings.parseIfSet("OIDC_CONNECTORS");
  const mail = readMail(settings, env.MAIL);
  const bindings = settings.readBindings(BINDINGS);
  const read = settings.finish(() => ({
    publicUrl: publicUrl(),
    neighborhood: {
      ownHosts: [publicUrl().host, ...logs().map(({ host }) => host)],
      allowsLoopback: publicUrl().isLoopback,
    },
    rows: rows() ?? [],
    alerts: alerts(),
    secrets: secrets() ?? new Map<string, string>(),
    mail: mail(),
    // A local stack has a development connector.
    isSignInOn: (connectors() ?? []).length > 0 || publicUrl().isLoopback,
    bound: bindings(),
  }));
  if (!read.ok) return read;
  const { alerts: told, secrets: known, neighborhood, bound } = read.value;
  const open = (setting: string, tell: Tell): readonly Channel[] => {
    const channel = openChannel(tell, known, neighborhood);
    if (!channel.ok) settings.report(`${setting} ${channel.error}`);
    else if (channel.value.kind === "mail" && read.value.mail === null)
      settings.report(`${setting} tells by mail, and MAIL_FROM is missing`);
    return channel.ok ? [channel.value] : [];
  };
  const watches = read.value.rows.flatMap(({ id, conditions, expected, tell }) =>
    open(`WATCHES, in row ${id},`, tell).map((channel) => ({ id: `team/${id}`, conditions, expected, channel })),
  );
  const [channel] = told === null ? [] : open("OPERATOR_ALERTS", told);
  const operator = channel === undefined ? null : { id: OPERATOR, conditions: [], expected: null, channel };
  return settings.finish(() => ({
    publicUrl: read.value.publicUrl,
    watches,
    operator,
    neighborhood,
    mail: read.value.mail,
    isSignInOn: read.value.isSignInOn,
    gate: createGate(read.value.publicUrl, { reads: bound.READS, writes: bound.WRITES }),
    people: bound.OIDC,
    trust: bound.TRUST,
    logs: bound.LOG,
    monitor: bound.MONITOR,
  }));
});

/** Reads what only a deployment that sends mail needs: a mail API, or a sender for Cloudflare's mail service. */
function readMail(settings: Settings<typeof SETTINGS>, service: SendEmail | undefined): () => MailConfig | null {
  const url = settings.parseIfSet("MAIL_URL");
  const from = settings.parseIfSet("MAIL_FROM");
  const headers = settings.parseIfSet("MAIL_HEADERS");
  const template = settings.parseIfSet("MAIL_BODY");
  const [hasUrl, hasFrom] = [settings.read("MAIL_URL") !== null, settings.read("MAIL_FROM") !== null];
  if (hasUrl && !hasFrom) settings.report("MAIL_FROM is missing: MAIL_URL needs a sender");
  if (hasFrom && !hasUrl && service === undefined)
    settings.report("MAIL_FROM needs a mail API (MAIL_URL), or Cloudflare's mail service as the binding MAIL");
  return () => {
    const [address, sender] = [url(), from()];
    if (sender === null) return null;
    if (address !== null)
      return {
        kind: "api",
        url: address,
        from: sender,
        headers: headers() ?? {},
        template: template() ?? DEFAULT_TEMPLATE,
      };
    return service === undefined ? null : { kind: "service", service, from: sender };
  };
}

/** The channel with its secret. The error completes "<setting> …". */
function openChannel(tell: Tell, secrets: WatchSecrets, neighborhood: Neighborhood): Result<Channel, string> {
  const channel = toChannel(tell, secrets);
  if (!channel.ok || channel.value.kind === "mail") return channel;
  const problem = receiverProblem(channel.value.url, neighborhood);
  return problem === null ? channel : err(`names a receiver whose address ${problem}`);
}
