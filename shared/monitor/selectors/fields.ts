// SPDX-License-Identifier: Apache-2.0
// The members of a selector: how each is written, and which facts it is compared with.

import type { Section } from "../../identity/configuration/section.ts";
import { isObject } from "../../json/member.ts";
import { parseCertificateText, parsePublicKeyText } from "../../search/fingerprints.ts";
import { toIssuer, toPage } from "../../search/signer.ts";
import type { Choice } from "./config.ts";
import type { Fact } from "./facts.ts";
import { compilePattern, isOverAddresses, type TextPattern } from "./pattern.ts";

/** Reads one value of a member; reports what is wrong with it. */
type ReadChoice = (section: Section) => Choice | null;

/** Member → reader. */
export const FIELDS: Readonly<Record<string, ReadChoice>> = {
  identity: readIdentity,
  issuer: readIssuer,
  repository: (section) => readPage(section, { page: "repository", id: "repositoryId", depth: 2 }),
  owner: (section) => readPage(section, { page: "owner", id: "ownerId", depth: 1 }),
  key: (section) => readHash(section, { facts: ["publicKey"], parse: parsePublicKeyText, what: "a public key" }),
  certificate: (section) =>
    readHash(section, { facts: ["certificate"], parse: parseCertificateText, what: "a certificate" }),
  fingerprint: (section) =>
    readHash(section, {
      facts: ["publicKey", "certificate"],
      parse: (text) => (text.includes("-----") ? null : parsePublicKeyText(text)),
      what: "a key or a certificate",
    }),
  digest: readDigest,
  "predicate-type": readOf("predicateType"),
  kind: readKind,
  workflow: readOf("workflow"),
  signer: readOf("signer"),
  authority: readAuthority,
  ref: readRef,
  event: readOf("event"),
  runner: readOf("runner"),
  visibility: readOf("visibility"),
  environment: readOf("environment"),
};

function readOf(fact: Fact): ReadChoice {
  return (section) => {
    const pattern = readPattern(section);
    return pattern === null ? null : { facts: [fact], pattern };
  };
}

/** A text with a star is a glob, any other is exact. `{ regex: … }`, `{ glob: … }` and `{ exact: … }` say which. */
export function readPattern(section: Section): TextPattern | null {
  const pattern = isObject(section.value) ? readExplicit(section) : readPlain(section);
  if (pattern === null) return null;
  const compiled = compilePattern(pattern);
  if (!compiled.ok) section.report(compiled.error);
  return compiled.ok ? pattern : null;
}

/** Nobody writes these in a text that is meant as it stands. */
const REGEX_SIGN = /\\[.+*?()[\]{}|^$dDwWsSbB/-]|\.\*|\.\+|^\^|\$$|\(\?|\[[^\]]*\]/;

function readPlain(section: Section): TextPattern | null {
  const text = typeof section.value === "number" ? toDecimal(section.value) : section.value;
  if (typeof text !== "string" || text === "") {
    section.report("must be a text, or one of { exact: … }, { glob: … } and { regex: … }");
    return null;
  }
  if (REGEX_SIGN.test(text)) {
    section.report(`looks like a regular expression: write { regex: ${quote(text)} }, or { exact: … } if it is none`);
    return null;
  }
  return text.includes("*") ? { kind: "glob", text } : { kind: "exact", text };
}

const quote = (text: string): string => `'${text.replaceAll("'", "''").slice(0, 200)}'`;

/** YAML reads a number of a repository or an owner as one. */
const toDecimal = (value: number): string | null => (Number.isSafeInteger(value) && value >= 0 ? String(value) : null);

function readExplicit(section: Section): TextPattern | null {
  const written = section.entries().filter(([, { value }]) => value !== null);
  const [[kind, value] = ["", section], ...more] = written;
  if (more.length > 0 || !["exact", "glob", "regex"].includes(kind)) {
    section.report("must have exactly one of the members exact, glob and regex");
    return null;
  }
  const text = value.text();
  if (text === null) return null;
  if (kind === "regex") return { kind, text, isAnchored: true };
  return kind === "glob" ? { kind, text } : { kind: "exact", text };
}

function readIdentity(section: Section): Choice | null {
  const pattern = readPattern(section);
  if (pattern === null) return null;
  if (pattern.kind === "regex") return { facts: ["name", "address"], pattern };
  // Addresses are compared in lower case.
  return isOverAddresses(pattern.text)
    ? { facts: ["address"], pattern: { ...pattern, text: pattern.text.toLowerCase() } }
    : { facts: ["name"], pattern };
}

function readIssuer(section: Section): Choice | null {
  const pattern = readPattern(section);
  if (pattern === null) return null;
  if (pattern.kind !== "regex" && !/^https?:\/\//.test(pattern.text)) {
    section.report(`must be a URL with its scheme: https://${pattern.text}`);
    return null;
  }
  const text = pattern.kind === "regex" ? pattern.text : toIssuer(pattern.text);
  return { facts: ["issuer"], pattern: { ...pattern, text } };
}

interface PageFacts {
  readonly page: Fact;
  readonly id: Fact;
  /** Names below the host at least. */
  readonly depth: number;
}

/** A URL, `acme/widget` for one of GitHub, or a forge's number. */
function readPage(section: Section, { page, id, depth }: PageFacts): Choice | null {
  const pattern = readPattern(section);
  if (pattern === null || pattern.kind === "regex") return pattern === null ? null : { facts: [page], pattern };
  if (/^\d+$/.test(pattern.text)) return { facts: [id], pattern };
  const url = /^https?:\/\//.test(pattern.text) ? pattern.text : `https://github.com/${pattern.text}`;
  const names = url.replace(/^https?:\/\/[^/]*\/?/, "").split("/");
  if (names.length < depth || names.includes("") || /[\s@]/.test(url)) {
    const example = depth === 1 ? "acme or https://gitlab.com/acme" : "acme/widget or https://gitlab.com/acme/widget";
    section.report(`must be like ${example}, or the forge's number`);
    return null;
  }
  return { facts: [page], pattern: { ...pattern, text: toPage(url) } };
}

interface HashForm {
  readonly facts: readonly Fact[];
  readonly parse: (text: string) => string | null;
  readonly what: string;
}

function readHash(section: Section, { facts, parse, what }: HashForm): Choice | null {
  const hex = typeof section.value === "string" ? parse(section.value) : null;
  if (hex === null) section.report(`must be the SHA-256 of ${what} in hex (64 digits)${pemHint(what)}`);
  return hex === null ? null : { facts, pattern: { kind: "exact", text: hex } };
}

const pemHint = (what: string): string => (what.includes(" or ") ? "" : `, or ${what} in PEM`);

const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

function readDigest(section: Section): Choice | null {
  const text = typeof section.value === "string" ? section.value.toLowerCase() : "";
  const [, algorithm = "sha256", hex = ""] = /^(?:(sha256|sha384|sha512):)?([0-9a-f]+)$/.exec(text) ?? [];
  if (hex.length === HEX_LENGTHS.get(algorithm)) {
    return { facts: ["digest"], pattern: { kind: "exact", text: `${algorithm}:${hex}` } };
  }
  section.report("must be a digest such as sha256:… with 64 hex digits (sha384: 96, sha512: 128)");
  return null;
}

const AUTHORITIES = ["own", "other", "none"];

function readAuthority(section: Section): Choice | null {
  return readWord(section, AUTHORITIES, "authority");
}

const KINDS = ["signature", "attestation", "certificate"];

function readKind(section: Section): Choice | null {
  return readWord(section, KINDS, "what");
}

function readWord(section: Section, words: readonly string[], fact: Fact): Choice | null {
  const { value } = section;
  if (typeof value === "string" && words.includes(value)) {
    return { facts: [fact], pattern: { kind: "exact", text: value } };
  }
  section.report(`must be one of ${words.join(", ")}`);
  return null;
}

function readRef(section: Section): Choice | null {
  const pattern = readPattern(section);
  if (pattern === null) return null;
  if (pattern.kind !== "regex" && !/^(?:refs\/|\*\*)/.test(pattern.text)) {
    section.report(`must be a full ref: refs/heads/${pattern.text} or refs/tags/${pattern.text}`);
    return null;
  }
  return { facts: ["ref"], pattern };
}
