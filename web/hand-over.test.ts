// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { handOverBundle, takeBundle } from "./client/hand-over.ts";

/** The storage of a tab, as far as it is used. */
class Storage {
  readonly #items = new Map<string, string>();
  readonly #maxCharacters: number;
  constructor(maxCharacters = Number.POSITIVE_INFINITY) {
    this.#maxCharacters = maxCharacters;
  }
  setItem(name: string, text: string): void {
    if (text.length > this.#maxCharacters) throw new DOMException("full", "QuotaExceededError");
    this.#items.set(name, text);
  }
  readonly getItem = (name: string): string | null => this.#items.get(name) ?? null;
  readonly removeItem = (name: string): boolean => this.#items.delete(name);
  get size(): number {
    return this.#items.size;
  }
}

let storage: Storage;
const use = (one: Storage): void => {
  storage = one;
  vi.stubGlobal("sessionStorage", one);
};
beforeEach(() => use(new Storage()));
afterEach(() => vi.unstubAllGlobals());

it("a bundle is handed over once, and nothing stays behind", async () => {
  expect(takeBundle()).toBeNull();
  expect(handOverBundle("a.sigstore.json", '{"a":1}')).toBe(true);
  const bundle = takeBundle();
  expect([bundle?.name, await bundle?.text()]).toEqual(["a.sigstore.json", '{"a":1}']);
  expect(storage.size).toBe(0);
  expect(takeBundle()).toBeNull();
});

it("one that is too large, or that the browser does not keep, is not handed over", () => {
  expect(handOverBundle("a", "a".repeat(1024 * 1024 + 1))).toBe(false);
  use(new Storage(5));
  expect(handOverBundle("a", "longer than five")).toBe(false);
  expect(takeBundle()).toBeNull();
});
