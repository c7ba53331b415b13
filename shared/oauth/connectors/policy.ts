// SPDX-License-Identifier: Apache-2.0
// The policy by which a connector admits some of those whom its provider vouches for: by domain, address or group.
// Common to all types of connectors.

import type { Fields, Section } from "../../identity/configuration/section.ts";

/** The people whom a connector admits. An empty list restricts nothing. */
export interface AdmissionPolicy {
  /** Domains, in lower case. */
  readonly allowedDomains: readonly string[];
  /** Whole addresses. */
  readonly allowedAddresses: readonly string[];
  /** Groups, organizations, teams: as the connector's type names them, ids where it has ids. */
  readonly allowedGroups: readonly string[];
  /** Whether one of the groups suffices, or the person must be in all of them. */
  readonly matchGroups: "any" | "all";
  /** Whether one of the lists must admit somebody, or each that is not empty. */
  readonly match: "any" | "all";
}

/** The person whom a policy admits or rejects. */
export interface Applicant {
  readonly address: string;
  readonly groups: readonly string[];
  /** In lower case; null for none. By default that of the address; a type whose provider names one gives that. */
  readonly domain?: string | null;
}

/** The members of `config` that `readPolicy` reads in every type. The lists of domains and groups differ. */
export const POLICY_MEMBERS = {
  allowedAddresses: "admits these addresses, compared letter by letter",
  matchGroups: "`any` (default): one of the groups suffices; `all`: the person must be in each",
  match: "`any` (default): one of the lists must admit somebody; `all`: each that is given",
} as const;

/** The members in which a type keeps its lists; null if it has none. */
export interface PolicyLists {
  readonly domains: string | null;
  readonly groups: string | null;
}

export const ADDRESS_DOMAINS = { allowedDomains: "admits addresses in these domains" } as const;
export const GROUPS = { allowedGroups: "admits members of these groups" } as const;

const MAX_ITEMS = 200;
const MAX_ITEM_CHARACTERS = 254;

/** Reads a policy from the members of `config`. */
export function readPolicy(
  fields: Fields,
  { domains, groups }: PolicyLists = { domains: "allowedDomains", groups: "allowedGroups" },
): AdmissionPolicy {
  const listAt = (name: string | null): readonly string[] => (name === null ? [] : readTexts(fields.get(name)));
  return {
    allowedDomains: listAt(domains).map(lower),
    allowedAddresses: listAt("allowedAddresses"),
    allowedGroups: listAt(groups),
    matchGroups: readMatch(fields, "matchGroups"),
    match: readMatch(fields, "match"),
  };
}

function readMatch(fields: Fields, name: string): "any" | "all" {
  const match = fields.text(name) ?? "any";
  if (match !== "any" && match !== "all") fields.report(name, "must be any or all");
  return match === "all" ? "all" : "any";
}

/** Reads a list of texts; an absent list is empty, and one without items is reported: it would admit everyone. */
export function readTexts(list: Section | null): readonly string[] {
  return readItems(list).flatMap((item) => {
    const text = item.text();
    if (text !== null && text.length > MAX_ITEM_CHARACTERS)
      item.report(`must have at most ${MAX_ITEM_CHARACTERS} characters`);
    return text === null ? [] : [text];
  });
}

/** Reads a list of domains, in lower case. */
export const readDomains = (list: Section | null): readonly string[] => readTexts(list).map(lower);

/** Reads a bounded list like readTexts, and leaves its items to the caller. */
export function readItems(list: Section | null): readonly Section[] {
  if (list === null) return [];
  const items = list.items();
  if (items.length === 0 || items.length > MAX_ITEMS) list.report(`must have 1 to ${MAX_ITEMS} items`);
  return items.slice(0, MAX_ITEMS);
}

/** Whether the policy admits the applicant. Domains are compared without case, everything else as it is. */
export function admits(policy: AdmissionPolicy, { address, groups, domain = domainOf(address) }: Applicant): boolean {
  const { allowedDomains, allowedAddresses, allowedGroups, matchGroups, match } = policy;
  const isMember = (group: string): boolean => groups.includes(group);
  const verdicts = [
    ...(allowedDomains.length === 0 ? [] : [domain !== null && allowedDomains.includes(domain)]),
    ...(allowedAddresses.length === 0 ? [] : [allowedAddresses.includes(address)]),
    ...(allowedGroups.length === 0
      ? []
      : [matchGroups === "all" ? allowedGroups.every(isMember) : allowedGroups.some(isMember)]),
  ];
  if (verdicts.length === 0) return true;
  return match === "all" ? verdicts.every(Boolean) : verdicts.some(Boolean);
}

/** The domain of an address, in lower case. */
export const domainOf = (address: string): string => lower(address.slice(address.lastIndexOf("@") + 1));

const lower = (text: string): string => text.toLowerCase();
