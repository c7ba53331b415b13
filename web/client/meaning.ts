// SPDX-License-Identifier: Apache-2.0
// Says below the box what a text means, before it is sent, and links to its other meanings.

import { member } from "../../shared/json/member.ts";

/** Typing goes on within this time. */
const PAUSE_MS = 350;
const MAX_SHOWN = 4;

interface Meaning {
  readonly what: string;
  readonly href: string | null;
  readonly advice: string | null;
}

/** Makes every box say what it understands. */
export function sayMeanings(): void {
  for (const box of document.querySelectorAll<HTMLFormElement>("form.box")) {
    const input = box.querySelector<HTMLInputElement>("input[name=q]");
    const said = box.querySelector<HTMLElement>(".said");
    if (input === null || said === null) continue;
    let timer = 0;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => void say(input, said), PAUSE_MS);
    });
  }
}

async function say(input: HTMLInputElement, said: HTMLElement): Promise<void> {
  const text = input.value.trim();
  const meanings = text === "" ? [] : await fetchMeanings(text);
  // The reader has gone on typing.
  if (input.value.trim() !== text) return;
  const [first, ...others] = meanings;
  if (first === undefined) return said.replaceChildren();
  said.replaceChildren(`This is ${first.what}. ${first.advice ?? ""}`);
  const links = others.slice(0, MAX_SHOWN).flatMap(({ what, href }, i) => [i === 0 ? "Or: " : ", ", link(what, href)]);
  if (links.length > 0) said.append(...links);
}

/** None if the service does not answer: the box works as before. */
async function fetchMeanings(text: string): Promise<readonly Meaning[]> {
  try {
    const response = await fetch(`/search/meanings?q=${encodeURIComponent(text)}`);
    const list = response.ok ? member(await response.json(), "meanings") : [];
    return Array.isArray(list) ? (list as readonly unknown[]).map(toMeaning) : [];
  } catch {
    return [];
  }
}

const toMeaning = (json: unknown): Meaning => {
  const textOf = (name: string): string | null => {
    const value = member(json, name);
    return typeof value === "string" ? value : null;
  };
  return { what: textOf("what") ?? "", href: textOf("href"), advice: textOf("advice") };
};

function link(what: string, href: string | null): HTMLAnchorElement {
  const anchor = document.createElement("a");
  anchor.href = href ?? "/search";
  anchor.textContent = what;
  return anchor;
}
