// SPDX-License-Identifier: Apache-2.0
// From what a provider has vouched for to the identities of a sign-in: usable, and admitted by the connector's policy.

import { isEmailAddress } from "../../../shared/identity/email.ts";
import { type AdmissionPolicy, admits } from "../../../shared/oauth/connectors/policy.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { ConnectorError, Identity } from "./connector.ts";

/** Longer than any provider's id of a person. */
const MAX_USER_ID_CHARACTERS = 255;
const MAX_GROUPS = 1000;
/** They travel in the sealed ticket of the confirmation, which holds as many of the longest ones. */
const MAX_ADDRESSES = 16;

/** The identity that a provider has vouched for. */
export interface Vouched {
  /** The provider's id of the person, not yet checked. */
  readonly userId: unknown;
  /** Verified, best first. */
  readonly addresses: readonly string[];
  readonly groups: readonly string[];
  /** The domain that the policy judges, if it is not the address's; null for none. */
  readonly domain?: string | null;
}

/** Fails with upstream_failed, address_unusable or not_admitted. @param hint for people who are not admitted */
export function admitVouched(
  { userId, addresses, groups, ...domain }: Vouched,
  policy: AdmissionPolicy,
  hint: string | null = null,
): Result<readonly Identity[], ConnectorError> {
  if (typeof userId !== "string" || userId === "" || userId.length > MAX_USER_ID_CHARACTERS) {
    return err({ code: "upstream_failed", problem: "gives no usable id of the person" });
  }
  const usable = addresses.filter(isEmailAddress).slice(0, MAX_ADDRESSES);
  const [first] = usable;
  if (first === undefined) return err({ code: "address_unusable" });
  const admitted = usable.filter((address) => admits(policy, { address, groups, ...domain }));
  return admitted.length === 0
    ? err({ code: "not_admitted", address: first, hint })
    : ok(admitted.map((address) => ({ userId, address })));
}

/** An address that its provider has not verified. What is no address stays out of the page that tells the person. */
export const refuseUnverified = (address: unknown): ConnectorError => ({
  code: "address_unverified",
  address: typeof address === "string" && isEmailAddress(address) ? address : null,
});

/** The groups in a claim: a list of texts, or one text. */
export const groupsOf = (claim: unknown): readonly string[] =>
  Array.isArray(claim)
    ? claim.slice(0, MAX_GROUPS).filter((group): group is string => typeof group === "string")
    : typeof claim === "string"
      ? [claim]
      : [];
