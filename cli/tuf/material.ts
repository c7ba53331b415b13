// SPDX-License-Identifier: Apache-2.0
// The trust material of a deployment, computed from its settings. Its trust service reads the same from the logs once
// it runs.

import { createPrivateKey } from "node:crypto";
import { sha256 } from "#sha256";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { parseShards } from "../../shared/logs/shards.ts";
import { parseConnectors } from "../../shared/oauth/connectors/connectors.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { joinParts } from "../../shared/settings/parts.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import {
  type Chain,
  chooseOfferedLogs,
  groupByMember,
  type TrustedLog,
  type TrustMaterial,
  withoutCompromised,
} from "../../shared/trust/material.ts";
import { parseOidcProviders, signInProviders } from "../../shared/trust/oidc-providers.ts";
import { NO_RETIRED_KEYS, parseRetiredKeys } from "../../shared/trust/retired-keys.ts";
import { signingConfig } from "../../shared/trust/signing-config.ts";
import { trustedRoot } from "../../shared/trust/trusted-root.ts";
import { type TargetDocuments, targetDocuments } from "../../shared/tuf/target-files.ts";
import { parseChain } from "../../shared/x509/chain.ts";
import { parseChains } from "../../shared/x509/chains.ts";
import { SEQUENCER_KINDS } from "../../workers/sequencer/kinds/kinds.ts";
import { spkiOf } from "../keys/certificates.ts";

/** The settings that the trust material depends on. */
export interface DeploymentSettings {
  readonly publicUrl: PublicUrl;
  /**
   * CA_CHAIN, TSA_CHAIN, the ECDSA key of the first log of each kind; optional: OTHER_CA_CHAINS, OTHER_TSA_CHAINS and
   * RETIRED_KEYS and OIDC_CONNECTORS in their parts, OIDC_PROVIDERS, SHARDS, SHARD_KEYS in its parts.
   */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * A time at or before the first entry of every log, which are trusted from an hour before it. Null: when the first
   * CA starts.
   */
  readonly logsCreatedAt: UnixMs | null;
  /** Decides which of several logs is offered. */
  readonly now: UnixMs;
}

/**
 * Computes the material. Only a log itself knows when it was frozen, so its validity stays open here, which rejects
 * nothing. The error is a line that names the setting.
 */
export function materialOf(deployment: DeploymentSettings): Result<TrustMaterial, string> {
  const { publicUrl, settings, logsCreatedAt, now } = deployment;
  const caChain = readChain(settings, "CA_CHAIN");
  const tsaChain = readChain(settings, "TSA_CHAIN");
  if (!caChain.ok) return caChain;
  if (!tsaChain.ok) return tsaChain;
  const otherCaChains = readOtherChains(settings, "OTHER_CA_CHAINS");
  const otherTsaChains = readOtherChains(settings, "OTHER_TSA_CHAINS");
  if (!otherCaChains.ok) return otherCaChains;
  if (!otherTsaChains.ok) return otherTsaChains;
  const parsed = parseLists(publicUrl, settings);
  if (!parsed.ok) return parsed;
  const logs = parseShards(settings["SHARDS"] ?? "[]", publicUrl);
  if (!logs.ok) return err(logs.error.map((problem) => `SHARDS ${problem}`).join("; "));
  // The first CA may have been replaced; entries in the logs can be as old as it.
  const firstCa = Math.min(...[caChain.value, ...otherCaChains.value].map(([issuing]) => issuing.notBefore));
  const trusted = toTrustedLogs(logs.value, settings, logsCreatedAt ?? unixMs(firstCa));
  if (!trusted.ok) return trusted;
  return ok({
    publicUrl,
    ...groupByMember(trusted.value),
    offeredLogs: chooseOfferedLogs(logs.value, trusted.value, now),
    caChain: caChain.value,
    otherCaChains: otherCaChains.value,
    tsaChain: tsaChain.value,
    otherTsaChains: otherTsaChains.value,
    ...parsed.value,
  });
}

function parseLists(
  publicUrl: PublicUrl,
  settings: DeploymentSettings["settings"],
): Result<Pick<TrustMaterial, "retiredKeys" | "oidcProviders">, string> {
  const retired = joinParts(settings, "RETIRED_KEYS");
  const retiredKeys = retired === "" ? ok(NO_RETIRED_KEYS) : parseRetiredKeys(retired);
  if (!retiredKeys.ok) return err(`RETIRED_KEYS ${retiredKeys.error}`);
  const oidcProviders = parseOidcProviders(settings["OIDC_PROVIDERS"] || "[]");
  if (!oidcProviders.ok) return err(`OIDC_PROVIDERS ${oidcProviders.error}`);
  const connectors = parseConnectors(joinParts(settings, "OIDC_CONNECTORS") || "[]");
  if (!connectors.ok) return err(`OIDC_CONNECTORS ${connectors.error}`);
  return ok({
    retiredKeys: retiredKeys.value,
    oidcProviders: signInProviders(publicUrl, connectors.value.length > 0, oidcProviders.value),
  });
}

function toTrustedLogs(
  logs: readonly LogConfig[],
  settings: DeploymentSettings["settings"],
  createdAt: UnixMs,
): Result<ReadonlyMap<LogConfig, TrustedLog>, string> {
  const trusted = new Map<LogConfig, TrustedLog>();
  for (const log of logs) {
    const one = toTrustedLog(log, logKeyOf(log.name, settings), createdAt);
    if (one === null)
      return err(`${FIRST_LOG_KEYS.get(log.name) ?? `SHARD_KEYS.${log.name}.ecdsa`} is not a private key in PEM`);
    trusted.set(log, one);
  }
  return ok(trusted);
}

/** The setting of the ECDSA key of a first log, which is called after its kind. */
const FIRST_LOG_KEYS: ReadonlyMap<string, string> = new Map(
  Object.entries(SEQUENCER_KINDS).flatMap(([name, { keySettings }]) =>
    keySettings === null ? [] : [[name, keySettings.ecdsa]],
  ),
);

/** The PEM of a log's ECDSA key; "" if the settings have none. */
export function logKeyOf(name: string, settings: DeploymentSettings["settings"]): string {
  const first = FIRST_LOG_KEYS.get(name);
  if (first !== undefined) return settings[first] ?? "";
  const json = parseJson(encodeUtf8(joinParts(settings, "SHARD_KEYS")));
  const ecdsa = member(member(json.ok ? json.value : null, name), "ecdsa");
  return typeof ecdsa === "string" ? ecdsa : "";
}

/** The targets of a deployment. */
export const documentsOf = (material: TrustMaterial): TargetDocuments =>
  targetDocuments(trustedRoot(material), signingConfig(material), trustedRoot(withoutCompromised(material)));

function readChain(settings: DeploymentSettings["settings"], name: string): Result<Chain, string> {
  const chain = parseChain(settings[name] ?? "");
  if (!chain.ok) return err(`${name} ${chain.error.reason}`);
  const [first, ...rest] = chain.value;
  return first === undefined ? err(`${name} is empty`) : ok([first, ...rest]);
}

function readOtherChains(settings: DeploymentSettings["settings"], name: string): Result<readonly Chain[], string> {
  const text = joinParts(settings, name);
  const chains = text === "" ? ok([]) : parseChains(text);
  return chains.ok ? chains : err(`${name} ${chains.error.reason}`);
}

function toTrustedLog({ baseUrl }: LogConfig, pem: string, createdAt: UnixMs): TrustedLog | null {
  try {
    const spki = new Uint8Array(spkiOf(createPrivateKey(pem)));
    return { baseUrl, spki, logId: sha256(spki), createdAt, frozenAt: null };
  } catch {
    return null;
  }
}
