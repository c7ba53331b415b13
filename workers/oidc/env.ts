// SPDX-License-Identifier: Apache-2.0
// The configuration of the oidc service. No other file of the service reads the environment.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import { createGate, type RateGate } from "../../shared/http/rate-gate.ts";
import type { ConnectorConfig } from "../../shared/oauth/connectors/connectors.ts";
import { type ConnectorSecrets, listMissingSecrets } from "../../shared/oauth/connectors/secrets.ts";
import { type Client, makeClientTable } from "../../shared/oauth/request/clients.ts";
import type { SubjectEncoding } from "../../shared/oauth/tokens/subject.ts";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import type { Result } from "../../shared/result.ts";
import type { GrantsRpc } from "../../shared/rpc/grants.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, describeMissing, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { NO_RETIRED_KEYS, type Retirement, retirementOf } from "../../shared/trust/retired-keys.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";
import type { DeviceFlow } from "./provider/switches.ts";
import type { TokenKey } from "./token-keys.ts";

export type OidcEnv = SettingsEnv<typeof SETTINGS> & Partial<BindingsEnv<typeof BINDINGS>>;

export interface Config extends TokenKey {
  readonly publicUrl: PublicUrl;
  /** `iss` of every token, byte for byte as in the discovery document. */
  readonly issuer: string;
  /** The former keys, whose tokens may still be valid, and the next one. */
  readonly otherKeys: readonly {
    readonly jwk: JsonWebKeyWithKid;
    readonly retirement: Retirement | null;
  }[];
  readonly gate: RateGate;
  readonly connectors: readonly ConnectorConfig[];
  readonly connectorSecrets: ConnectorSecrets;
  /** The secrets of a sign-in; empty and null on a deployment without connectors that has none. */
  readonly sealKeys: readonly Uint8Array<ArrayBuffer>[];
  readonly subjectKey: Uint8Array<ArrayBuffer> | null;
  readonly subjectEncoding: SubjectEncoding;
  readonly clients: ReadonlyMap<string, Client>;
  readonly deviceFlow: DeviceFlow;
  readonly isOutOfBandOn: boolean;
  readonly grants: DurableObjectNamespace<GrantsRpc>;
}

/** Fails with config_invalid, naming everything that is missing or wrong. */
export const readConfig: (env: OidcEnv) => Result<Config, ConfigError> = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const key = settings.parse("OIDC_KEY");
  const others = settings.parseIfSet("OTHER_OIDC_KEYS");
  const retired = settings.parseIfSet("RETIRED_KEYS");
  const clients = settings.parseIfSet("OIDC_CLIENTS");
  const deviceFlow = settings.parseIfSet("OIDC_DEVICE");
  const outOfBand = settings.parseIfSet("OIDC_OOB");
  const provider = readProvider(settings);
  const bindings = settings.readBindings(BINDINGS);
  return settings.finish(() => ({
    publicUrl: publicUrl(),
    issuer: ownIssuerOf(publicUrl().href),
    ...key(),
    otherKeys: (others() ?? []).map((other) => ({
      jwk: other.jwk,
      retirement: retirementOf(retired() ?? NO_RETIRED_KEYS, [other]),
    })),
    gate: createGate(publicUrl(), { reads: bindings().READS, writes: bindings().WRITES }),
    ...provider(),
    clients: makeClientTable(publicUrl(), clients() ?? []),
    deviceFlow: deviceFlow() ?? "on",
    isOutOfBandOn: outOfBand() ?? true,
    grants: bindings().GRANTS,
  }));
});

type ProviderSettings = Pick<Config, "connectors" | "connectorSecrets" | "sealKeys" | "subjectKey" | "subjectEncoding">;

/** Reads what only a deployment with connectors needs. */
function readProvider(settings: Settings<typeof SETTINGS>): () => ProviderSettings {
  const connectors = settings.parseIfSet("OIDC_CONNECTORS");
  const secrets = settings.parseIfSet("OIDC_CONNECTOR_SECRETS");
  const sealKeys = settings.parseIfSet("OIDC_SEAL_KEY");
  const subjectKey = settings.parseIfSet("OIDC_SUBJECT_KEY");
  const encoding = settings.parseIfSet("OIDC_SUBJECT");
  const read = settings.finish(() => ({
    connectors: connectors() ?? [],
    connectorSecrets: secrets() ?? new Map<string, string>(),
    sealKeys: sealKeys() ?? [],
    subjectKey: subjectKey(),
    subjectEncoding: encoding() ?? ("private" as const),
  }));
  if (read.ok && read.value.connectors.length > 0) {
    for (const name of ["OIDC_SEAL_KEY", "OIDC_SUBJECT_KEY"] as const)
      if (settings.read(name) === null) settings.report(describeMissing(name, SETTINGS[name]));
    for (const problem of listMissingSecrets(read.value.connectors, read.value.connectorSecrets))
      settings.report(problem);
  }
  return () => {
    if (!read.ok) throw new TypeError("the settings of the provider are wrong");
    return read.value;
  };
}
