// SPDX-License-Identifier: Apache-2.0
// Whom a connector admits, among those whom its provider vouches for: by domain, address or group. Common to all types
// of connectors.

import type { Fields, Section } from "../../identity/configuration/section.ts";

/** Whom a connector admits. An empty list restricts nothing. */
export interface AdmissionPolicy {
  /** Domains of addresses, in lower case. */
  readonly allowedDomains: readonly string[];
  /** Whole addresses. */
  readonly allowedAddresses: readonly string[];
  /** Groups, organizations, teams: as the connector's type names them, ids where it has ids. */
  readonly allowedGroups: readonly string[];
  /** Whether one of the lists must admit somebody, or each that is not empty. */
  readonly match: "any" | "all";
}

/** What a policy is asked about. */
export interface Applicant {
  readonly address: string;
  readonly groups: readonly string[];
}

/** The members of `config` that `readPolicy` reads. */
export const POLICY_MEMBERS = ["allowedDomains", "allowedAddresses", "allowedGroups", "match"] as const;

const MAX_ITEMS = 200;
const MAX_ITEM_CHARACTERS = 254;

/** Reads a policy from the members of `config`. */
export function readPolicy(fields: Fields): AdmissionPolicy {
  const match = fields.text("match") ?? "any";
  if (match !== "any" && match !== "all") fields.report("match", "must be any or all");
  return {
    allowedDomains: readTexts(fields.get("allowedDomains")).map(lower),
    allowedAddresses: readTexts(fields.get("allowedAddresses")),
    allowedGroups: readTexts(fields.get("allowedGroups")),
    match: match === "all" ? "all" : "any",
  };
}

/** Reads a list of texts; an absent list is empty, and one without items is reported: it would admit everyone. */
export function readTexts(list: Section | null): readonly string[] {
  if (list === null) return [];
  const items = list.items();
  if (items.length === 0 || items.length > MAX_ITEMS) list.report(`must have 1 to ${MAX_ITEMS} items`);
  return items.slice(0, MAX_ITEMS).flatMap((item) => {
    const text = item.text();
    if (text !== null && text.length > MAX_ITEM_CHARACTERS)
      item.report(`must have at most ${MAX_ITEM_CHARACTERS} characters`);
    return text === null ? [] : [text];
  });
}

/** Whether the policy admits the applicant. Domains are compared without case, everything else as it is. */
export function admits(policy: AdmissionPolicy, { address, groups }: Applicant): boolean {
  const { allowedDomains, allowedAddresses, allowedGroups, match } = policy;
  const verdicts = [
    ...(allowedDomains.length === 0 ? [] : [allowedDomains.includes(domainOf(address))]),
    ...(allowedAddresses.length === 0 ? [] : [allowedAddresses.includes(address)]),
    ...(allowedGroups.length === 0 ? [] : [allowedGroups.some((group) => groups.includes(group))]),
  ];
  if (verdicts.length === 0) return true;
  return match === "all" ? verdicts.every(Boolean) : verdicts.some(Boolean);
}

/** The domain of an address, in lower case. */
export const domainOf = (address: string): string => lower(address.slice(address.lastIndexOf("@") + 1));

const lower = (text: string): string => text.toLowerCase();
