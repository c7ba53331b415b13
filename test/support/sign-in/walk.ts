// SPDX-License-Identifier: Apache-2.0
// The way of a person through the pages, in a browser of fetch.

import { Browser, linksOf, type Shown } from "../oauth/browser.ts";

/** The browser goes wherever it is sent, to the program's listener as well. */
const NOWHERE = "nowhere:";

/** What the person does. */
export interface Walk {
  readonly connector: "development" | "work";
  readonly address: string;
  readonly answer: "grant" | "refuse";
}

/** Opens the address that a program opened or showed, and ends with the last page. */
export async function walk(url: string, { connector, address, answer }: Walk): Promise<Shown> {
  const browser = new Browser();
  let page = await browser.open(url, NOWHERE);
  // The link of a device leads to the page with its code.
  if (page.html.includes('name="user_code"')) page = await browser.submit(page, {}, NOWHERE);
  const link = linksOf(page).find((href) => href.includes(`/auth/${connector}?`));
  // A program may name the connector.
  if (link !== undefined) page = await browser.open(link, NOWHERE);
  page = await browser.submit(page, connector === "work" ? { login: address } : { address }, NOWHERE);
  return await browser.submit(page, { answer }, NOWHERE);
}

/** The code that the last page shows for copying. */
export function codeOn({ html }: Shown): string {
  const [, code] = />([\w-]{22})</.exec(html) ?? [];
  if (code === undefined) throw new Error(`no code: ${html}`);
  return code;
}
