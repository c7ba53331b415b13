// SPDX-License-Identifier: Apache-2.0
// The members of an object in a configuration that another program wrote the rules for: unknown ones are ignored with a
// warning, as that program ignores them without one.

import type { Section } from "../../../shared/identity/configuration/section.ts";
import { isObject } from "../../../shared/json/member.ts";

/** An object's members under their names. */
export class Lenient {
  readonly #members = new Map<string, Section>();

  constructor(section: Section, known: readonly string[], warnings: string[]) {
    if (!isObject(section.value)) {
      section.report("must be an object");
      return;
    }
    for (const [name, value] of section.entries()) {
      if (known.includes(name)) this.#members.set(name, value);
      else
        warnings.push(
          `${[...section.place, name].join(".")} is not known and does nothing; known are ${known.join(", ")}`,
        );
    }
  }

  /** Null if it is missing or has no value. */
  get(name: string): Section | null {
    const section = this.#members.get(name);
    return section === undefined || section.value === null ? null : section;
  }

  /** A text; null if it is missing or empty. */
  text(name: string): string | null {
    const section = this.get(name);
    return section === null || section.value === "" ? null : section.text();
  }

  /** The items of a list; none if it is missing. */
  items(name: string): readonly Section[] {
    return this.get(name)?.items() ?? [];
  }
}
