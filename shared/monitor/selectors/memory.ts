// SPDX-License-Identifier: Apache-2.0
// Remembers what was computed of a text, for as many texts as fit.

/** The characters of all texts that are remembered. In a log, a few thousand names make nearly all entries. */
const MAX_CHARS = 2 ** 21;
/** A longer text is computed anew: strangers choose the texts, and one of them must not push out the others. */
const MAX_TEXT_CHARS = 2048;

/** A memory that forgets the oldest text first. */
export class MemoryOfTexts<T> {
  readonly #values = new Map<string, T>();
  #chars = 0;

  /** The value of the text, from `compute` if it is not remembered. */
  get(text: string, compute: () => T): T {
    const known = this.#values.get(text);
    if (known !== undefined) return known;
    const value = compute();
    if (text.length > MAX_TEXT_CHARS) return value;
    this.#chars += text.length;
    this.#values.set(text, value);
    for (const oldest of this.#values.keys()) {
      if (this.#chars <= MAX_CHARS) break;
      this.#values.delete(oldest);
      this.#chars -= oldest.length;
    }
    return value;
  }
}
