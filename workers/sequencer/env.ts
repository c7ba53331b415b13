// SPDX-License-Identifier: Apache-2.0
// The sequencer's environment: the only room that holds log keys.

import { type ConfigError, Settings } from "../../shared/env.ts";
import { publicUrlSetting } from "../../shared/http/public-url.ts";
import { type LogConfig, logsOf } from "../../shared/logs.ts";
import type { Result } from "../../shared/result.ts";
import { parseWitnessPolicy } from "../../shared/tlog/policy.ts";
import type { Anchor } from "./anchor.ts";
import { certificateFormat, type LogFormat, type Submission, signatureFormat } from "./format.ts";
import { genesisSubmission } from "./genesis.ts";
import type { Witnessing } from "./log.ts";
import { type EcdsaSigner, parseEcdsaSigner, parseEd25519Signer } from "./log-keys.ts";

export interface SequencerEnv {
  readonly PUBLIC_URL?: string;
  readonly SIGNATURE_LOG_KEY?: string;
  readonly SIGNATURE_LOG_ED25519_KEY?: string;
  readonly CERTIFICATE_LOG_KEY?: string;
  /** Witnesses of the signature log, as a c2sp.org/tlog-policy text. */
  readonly WITNESS_POLICY?: string;
  /** `fail-open` (default) or `require-quorum`. */
  readonly WITNESS_MODE?: string;
  readonly ANCHOR: DurableObjectNamespace<Anchor>;
  readonly TILES: R2Bucket;
  readonly INDEX: D1Database;
}

/** What one log is made of. */
export interface LogSetup {
  readonly config: LogConfig;
  readonly format: LogFormat;
  readonly ecdsa: EcdsaSigner;
  readonly genesis: readonly Submission[];
  readonly witnesses: Pick<Witnessing, "policy" | "requireQuorum"> | null;
}

/** The setup of the log of this name. Fails with config_invalid, also for a name that no log has. */
export function readLogSetup(env: SequencerEnv, name: string): Result<LogSetup, ConfigError> {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const signatureKey = settings.parsed("SIGNATURE_LOG_KEY", parseEcdsaSigner);
  const ed25519Key = settings.parsed("SIGNATURE_LOG_ED25519_KEY", parseEd25519Signer);
  const certificateKey = settings.parsed("CERTIFICATE_LOG_KEY", parseEcdsaSigner);
  const witnesses = readWitnesses(settings);
  return settings.finish(() => {
    const { signature, certificate } = logsOf(publicUrl());
    if (name === certificate.name) {
      const ecdsa = certificateKey();
      return {
        config: certificate,
        ecdsa,
        format: certificateFormat(certificate.origin, ecdsa),
        genesis: [],
        witnesses: null,
      };
    }
    if (name !== signature.name) throw new RangeError(`no log is called ${name}`);
    const ecdsa = signatureKey();
    const format = signatureFormat(signature.origin, ecdsa, ed25519Key());
    return { config: signature, ecdsa, format, genesis: [genesisSubmission(signature.origin, ecdsa)], witnesses };
  });
}

/** Null without WITNESS_POLICY. Witnesses cosign the signature log only: its Ed25519 line is the one that they know. */
function readWitnesses(settings: Settings): LogSetup["witnesses"] {
  const text = settings.optional("WITNESS_POLICY");
  const mode = settings.optional("WITNESS_MODE") ?? "fail-open";
  if (mode !== "fail-open" && mode !== "require-quorum")
    settings.problem("WITNESS_MODE must be fail-open or require-quorum");
  if (text === null) return null;
  const policy = parseWitnessPolicy(text);
  if (policy.ok) return { policy: policy.value, requireQuorum: mode === "require-quorum" };
  settings.problem(`WITNESS_POLICY: line ${policy.error.line}: ${policy.error.reason}`);
  return null;
}
