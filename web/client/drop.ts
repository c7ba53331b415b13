// SPDX-License-Identifier: Apache-2.0
// Files dropped on the box, or chosen: a certificate or key becomes its text, a bundle is looked up or goes to /verify
// (one that is too large for an address always does), and of any other file the SHA-256 is looked up. Nothing is
// uploaded.

import { handOverBundle } from "./hand-over.ts";

/** A text that fits in the address of a page. */
const MAX_TEXT_BYTES = 12 * 1024;
/** Larger ones are not handed over. */
const MAX_BUNDLE_BYTES = 1024 * 1024;
/** The browser hashes a file as a whole, in memory. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024;

/** Makes every box take files. */
export function takeDroppedFiles(): void {
  for (const box of document.querySelectorAll<HTMLFormElement>("form.box")) {
    box.addEventListener("dragover", (event) => {
      event.preventDefault();
      box.classList.add("over");
    });
    box.addEventListener("dragleave", () => box.classList.remove("over"));
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      box.classList.remove("over");
      const [file] = event.dataTransfer?.files ?? [];
      if (file !== undefined) void take(box, file);
    });
    if (box.classList.contains("big")) addFileInput(box);
  }
}

/** Dropping must not be the only way. */
function addFileInput(box: HTMLFormElement): void {
  const label = document.createElement("label");
  const input = document.createElement("input");
  label.className = "said";
  input.type = "file";
  label.append("Or choose a file; it is hashed in your browser and never uploaded: ", input);
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file !== undefined) void take(box, file);
  });
  box.append(label);
}

async function take(box: HTMLFormElement, file: File): Promise<void> {
  const input = box.querySelector<HTMLInputElement>("input[name=q]");
  const said = box.querySelector(".said");
  if (input === null || said === null) return;
  if (file.size > MAX_FILE_BYTES) {
    said.textContent = "This file is too large to hash here. Run sha256sum on it, and enter what it prints.";
    return;
  }
  said.textContent = `Hashing ${file.name} in your browser`;
  const bytes = await file.arrayBuffer();
  const text = readText(bytes);
  if (text !== null && bytes.byteLength > MAX_TEXT_BYTES && handOverBundle(file.name, text)) {
    location.assign("/verify");
    return;
  }
  const lookUp = (value: string): void => {
    input.value = value;
    said.textContent = "";
    box.requestSubmit();
  };
  if (text?.startsWith("{") === true && bytes.byteLength <= MAX_TEXT_BYTES)
    said.replaceChildren(`${file.name} is a bundle. `, ...offerBundle(file.name, text, lookUp));
  else lookUp(text !== null && bytes.byteLength <= MAX_TEXT_BYTES ? text : await hash(bytes));
}

/** Both things that people do with a bundle. A browser that keeps nothing for the next page looks it up. */
function offerBundle(name: string, text: string, lookUp: (text: string) => void): readonly (Node | string)[] {
  const verify = makeButton("Verify a file with it", () => {
    if (handOverBundle(name, text)) location.assign("/verify");
    else lookUp(text);
  });
  return [verify, " ", makeButton("Look it up", () => lookUp(text))];
}

function makeButton(text: string, act: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", act);
  return button;
}

/** A bundle, or a small certificate or key; null for any other file. */
function readText(bytes: ArrayBuffer): string | null {
  if (bytes.byteLength > MAX_BUNDLE_BYTES) return null;
  const text = new TextDecoder().decode(bytes).trim();
  const isPem = text.startsWith("-----BEGIN ") && bytes.byteLength <= MAX_TEXT_BYTES;
  return isPem || /^\{\s*"mediaType"/.test(text) ? text : null;
}

async function hash(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256:${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
