// SPDX-License-Identifier: Apache-2.0
// A button beside everything that people copy. Its name says what it copies.

const SHOWN_MS = 2000;

/** Adds a button to each place that has data-copy. */
export function addCopyButtons(): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-copy]")) addCopyButton(place);
}

/** Adds the button of one place. */
export function addCopyButton(place: HTMLElement): void {
  const text = (place.querySelector("code") ?? place).textContent.trim();
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${place.dataset["copy"] ?? ""}`);
  button.addEventListener("click", () => void copy(button, text));
  place.append(button);
}

async function copy(button: HTMLButtonElement, text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), SHOWN_MS);
}
