// SPDX-License-Identifier: Apache-2.0
// A configuration while it is read: values with their places, and every problem with its place. The owner of the text
// maps a place to a line.

import { isObject } from "../../json/member.ts";

/** Names of members and indexes of items, from the top. */
export type Place = readonly (string | number)[];

/** A problem in the configuration. */
export interface Problem {
  readonly place: Place;
  /** Completes the place: "must be true or false". */
  readonly reason: string;
}

/** Formats a problem: `oidc-issuers["https://a.example"].type must be …` */
export function describeProblem({ place, reason }: Problem): string {
  const path = place.map((step, i) => {
    if (typeof step === "number") return `[${step}]`;
    if (!/^[A-Za-z0-9-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
    return i === 0 ? step : `.${step}`;
  });
  return `${path.join("")} ${reason}`.trimStart();
}

/** A value being read. The result counts only if no problem was reported. */
export class Section {
  readonly value: unknown;
  readonly place: Place;
  readonly #problems: Problem[];

  constructor(value: unknown, place: Place, problems: Problem[]) {
    this.value = value;
    this.place = place;
    this.#problems = problems;
  }

  report(reason: string): void {
    this.#problems.push({ place: this.place, reason });
  }

  at(step: string | number, value: unknown): Section {
    return new Section(value, [...this.place, step], this.#problems);
  }

  /** Returns the items of a list. */
  items(): readonly Section[] {
    if (Array.isArray(this.value)) return this.value.map((item: unknown, i) => this.at(i, item));
    this.report("must be a list");
    return [];
  }

  /** Returns the members of an object under their written names. */
  entries(): readonly (readonly [string, Section])[] {
    if (isObject(this.value)) return Object.entries(this.value).map(([name, value]) => [name, this.at(name, value)]);
    this.report("must be an object");
    return [];
  }

  /**
   * Returns the members of an object that have these names, under their YAML names. Reports others.
   * @param valued those that say who is admitted: one without a value, as a comment leaves it, is reported
   */
  fields(known: readonly string[], valued: readonly string[] = []): Fields {
    const byName = new Map<string, Section>();
    for (const [written, section] of this.entries()) {
      const name = known.find((candidate) => isSpelling(written, candidate));
      if (name === undefined) section.report(`is not known; known are ${known.join(", ")}`);
      else if (byName.has(name)) section.report("appears twice");
      else if (section.value !== null) byName.set(name, section);
      // Nothing after the colon is null in YAML. It counts as absent where that admits nobody else.
      else if (valued.includes(name)) section.report("has no value: write one, or remove the member");
    }
    return new Fields(this, byName);
  }

  /** The same object without the members of these names. */
  without(names: readonly string[]): Section {
    if (!isObject(this.value)) return this;
    const rest = Object.entries(this.value).filter(([name]) => !names.includes(name));
    return new Section(Object.fromEntries(rest), this.place, this.#problems);
  }

  text(): string | null {
    if (typeof this.value === "string" && this.value !== "") return this.value;
    this.report("must be a string that is not empty");
    return null;
  }

  flag(): boolean {
    if (typeof this.value !== "boolean") this.report("must be true or false");
    return this.value === true;
  }
}

/** The reference names a member `issuer-url` in YAML and `IssuerURL` in JSON; it reads the latter in any case. */
function isSpelling(written: string, name: string): boolean {
  return (
    written === name || (!written.includes("-") && /^[A-Z]/.test(written) && toLowerName(written) === toLowerName(name))
  );
}

const toLowerName = (name: string): string => name.replaceAll("-", "").toLowerCase();

/** The members of an object that is read. */
export class Fields {
  readonly #owner: Section;
  readonly #sections: ReadonlyMap<string, Section>;

  constructor(owner: Section, sections: ReadonlyMap<string, Section>) {
    this.#owner = owner;
    this.#sections = sections;
  }

  get(name: string): Section | null {
    return this.#sections.get(name) ?? null;
  }

  text(name: string): string | null {
    return this.get(name)?.text() ?? null;
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.get(name)?.flag() ?? otherwise;
  }

  /** Reports a problem at the member, or at the object if the member is missing. */
  report(name: string, reason: string): void {
    (this.get(name) ?? this.#owner.at(name, undefined)).report(reason);
  }
}
