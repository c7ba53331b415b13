// SPDX-License-Identifier: Apache-2.0
// A value of the configuration that must never be shown.

import { inspect } from "node:util";

/** Prints as `(secret)` wherever it is printed, and reaches the one who uses it through `reveal`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}

const SHOWN = "(secret)";
