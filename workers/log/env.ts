// SPDX-License-Identifier: Apache-2.0
// The configuration of the log service, read once per isolate. It holds no key. No other file of the service reads the
// environment.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import { createGate, type RateGate } from "../../shared/http/rate-gate.ts";
import { readLogs } from "../../shared/logs/shards.ts";
import type { AcceptedKeyDetails } from "../../shared/rekor/verify.ts";
import { err, type Result } from "../../shared/result.ts";
import type { BindingsEnv } from "../../shared/settings/binding.ts";
import type { SettingsEnv } from "../../shared/settings/setting.ts";
import { type ConfigError, readOncePerEnv, Settings } from "../../shared/settings/settings.ts";
import { NO_RETIRED_KEYS, parseRetiredKeys, type Retirement, retirementOf } from "../../shared/trust/retired-keys.ts";
import { type CompleteChain, parseChains } from "../../shared/x509/chains.ts";
import { BINDINGS, SETTINGS } from "./declaration.ts";
import type { Objects } from "./reading/log-reader.ts";
import type { AttestationStore } from "./rekor-v1/attestation-store.ts";
import type { DuplicateAnswer } from "./rekor-v1/duplicates.ts";
import { DEFAULT_BOUNDS, type WriteBounds } from "./rekor-v2/write-budget.ts";
import { issuersOf, parseSigningAlgorithms, parseWritePolicy, type WritePolicy } from "./rekor-v2/write-policy.ts";
import { createSite, type LogSite } from "./sites.ts";

export type LogEnv = SettingsEnv<typeof SETTINGS> & Partial<BindingsEnv<typeof BINDINGS>>;

/** An issuing CA of the deployment. */
interface AcceptedAuthority {
  /** The issuing CA first, its root last. */
  readonly chain: CompleteChain;
  readonly retirement: Retirement | null;
}

/** The configuration of reads. */
export interface ReadingConfig {
  readonly publicUrl: PublicUrl;
  /** Oldest first. */
  readonly sites: readonly LogSite[];
  readonly objects: Objects;
  readonly attestations: AttestationStore;
  readonly index: D1Database;
  readonly gate: RateGate;
}

export interface Config extends ReadingConfig {
  /** The current one first. */
  readonly authorities: readonly AcceptedAuthority[];
  readonly policy: WritePolicy;
  readonly accepted: AcceptedKeyDetails;
  readonly duplicates: DuplicateAnswer;
}

/** Reads the part that parses no certificate: an isolate that only reads does without. Fails with config_invalid. */
export const readReadingConfig: (env: LogEnv) => Result<ReadingConfig, ConfigError> = readOncePerEnv((env) => {
  const settings = new Settings(env, SETTINGS);
  const publicUrl = settings.parse("PUBLIC_URL");
  const logs = readLogs(settings);
  const bindings = settings.readBindings(BINDINGS);
  return settings.finish(() => {
    const { SEQUENCER, TILES, INDEX, READS, WRITES } = bindings();
    const objects = toObjects(TILES);
    return {
      publicUrl: publicUrl(),
      sites: logs().map((log) => createSite(log, SEQUENCER, objects)),
      objects,
      attestations: toAttestationStore(TILES),
      index: INDEX,
      gate: createGate(publicUrl(), { reads: READS, writes: WRITES }),
    };
  });
});

/** Fails with config_invalid, naming everything that is missing or wrong. */
export const readConfig: (env: LogEnv) => Result<Config, ConfigError> = readOncePerEnv((env) => {
  const reading = readReadingConfig(env);
  const settings = new Settings(env, SETTINGS);
  const writers = readWriters(settings);
  if (!reading.ok) for (const problem of reading.error.problems) settings.report(problem);
  return settings.finish(() => {
    if (!reading.ok) throw new TypeError("a wrong setting that was not reported");
    return { ...reading.value, ...writers() };
  });
});

type Writers = Pick<Config, "authorities" | "policy" | "accepted" | "duplicates">;

/**
 * Reads who may write what. The policy depends on the chain, so a wrong chain is reported alone. Call the returned
 * function inside finish's `build` only.
 */
function readWriters(settings: Settings<typeof SETTINGS>): () => Writers {
  const pem = settings.readRequired("CA_CHAIN");
  const chains = parseChains(`${pem}\n${settings.read("OTHER_CA_CHAINS") ?? ""}`);
  const retired = parseRetiredKeys(settings.read("RETIRED_KEYS") ?? "[]");
  const retiredKeys = retired.ok ? retired.value : NO_RETIRED_KEYS;
  const authorities = (chains.ok ? chains.value : []).map((chain) => ({
    chain,
    retirement: retirementOf(retiredKeys, chain),
  }));
  const issuers = issuersOf(chains.ok ? chains.value : [], retiredKeys);
  const policy = chains.ok
    ? parseWritePolicy(settings.read("ACCEPT"), settings.read("LISTED_KEYS"), issuers)
    : err(`CA_CHAIN ${chains.error.reason}`);
  const bounds = readBounds(settings);
  const duplicates = settings.parseIfSet("REKOR_V1_DUPLICATES");
  const accepted = parseSigningAlgorithms(settings.read("SIGNING_ALGORITHMS"));
  if (!policy.ok && pem !== "") settings.report(policy.error);
  if (!accepted.ok) settings.report(`SIGNING_ALGORITHMS ${accepted.error}`);
  if (!retired.ok) settings.report(`RETIRED_KEYS ${retired.error}`);
  return () => {
    if (!chains.ok || !policy.ok || !accepted.ok) throw new TypeError("a wrong setting that was not reported");
    return {
      authorities,
      policy: { ...policy.value, bounds: bounds() },
      accepted: accepted.value,
      duplicates: duplicates() ?? "entry",
    };
  };
}

/** Call the returned function inside finish's `build` only. */
function readBounds(settings: Settings<typeof SETTINGS>): () => WriteBounds {
  const graceMs = settings.parseIfSet("CERTIFICATE_GRACE");
  const entriesPerCertificate = settings.parseIfSet("ENTRIES_PER_CERTIFICATE");
  const entriesPerKey = settings.parseIfSet("ENTRIES_PER_KEY");
  return () => ({
    graceMs: graceMs() ?? DEFAULT_BOUNDS.graceMs,
    entriesPerCertificate: entriesPerCertificate() ?? DEFAULT_BOUNDS.entriesPerCertificate,
    entriesPerKey: entriesPerKey() ?? DEFAULT_BOUNDS.entriesPerKey,
  });
}

function toObjects(bucket: R2Bucket): Objects {
  return {
    get: async (key) => {
      const object = await bucket.get(key);
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
  };
}

const toAttestationStore = (bucket: R2Bucket): AttestationStore => ({
  create: async (key, bytes) => {
    // R2 answers a failed precondition with null, not with an exception.
    await bucket.put(key, bytes, { onlyIf: { etagDoesNotMatch: "*" } });
  },
});
