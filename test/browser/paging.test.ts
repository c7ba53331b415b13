// SPDX-License-Identifier: Apache-2.0
// Somebody who pages through all that one key has signed: 5,000 entries, which are in the log and in the index as any
// other, and are read in Chromium.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientKey } from "../support/logs/log-client.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import type { Person } from "./person.ts";

const ENTRIES = 5000;
const PAGE = 20;

const key = clientKey();
let stack: TestStack;
let chromium: Chromium;

beforeAll(async () => {
  [stack, chromium] = await Promise.all([startStack({ entry: "test/support/logs/filler-worker.ts" }), startChromium()]);
  const query = `count=1000&key=${key.spki.toString("base64url")}`;
  for (let from = 0; from < ENTRIES; from += 1000) {
    const filled = await fetch(`${stack.url}/test/fill-signed?from=${from}&${query}`, { method: "POST" });
    if (!filled.ok) throw new Error(await filled.text());
  }
  // The index follows the log; the log's own first entry comes before them.
  for (const end = Date.now() + 60_000; (await countIndexed()) <= ENTRIES; await sleep(250)) {
    if (Date.now() > end) throw new Error("the index does not follow the log");
  }
});
afterAll(async () => {
  await chromium.stop();
  await stack.stop();
});

async function countIndexed(): Promise<number> {
  const answer = await fetch(`${stack.url}/api/search?publicKey=${key.fingerprint}&limit=1`);
  const { completeThrough } = (await answer.json()) as { readonly completeThrough: number };
  return completeThrough;
}

const ROWS = "[...document.querySelectorAll('td:first-child a')].map((link) => link.getAttribute('href'))";

/** The indexes on the page, in its order. */
async function readIndexes({ page }: Person): Promise<readonly number[]> {
  const rows = (await page.evaluate(ROWS)) as readonly string[];
  return rows.map((href) => Number(/^\/entry\/signature\/(\d+)$/.exec(href)?.[1]));
}

const readHeading = async ({ page }: Person): Promise<string> =>
  await page.$eval("h1", (heading) => heading.textContent);

async function turn({ page }: Person): Promise<void> {
  await Promise.all([page.waitForNavigation(), page.click('a[rel="next"]')]);
}

it("leads through 5,000 entries, newest first, each once, and counts them", async () => {
  const person = await chromium.invite();
  await person.open(`${stack.url}/search?publicKey=${key.fingerprint}`);
  const seen: number[] = [];
  for (;;) {
    seen.push(...(await readIndexes(person)));
    if ((await person.page.$('a[rel="next"]')) === null) break;
    expect(await readHeading(person)).toMatch(
      new RegExp(`^More than ${seen.length.toLocaleString("en-US")} entries for `),
    );
    await turn(person);
  }
  expect(seen).toEqual(Array.from({ length: ENTRIES }, (_, i) => ENTRIES - i));
  expect(await readHeading(person)).toMatch(/^5,000 entries for /);
  expect(await person.text()).toContain("Entries 4,981 to 5,000, newest first");
  expect(person.complaints).toEqual([]);
});

it("goes back and forth between pages, and to the newest, with the same entries on each", async () => {
  const person = await chromium.invite();
  await person.open(`${stack.url}/search?publicKey=${key.fingerprint}`);
  const pages: (readonly number[])[] = [];
  for (let i = 0; i < 4; i++) {
    if (i > 0) await turn(person);
    pages.push(await readIndexes(person));
  }
  expect(pages.map(({ length }) => length)).toEqual([PAGE, PAGE, PAGE, PAGE]);
  const { page } = person;
  for (const i of [2, 1]) {
    await page.goBack();
    expect(await readIndexes(person)).toEqual(pages[i]);
  }
  await page.goForward();
  expect(await readIndexes(person)).toEqual(pages[2]);
  // A link that somebody kept leads to the same entries, and to the same number of them.
  const kept = page.url();
  const other = await chromium.invite();
  await other.open(kept);
  expect(await readIndexes(other)).toEqual(pages[2]);
  expect(await other.text()).toContain("Entries 41 to 60, newest first");
  const newest = await page.$$("nav[aria-label=Pages] a");
  await Promise.all([page.waitForNavigation(), newest[0]?.click()]);
  expect(await readIndexes(person)).toEqual(pages[0]);
});
