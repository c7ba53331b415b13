// SPDX-License-Identifier: Apache-2.0
// The chosen files: each is hashed when it is chosen, one after another, and can be taken off the list again.

import { MAX_FILES } from "../../../shared/bundle/offer.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { element, formatBytes, isolateText } from "../verify/dom.ts";
import type { Hasher } from "../verify/hashing.ts";

/** A chosen file. */
export interface Chosen {
  readonly file: File;
  /** Null while it is being hashed, and for a file that cannot be read. */
  sha256: Uint8Array | null;
}

/** The list of chosen files. */
export class FileList {
  readonly #chosen: Chosen[] = [];
  readonly #place: HTMLElement;
  readonly #hasher: Hasher;
  readonly #tell: (problem: string) => void;
  #hashing: Promise<void> = Promise.resolve();
  /** The file that is being hashed. */
  #current: Chosen | null = null;

  /** @param tell hears why a file is not taken */
  constructor(place: HTMLElement, hasher: Hasher, tell: (problem: string) => void) {
    this.#place = place;
    this.#hasher = hasher;
    this.#tell = tell;
  }

  get files(): readonly Chosen[] {
    return this.#chosen;
  }

  /** Settles when every file is hashed. */
  async waitForDigests(): Promise<void> {
    await this.#hashing;
  }

  add(files: readonly File[]): void {
    const free = MAX_FILES - this.#chosen.length;
    this.#tell(files.length > free ? `One sign-in signs at most ${MAX_FILES} files.` : "");
    for (const file of files.slice(0, free)) {
      const chosen: Chosen = { file, sha256: null };
      const row = this.#makeRow(chosen);
      this.#chosen.push(chosen);
      this.#place.append(row.item);
      this.#hashing = this.#hashing.then(() => this.#hash(chosen, row.state));
    }
    this.#place.hidden = this.#chosen.length === 0;
  }

  #makeRow(chosen: Chosen): { readonly item: HTMLElement; readonly state: HTMLElement } {
    const { file } = chosen;
    const state = element("span", { class: "q sm" }, "Waiting to be read");
    const remove = element("button", { type: "button", "aria-label": `Remove ${file.name}` }, "Remove");
    const name = isolateText(file.name, { class: "m name" });
    const said = element("span", {}, name, " ", element("span", { class: "q" }, formatBytes(file.size)));
    const item = element("li", {}, element("div", {}, said, element("br"), state), remove);
    remove.addEventListener("click", () => {
      const at = this.#chosen.indexOf(chosen);
      if (at >= 0) this.#chosen.splice(at, 1);
      if (this.#current === chosen) this.#hasher.stop();
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      this.#place.hidden = this.#chosen.length === 0;
      const focused = next?.querySelector("button") ?? document.querySelector<HTMLElement>("#files");
      focused?.focus();
    });
    return { item, state };
  }

  async #hash(chosen: Chosen, state: HTMLElement): Promise<void> {
    if (!this.#chosen.includes(chosen)) return;
    const { file } = chosen;
    const size = file.size;
    const showProgress = (done: number): void => {
      state.textContent = `Reading: ${size === 0 ? 100 : Math.floor((100 * done) / size)} %`;
    };
    this.#current = chosen;
    const digests = await this.#hasher.hash({ file, algorithms: ["SHA-256"], onProgress: showProgress });
    this.#current = null;
    const sha256 = digests.ok ? (digests.value?.["SHA-256"] ?? null) : null;
    chosen.sha256 = sha256;
    if (sha256 === null) {
      const reason = digests.ok ? "it was stopped" : digests.error;
      state.textContent = `This file cannot be signed: ${reason}`;
      state.className = "bad sm";
    } else state.replaceChildren(showDigest(sha256));
  }
}

/** A digest: cut by the style alone, whole for readers and copying. */
export function showDigest(sha256: Uint8Array): HTMLElement {
  const text = `sha256:${encodeHex(sha256)}`;
  return element("span", { class: "d m" }, element("span", {}, text.slice(0, -8)), element("span", {}, text.slice(-8)));
}
