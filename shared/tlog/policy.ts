// SPDX-License-Identifier: Apache-2.0
// Witness policies: the witnesses of a log, and how many of them make a quorum. Spec: https://c2sp.org/tlog-policy

import { err, ok, type Result } from "../result.ts";
import { type CosignatureKey, parseCosignatureVkey } from "./cosignature.ts";

export interface Witness {
  /** The witness's name in the policy. */
  readonly name: string;
  readonly key: CosignatureKey;
  /** Submission prefix without a trailing slash; null if the log does not submit to the witness. */
  readonly url: string | null;
}

/** A witness is met if it has cosigned, a group if at least `threshold` of its members are met. */
type Rule =
  | { readonly kind: "witness"; readonly name: string }
  | { readonly kind: "group"; readonly threshold: number; readonly members: readonly Rule[] };

export interface WitnessPolicy {
  readonly witnesses: readonly Witness[];
  /** Null for `quorum none`: no cosignature is required. */
  readonly quorum: Rule | null;
}

export interface WitnessPolicyError {
  readonly code: "policy_invalid";
  /** 1-based; 0 if a line is missing. */
  readonly line: number;
  readonly reason: string;
}

/** More witnesses than any policy names. Each costs one request per checkpoint. */
const MAX_WITNESSES = 32;

interface Definitions {
  readonly rules: Map<string, Rule>;
  readonly witnesses: Witness[];
  readonly grouped: Set<string>;
  quorum: Rule | null | undefined;
}

/**
 * Parses a policy. Ignores `log` lines, because the log is this one. Fails with policy_invalid, which names the line.
 */
export function parseWitnessPolicy(text: string): Result<WitnessPolicy, WitnessPolicyError> {
  const definitions: Definitions = { rules: new Map(), witnesses: [], grouped: new Set(), quorum: undefined };
  for (const [i, raw] of text.split("\n").entries()) {
    const words = (raw.split("#")[0] ?? "").trim().split(/[ \t]+/);
    const problem = words[0] === "" ? null : define(definitions, words);
    if (problem !== null) return err({ code: "policy_invalid", line: i + 1, reason: problem });
  }
  const { witnesses, quorum } = definitions;
  if (quorum === undefined) return err({ code: "policy_invalid", line: 0, reason: "the quorum line is missing" });
  return ok({ witnesses, quorum });
}

/** Adds one line to the definitions. Returns what is wrong with it, or null. */
function define(definitions: Definitions, [keyword = "", ...words]: readonly string[]): string | null {
  switch (keyword) {
    case "log":
      return null;
    case "witness":
      return defineWitness(definitions, words);
    case "group":
      return defineGroup(definitions, words);
    case "quorum":
      return defineQuorum(definitions, words);
    default:
      return `${keyword} is not a keyword`;
  }
}

function defineWitness({ rules, witnesses }: Definitions, words: readonly string[]): string | null {
  const [name, vkey, url] = words;
  if (name === undefined || vkey === undefined || words.length > 3)
    return "a witness line has a name, a vkey and optionally a URL";
  if (isTaken(rules, name)) return `${name} is defined twice, or reserved`;
  if (witnesses.length === MAX_WITNESSES) return `more than ${MAX_WITNESSES} witnesses`;
  if (url !== undefined && !/^https?:\/\//.test(url)) return `${url} is not a URL`;
  const key = parseCosignatureVkey(vkey);
  if (!key.ok) return "its vkey must be that of a cosignature key (type 04)";
  witnesses.push({ name, key: key.value, url: url === undefined ? null : url.replace(/\/$/, "") });
  rules.set(name, { kind: "witness", name });
  return null;
}

function defineGroup({ rules, grouped }: Definitions, words: readonly string[]): string | null {
  const [name, count, ...names] = words;
  if (name === undefined || count === undefined || names.length === 0)
    return "a group line has a name, a threshold and members";
  if (isTaken(rules, name)) return `${name} is defined twice, or reserved`;
  const members: Rule[] = [];
  for (const member of names) {
    const rule = rules.get(member);
    if (rule === undefined) return `${member} is not defined above`;
    if (grouped.has(member)) return `${member} is already in a group`;
    grouped.add(member);
    members.push(rule);
  }
  const threshold = { all: members.length, any: 1 }[count] ?? (/^[1-9]\d{0,3}$/.test(count) ? Number(count) : 0);
  if (threshold < 1 || threshold > members.length)
    return `the threshold must be all, any or a number from 1 to ${members.length}, not ${count}`;
  rules.set(name, { kind: "group", threshold, members });
  return null;
}

function defineQuorum(definitions: Definitions, words: readonly string[]): string | null {
  const [name] = words;
  if (name === undefined || words.length > 1) return "a quorum line has exactly one name";
  if (definitions.quorum !== undefined) return "there is more than one quorum line";
  const rule = definitions.rules.get(name);
  if (name !== "none" && rule === undefined) return `${name} is not defined above`;
  definitions.quorum = rule ?? null;
  return null;
}

const isTaken = (rules: Definitions["rules"], name: string): boolean => name === "none" || rules.has(name);

/** Whether these witnesses, by their names in the policy, make a quorum. */
export function isQuorum({ quorum }: WitnessPolicy, cosigned: ReadonlySet<string>): boolean {
  return quorum === null || isMet(quorum, cosigned);
}

function isMet(rule: Rule, cosigned: ReadonlySet<string>): boolean {
  if (rule.kind === "witness") return cosigned.has(rule.name);
  return rule.members.filter((member) => isMet(member, cosigned)).length >= rule.threshold;
}
