// SPDX-License-Identifier: Apache-2.0
// Hands a bundle that was dropped on the box of any page to /verify, in the same tab. It is in the storage of this tab
// for the moment between the two pages, and nowhere else.
// Spec: https://html.spec.whatwg.org/multipage/webstorage.html#the-sessionstorage-attribute

const NAME = "sigedge-bundle-name";
const TEXT = "sigedge-bundle";
/** A bundle has some ten kilobytes. Browsers keep five megabytes for a site in a tab. */
const MAX_CHARACTERS = 1024 * 1024;

/** Keeps a bundle for the next page, which has to be /verify. False if it is too large or the browser keeps nothing. */
export function handOverBundle(name: string, text: string): boolean {
  if (text.length > MAX_CHARACTERS) return false;
  try {
    sessionStorage.setItem(NAME, name);
    sessionStorage.setItem(TEXT, text);
    return true;
  } catch {
    return false;
  }
}

/** Takes the bundle that the page before this one handed over, once; null if there is none. */
export function takeBundle(): File | null {
  try {
    const [name, text] = [sessionStorage.getItem(NAME), sessionStorage.getItem(TEXT)];
    sessionStorage.removeItem(NAME);
    sessionStorage.removeItem(TEXT);
    return name === null || text === null ? null : new File([text], name);
  } catch {
    return null;
  }
}
