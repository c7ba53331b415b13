// SPDX-License-Identifier: Apache-2.0
// Reads the write policy of a log: from the file of --policy, which has the log's settings, and from the trusted root,
// which says until when each CA is trusted.

import { hasTextMembers, isObject } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  NO_RETIRED_KEYS,
  parseRetiredKeys,
  type RetiredKeys,
  type Retirement,
} from "../../shared/trust/retired-keys.ts";
import { parseChains } from "../../shared/x509/chains.ts";
import { DEFAULT_BOUNDS, parseGrace } from "../../workers/log/rekor-v2/write-budget.ts";
import { issuersOf, type PolicyIssuer, parseWritePolicy } from "../../workers/log/rekor-v2/write-policy.ts";
import type { Authority } from "../served-log/trusted-root.ts";
import type { AuditPolicy } from "./entry-policy.ts";

const MEMBERS = ["ACCEPT", "LISTED_KEYS", "CERTIFICATE_GRACE", "RETIRED_KEYS", "CA_CHAIN", "OTHER_CA_CHAINS"] as const;

/**
 * The CAs of a trusted root, each retired when its validity ends. It does not say whether others have a key; `retired`
 * may.
 */
const readIssuers = (authorities: readonly Authority[], retired: RetiredKeys): readonly PolicyIssuer[] =>
  authorities.flatMap(({ chain, end }) => {
    const retirement: Retirement | null = end === null ? null : { retiredAt: end, isCompromised: false };
    return issuersOf([chain], retired).map((issuer) => ({
      certificate: issuer.certificate,
      retirement: issuer.retirement ?? retirement,
      isIssuing: issuer.isIssuing,
    }));
  });

/** Returns the policy that follows from a trusted root alone. Null if it names no CA. */
export function policyOfRoot(authorities: readonly Authority[], logKeys: readonly Uint8Array[]): AuditPolicy | null {
  const issuers = readIssuers(authorities, NO_RETIRED_KEYS);
  if (issuers.length === 0) return null;
  return { accept: "open", issuers, listedKeys: new Set(), bounds: DEFAULT_BOUNDS, isGiven: false, logKeys };
}

/** Parses the file of --policy. The error is a line that names the member. */
export function parsePolicy(
  file: Uint8Array,
  authorities: readonly Authority[],
  logKeys: readonly Uint8Array[],
): Result<AuditPolicy, string> {
  const settings = readSettings(file);
  if (!settings.ok) return settings;
  const { ACCEPT, LISTED_KEYS, CERTIFICATE_GRACE, RETIRED_KEYS, CA_CHAIN, OTHER_CA_CHAINS } = settings.value;
  const retired = parseRetiredKeys(RETIRED_KEYS ?? "[]");
  if (!retired.ok) return err(`RETIRED_KEYS ${retired.error}`);
  const chains = CA_CHAIN === undefined ? ok([]) : parseChains(`${CA_CHAIN}\n${OTHER_CA_CHAINS ?? ""}`);
  if (!chains.ok) return err(`CA_CHAIN ${chains.error.reason}`);
  const graceMs = CERTIFICATE_GRACE === undefined ? ok(DEFAULT_BOUNDS.graceMs) : parseGrace(CERTIFICATE_GRACE);
  if (!graceMs.ok) return err(`CERTIFICATE_GRACE ${graceMs.error}`);
  const fromRoot = CA_CHAIN === undefined ? readIssuers(authorities, retired.value) : [];
  const issuers = [...issuersOf(chains.value, retired.value), ...fromRoot];
  if (issuers.length === 0) return err("CA_CHAIN is missing, and there is no trusted root that names a CA");
  const policy = parseWritePolicy(ACCEPT ?? null, LISTED_KEYS ?? null, issuers);
  if (!policy.ok) return policy;
  const bounds = { ...DEFAULT_BOUNDS, graceMs: graceMs.value };
  return ok({ ...policy.value, bounds, isGiven: true, logKeys });
}

type Settings = Readonly<Partial<Record<(typeof MEMBERS)[number], string>>>;

function readSettings(file: Uint8Array): Result<Settings, string> {
  const json = parseJson(file);
  if (!json.ok || !isObject(json.value)) return err("it is not a JSON object of settings");
  const unknown = Object.keys(json.value).find((name) => !MEMBERS.some((one) => one === name));
  if (unknown !== undefined) return err(`${unknown} is not known; known are ${MEMBERS.join(", ")}`);
  if (hasTextMembers(json.value)) return ok(json.value);
  const wrong = Object.entries(json.value).find(([, value]) => typeof value !== "string");
  return err(`${wrong?.[0]} must be a string, as in the log's settings`);
}
