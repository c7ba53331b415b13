// SPDX-License-Identifier: Apache-2.0
// Files that are dropped anywhere on the page: two at once are a file and its bundle, told apart by their names.

import { takeBundle } from "../hand-over.ts";

const BUNDLE_NAME = /\.(?:sigstore(?:\.json)?|bundle|sigstore\.jsonl)$/i;

/** Chooses the bundle that was dropped on the box of another page. Null if there is none. */
export function chooseHandedOver(form: HTMLFormElement): File | null {
  const bundle = takeBundle();
  if (bundle !== null) setFile(inputOf(form, "bundle"), bundle);
  return bundle;
}

/** Makes the form take dropped files. */
export function takeDrops(form: HTMLFormElement): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const files = [...(event.dataTransfer?.files ?? [])];
    const label = event.target instanceof Element ? event.target.closest("label.drop") : null;
    const target = label?.querySelector<HTMLInputElement>('input[type="file"]') ?? null;
    const [only, ...others] = files;
    if (only === undefined) return;
    if (target !== null && others.length === 0) setFile(target, only);
    else for (const [name, file] of sortFiles(files)) setFile(inputOf(form, name), file);
  });
}

function inputOf(form: HTMLFormElement, name: string): HTMLInputElement | null {
  return form.querySelector(`input[name="${name}"]`);
}

function sortFiles(files: readonly File[]): readonly (readonly [name: string, file: File])[] {
  const bundle = files.find(({ name }) => BUNDLE_NAME.test(name));
  const file = files.find((one) => one !== bundle);
  return [
    ...(bundle === undefined ? [] : [["bundle", bundle] as const]),
    ...(file === undefined ? [] : [["file", file] as const]),
  ];
}

function setFile(input: HTMLInputElement | null, file: File): void {
  if (input === null) return;
  const list = new DataTransfer();
  list.items.add(file);
  input.files = list.files;
}
