// SPDX-License-Identifier: Apache-2.0
// Reports present and coming problems of this deployment's trust to /healthz and /metrics, through
// shared/trust/health.ts.

import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { parseJson } from "../../shared/json/parse.ts";
import type { TufServing, TufView } from "../../shared/rpc/tuf-repository.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../../shared/time.ts";
import { compareSigningConfig, compareTrustedRoot } from "../../shared/trust/compare.ts";
import { chainExpiries, type Expiry, expiryProblem } from "../../shared/trust/expiry.ts";
import type { TrustHealth } from "../../shared/trust/health.ts";
import { signingConfig } from "../../shared/trust/signing-config.ts";
import { trustedRoot } from "../../shared/trust/trusted-root.ts";
import { SIGNING_CONFIG_TARGET, TRUSTED_ROOT_TARGET } from "../../shared/tuf/target-files.ts";
import { targetText } from "./documents/documents.ts";
import { readMaterial } from "./documents/material.ts";
import { readTuf } from "./documents/tuf.ts";
import type { Config } from "./env.ts";
import { logRefusals } from "./log-refusals.ts";

/**
 * Checks the repository, the certificates and the logs. Rejects if the repository is unreachable; an unreachable log is
 * a problem.
 */
export async function readHealth(config: Config, now: UnixMs): Promise<TrustHealth> {
  const tuf = await readTuf(config, now);
  const expiries = [
    ...(tuf.kind === "serving" ? tuf.expiries : []),
    ...chainExpiries("ca", config.caChain),
    ...chainExpiries("tsa", config.tsaChain),
  ];
  const soon = expiries.flatMap((expiry) => expiryProblem(expiry, now) ?? []);
  const different = tuf.kind === "serving" ? await compareWithTargets(config, tuf, now) : [];
  return {
    problems: [...(await logRefusals(config, now)), ...problemsOf(tuf), ...different, ...soon],
    expiries: expiries.map((expiry) => countdown(expiry, now)),
  };
}

const problemsOf = (tuf: TufView): readonly string[] => (tuf.kind === "absent" ? [] : tuf.problems);

const countdown = ({ what, expiresAt }: Expiry, now: UnixMs): TrustHealth["expiries"][number] => ({
  what,
  expires: formatRfc3339(unixMs(expiresAt)),
  secondsLeft: Math.floor((expiresAt - now) / 1000),
});

/** Compares the signed targets with the keys and addresses in use. */
async function compareWithTargets(config: Config, tuf: TufServing, now: UnixMs): Promise<readonly string[]> {
  const material = await readMaterial(config, now).catch(() => null);
  if (material === null) return ["Could not read the keys of the logs: see the sequencer's log."];
  return [
    ...compareTrustedRoot(targetJson(tuf, TRUSTED_ROOT_TARGET), trustedRoot(material)),
    ...compareSigningConfig(targetJson(tuf, SIGNING_CONFIG_TARGET), signingConfig(material)),
  ];
}

/** Parses a target. Null, which has no members, if the target is missing or is not JSON. */
function targetJson(tuf: TufServing, name: string): unknown {
  const json = parseJson(encodeUtf8(targetText(tuf, name) ?? ""));
  return json.ok ? json.value : null;
}
