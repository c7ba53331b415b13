// SPDX-License-Identifier: Apache-2.0
// The way of a person through the pages, in a browser of fetch.

import { Browser, linksOf, type Shown } from "../oauth/browser.ts";
import { DEX_PASSWORD } from "./dex.ts";

/** The browser goes wherever it is sent, to the program's listener as well. */
const NOWHERE = "nowhere:";

/** The choices of a person who signs in. */
export interface Walk {
  /** The slug of a connector. */
  readonly connector: string;
  readonly address: string;
  readonly answer: "grant" | "refuse";
}

/** The fields that the person fills in at a provider; none where they are signed in. */
const LOGINS: Readonly<Record<string, (address: string) => Readonly<Record<string, string>>>> = {
  development: (address) => ({ address }),
  work: (login) => ({ login }),
  dex: (login) => ({ login, password: DEX_PASSWORD }),
};

/**
 * Opens the address that a program opened or showed, and ends with the last page.
 * @param route where the server of an address is really
 */
export async function walk(
  url: string,
  { connector, address, answer }: Walk,
  route: (url: string) => string = (real) => real,
): Promise<Shown> {
  const browser = new Browser({}, route);
  let page = await browser.open(url, NOWHERE);
  // The link of a device leads to the page with its code.
  if (page.html.includes('name="user_code"')) page = await browser.submit(page, {}, NOWHERE);
  const link = linksOf(page).find((href) => href.includes(`/auth/${connector}?`));
  // A program may name the connector.
  if (link !== undefined) page = await browser.open(link, NOWHERE);
  const login = LOGINS[connector]?.(address);
  if (login !== undefined) page = await browser.submit(page, login, NOWHERE);
  return await browser.submit(page, { answer }, NOWHERE);
}

/** The code that the last page shows for copying. */
export function codeOn({ html }: Shown): string {
  const [, code] = />([\w-]{22})</.exec(html) ?? [];
  if (code === undefined) throw new Error(`no code: ${html}`);
  return code;
}
