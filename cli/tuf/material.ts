// SPDX-License-Identifier: Apache-2.0
// What clients have to trust of a deployment, from its settings: the same that its trust room reads from its logs once it runs.

import { createPrivateKey } from "node:crypto";
import { sha256 } from "#sha256";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { type LogConfig, logsOf } from "../../shared/logs.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { Chain, TrustedLog, TrustMaterial } from "../../shared/trust/material.ts";
import { signingConfig } from "../../shared/trust/signing-config.ts";
import { trustedRoot } from "../../shared/trust/trusted-root.ts";
import { type TargetDocuments, targetDocuments } from "../../shared/tuf/target-files.ts";
import { parseChain } from "../../shared/x509/chain.ts";
import { parseChains } from "../../shared/x509/chains.ts";
import { spkiOf } from "../certificates.ts";

export interface DeploymentSettings {
  readonly publicUrl: PublicUrl;
  /** CA_CHAIN, TSA_CHAIN, SIGNATURE_LOG_KEY, CERTIFICATE_LOG_KEY, and OTHER_CA_CHAINS if there is one. */
  readonly settings: Readonly<Record<string, string>>;
  /** A time that is not after the first entry of either log: they are trusted from an hour before. Null for that of the CA. */
  readonly logsCreatedAt: UnixMs | null;
}

/** The material of a deployment. Fails with a line that names the setting. */
export function materialOf({ publicUrl, settings, logsCreatedAt }: DeploymentSettings): Result<TrustMaterial, string> {
  const caChain = readChain(settings, "CA_CHAIN");
  const tsaChain = readChain(settings, "TSA_CHAIN");
  if (!caChain.ok || !tsaChain.ok) return caChain.ok ? (tsaChain as Result<never, string>) : caChain;
  const others = settings["OTHER_CA_CHAINS"];
  const otherCaChains = others === undefined ? ok([]) : parseChains(others);
  if (!otherCaChains.ok) return err(`OTHER_CA_CHAINS ${otherCaChains.error.reason}`);
  const logs = logsOf(publicUrl);
  const createdAt = logsCreatedAt ?? caChain.value[0].notBefore;
  const log = (config: LogConfig, setting: string): TrustedLog | null =>
    trustedLog(config, settings[setting], createdAt);
  const signatureLog = log(logs.signature, "SIGNATURE_LOG_KEY");
  const certificateLog = log(logs.certificate, "CERTIFICATE_LOG_KEY");
  if (signatureLog === null) return err("SIGNATURE_LOG_KEY is not a private key in PEM");
  if (certificateLog === null) return err("CERTIFICATE_LOG_KEY is not a private key in PEM");
  return ok({
    publicUrl,
    signatureLog,
    certificateLog,
    caChain: caChain.value,
    otherCaChains: otherCaChains.value,
    tsaChain: tsaChain.value,
  });
}

/** Every target of a deployment. */
export const documentsOf = (material: TrustMaterial): TargetDocuments =>
  targetDocuments(trustedRoot(material), signingConfig(material));

function readChain(settings: DeploymentSettings["settings"], name: string): Result<Chain, string> {
  const chain = parseChain(settings[name] ?? "");
  if (!chain.ok) return err(`${name} ${chain.error.reason}`);
  const [first, ...rest] = chain.value;
  return first === undefined ? err(`${name} is empty`) : ok([first, ...rest]);
}

function trustedLog({ baseUrl }: LogConfig, pem: string | undefined, createdAt: UnixMs): TrustedLog | null {
  try {
    const spki = new Uint8Array(spkiOf(createPrivateKey(pem ?? "")));
    return { baseUrl, spki, logId: sha256(spki), createdAt };
  } catch {
    return null;
  }
}
