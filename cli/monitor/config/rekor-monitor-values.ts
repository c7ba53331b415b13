// SPDX-License-Identifier: Apache-2.0
// `monitoredValues` of rekor-monitor as selectors: one for each of its values. Its expressions search anywhere in a
// text, and so do ours from there.

import { FULCIO_EXTENSION_NAMES, oidOf } from "../../../shared/fulcio/extensions.ts";
import type { Section } from "../../../shared/identity/configuration/section.ts";
import { isList } from "../../../shared/json/member.ts";
import type { Condition, SelectorConfig } from "../../../shared/monitor/selectors/config.ts";
import type { Fact } from "../../../shared/monitor/selectors/facts.ts";
import { compilePattern, type TextPattern } from "../../../shared/monitor/selectors/pattern.ts";
import { Lenient } from "./lenient.ts";

const MAX_VALUES = 10_000;

/** Reads the object. What it returns counts only if no problem was reported. */
export function readMonitoredValues(section: Section, warnings: string[]): readonly SelectorConfig[] {
  const members = new Lenient(section, ["certIdentities", "subjects", "fingerprints", "oidMatchers"], warnings);
  const drafts = [
    ...members.items("certIdentities").flatMap((item) => readIdentity(item, warnings)),
    ...members.items("fingerprints").flatMap((item) => readFingerprint(item, warnings)),
    ...readExtensions(members.get("oidMatchers"), warnings),
  ];
  for (const item of members.items("subjects")) {
    const pattern = readRegex(item);
    if (pattern !== null) warnings.push(describeIdle(item, "no log of this kind holds keys of PGP or SSH"));
  }
  if (drafts.length > MAX_VALUES) section.report(`has ${drafts.length} values; at most ${MAX_VALUES} are allowed`);
  return withUniqueNames(drafts.slice(0, MAX_VALUES));
}

const describeIdle = ({ place }: Section, reason: string): string => `${place.join(".")} matches nothing: ${reason}`;

/** The same value twice is two selectors, whose events need names of their own. */
function withUniqueNames(drafts: readonly SelectorConfig[]): readonly SelectorConfig[] {
  const counts = new Map<string, number>();
  return drafts.map((draft) => {
    const count = (counts.get(draft.id) ?? 0) + 1;
    counts.set(draft.id, count);
    return count === 1 ? draft : { ...draft, id: `${draft.id} (${count})` };
  });
}

const toSelector = (id: string, conditions: readonly Condition[]): SelectorConfig => ({ id, conditions, expected: [] });

function readRegex(section: Section): TextPattern | null {
  const text = section.text();
  if (text === null) return null;
  const pattern: TextPattern = { kind: "regex", text, isAnchored: false };
  const compiled = compilePattern(pattern);
  if (!compiled.ok) section.report(compiled.error);
  return compiled.ok ? pattern : null;
}

function readIdentity(section: Section, warnings: string[]): readonly SelectorConfig[] {
  const members = new Lenient(section, ["certSubject", "issuers"], warnings);
  const subject = members.get("certSubject");
  if (subject === null) {
    section.report("has no certSubject");
    return [];
  }
  const pattern = readRegex(subject);
  const issuers = members.items("issuers").flatMap((item) => readRegex(item) ?? []);
  if (pattern === null) return [];
  const name = { name: "identity", choices: [{ facts: ["name" as const], pattern }] };
  const issuer = {
    name: "issuer",
    choices: issuers.map((one) => ({ facts: ["issuerAsWritten" as const], pattern: one })),
  };
  return [toSelector(`certIdentities ${pattern.text}`, issuers.length === 0 ? [name] : [name, issuer])];
}

const HEX = /^[0-9a-f]+$/i;

/** Hex of a SHA-256, in any case. Its forms for PGP and SSH are read and match nothing. */
function readFingerprint(section: Section, warnings: string[]): readonly SelectorConfig[] {
  const text = section.text();
  if (text === null) return [];
  if (!HEX.test(text) || text.length !== 64) {
    warnings.push(describeIdle(section, "it is not the SHA-256 of a key or certificate in hex, which has 64 digits"));
    return [];
  }
  const pattern: TextPattern = { kind: "exact", text: text.toLowerCase() };
  const facts: readonly Fact[] = ["publicKey", "certificate"];
  return [toSelector(`fingerprints ${pattern.text}`, [{ name: "fingerprint", choices: [{ facts, pattern }] }])];
}

/** Its name of an extension → OIDs: `issuer` is both the older and the newer one. */
const NAMED: ReadonlyMap<string, readonly string[]> = new Map(
  FULCIO_EXTENSION_NAMES.filter((name) => name !== "issuerV2").map((name) => [
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    name === "issuer" ? [oidOf("issuer"), oidOf("issuerV2")] : [oidOf(name)],
  ]),
);
const DOTTED = /^[0-2](?:\.\d{1,15}){1,31}$/;

/** An OID and the values of which any may match, exactly. */
interface Extension {
  readonly oid: string;
  readonly values: readonly string[];
}

/** Values of one OID from several places are one selector. */
function readExtensions(section: Section | null, warnings: string[]): readonly SelectorConfig[] {
  if (section === null) return [];
  const members = new Lenient(section, ["fulcioExtensions", "oidExtensions", "customExtensions"], warnings);
  const named = members.get("fulcioExtensions");
  const found = [
    ...(named === null ? [] : readNamed(named, warnings)),
    ...members.items("oidExtensions").flatMap((item) => readByOid(item, warnings)),
    ...members.items("customExtensions").flatMap((item) => readByOid(item, warnings)),
  ];
  const byOid = Map.groupBy(found, ({ oid }) => oid);
  return [...byOid].map(([oid, extensions]) => {
    const choices = [...new Set(extensions.flatMap(({ values }) => values))].map((text) => ({
      facts: [`oid:${oid}` as const],
      pattern: { kind: "exact" as const, text },
    }));
    return toSelector(`oidMatchers ${oid}`, [{ name: `extension ${oid}`, choices }]);
  });
}

function readNamed(section: Section, warnings: string[]): readonly Extension[] {
  const members = new Lenient(section, [...NAMED.keys()], warnings);
  return [...NAMED].flatMap(([name, oids]) => {
    const list = members.get(name);
    if (list === null) return [];
    const values = readValues(list);
    return values.length === 0 ? [] : oids.map((oid) => ({ oid, values }));
  });
}

function readByOid(section: Section, warnings: string[]): readonly Extension[] {
  const members = new Lenient(section, ["objectIdentifier", "extensionValues"], warnings);
  const id = members.get("objectIdentifier");
  const list = members.get("extensionValues");
  if (id === null || list === null) {
    section.report("must have both objectIdentifier and extensionValues");
    return [];
  }
  const oid = isList(id.value) ? id.value.join(".") : id.value;
  const values = readValues(list);
  if (typeof oid === "string" && DOTTED.test(oid)) return [{ oid, values }];
  id.report("must be an OID: a list such as [1, 3, 6, 1], or dotted as 1.3.6.1");
  return [];
}

function readValues(section: Section): readonly string[] {
  const items = section.items();
  if (items.length === 0) section.report("must have at least one value");
  return items.flatMap((item) => item.text() ?? []);
}
