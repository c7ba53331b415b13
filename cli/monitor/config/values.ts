// SPDX-License-Identifier: Apache-2.0
// Values of the configuration: references to the environment, URLs, addresses, numbers. Each reports what is wrong.

import type { Fields, Section } from "../../../shared/identity/configuration/section.ts";
import { Secret } from "./secret.ts";

/** Name → value; undefined if it is not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;
/** The value of a reference while a text is checked without its environment. */
const UNKNOWN = "";

/** The value of `env:NAME`, or the text itself; null if it was reported. */
export function readReference(section: Section, environment: Environment | null): Secret | null {
  const text = section.text();
  if (text === null) return null;
  const [, name] = REFERENCE.exec(text) ?? [];
  if (name === undefined) {
    if (!text.startsWith("env:")) return new Secret(text);
    section.report("must be env: and the name of a variable: letters, digits and underscores");
    return null;
  }
  if (environment === null) return new Secret(UNKNOWN);
  const value = environment[name]?.trim() ?? "";
  if (value === "") section.report(`names ${name}, which is not set in the environment: export it first`);
  return value === "" ? null : new Secret(value);
}

/** A secret: only a reference, because configurations are committed. */
export function readSecret(section: Section, environment: Environment | null): Secret | null {
  if (typeof section.value === "string" && !section.value.startsWith("env:")) {
    section.report("must be env:NAME, the variable that has it: a secret in a file is no secret");
    return null;
  }
  return readReference(section, environment);
}

/** A URL of http or https, or a reference to one. */
export function readUrl(section: Section, environment: Environment | null): Secret | null {
  const secret = readReference(section, environment);
  if (secret === null || secret.reveal() === UNKNOWN) return secret;
  if (isHttpUrl(secret.reveal())) return secret;
  section.report("must be an https URL without a name and password in it, or env:NAME of one");
  return null;
}

/** Plain http only on this machine and inside the network: nobody on the way may read or change an alert. */
export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}

/** One text, or a list of them. */
export function readTexts(section: Section, max: number): readonly string[] {
  const list = Array.isArray(section.value) ? section.items() : [section];
  if (list.length === 0 || list.length > max) section.report(`must have 1 to ${max} items`);
  return list.slice(0, max).flatMap((item) => item.text() ?? []);
}

const ADDRESS = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;

/** E-mail addresses, one or a list. */
export function readAddresses(section: Section, max = 50): readonly string[] {
  const list = Array.isArray(section.value) ? section.items() : [section];
  if (list.length === 0 || list.length > max) section.report(`must have 1 to ${max} addresses`);
  return list.slice(0, max).flatMap((item) => readAddress(item) ?? []);
}

export function readAddress(section: Section): string | null {
  const text = section.text();
  if (text === null || ADDRESS.test(text)) return text;
  section.report("must be an e-mail address such as alerts@example.org");
  return null;
}

/** A whole number within limits. */
export function readNumber(section: Section, [least, most]: readonly [number, number]): number | null {
  const { value } = section;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  section.report(`must be a whole number from ${least} to ${most}`);
  return null;
}

/** Reads a member that must be there. */
export function requireField<T>(fields: Fields, name: string, read: (section: Section) => T | null): T | null {
  const section = fields.get(name);
  if (section !== null) return read(section);
  fields.report(name, "is missing");
  return null;
}
