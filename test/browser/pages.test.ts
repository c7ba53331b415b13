// SPDX-License-Identifier: Apache-2.0
// The reading pages in Chromium: looking up, paging, going back, reading without a script, times of the reader's zone.
// SIGEDGE_SCREENSHOTS=DIR keeps a picture of each page at three widths in both color schemes.

import { afterAll, beforeAll, expect, it } from "vitest";
import { sha256Hex } from "../support/logs/log-client.ts";
import {
  listReadingPages,
  MANY,
  openReadingSite,
  type ReadingSite,
  type Signed,
} from "../support/pages/reading-pages.ts";
import type { TestStack } from "../support/process/stack.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { inspect } from "./inspection.ts";
import type { Person } from "./person.ts";

const ALICE = "alice@example.com";

let site: ReadingSite;
let stack: TestStack;
let chromium: Chromium;
let made: Signed;
let signed: string;

beforeAll(async () => {
  [site, chromium] = await Promise.all([openReadingSite(), startChromium()]);
  ({ stack, made } = site);
  signed = `/entry/signature/${made.signed}`;
});
afterAll(async () => {
  await chromium.stop();
  await site.stop();
});

/** Types a text into the box and sends it. */
async function lookUp({ page }: Person, text: string): Promise<string> {
  await page.$eval('input[name="q"]', (input) => ((input as unknown as { value: string }).value = ""));
  await page.type('input[name="q"]', text);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  return await page.$eval("h1", (heading) => heading.textContent);
}

it("finds by each kind of text what was signed, and goes back", async () => {
  const person = await chromium.invite();
  await person.open(`${stack.url}/`);
  const digest = sha256Hex("by Alice");
  for (const text of [digest, `sha256:${digest}`, `sha256-${Buffer.from(digest, "hex").toString("base64")}`]) {
    expect(await lookUp(person, text)).toMatch(/^1 entry for/);
  }
  expect(await lookUp(person, ALICE)).toBe(`2 entries for ${ALICE}`);
  expect(await lookUp(person, "nobody@example.com")).toBe("No entry for this");
  await person.page.goBack();
  expect(await person.page.$eval("h1", (heading) => heading.textContent)).toBe(`2 entries for ${ALICE}`);
  expect(await lookUp(person, "1")).toMatch(/signed a file or an attestation on/);
  expect(new URL(person.page.url()).pathname).toBe("/entry/signature/1");
  expect(person.complaints).toEqual([]);
});

it("asks for ten entries in at most 31 requests, assets aside", async () => {
  const { page } = await chromium.invite();
  const sent: string[] = [];
  page.on("request", (request) => {
    const { protocol, pathname } = new URL(request.url());
    // Chromium loads its own icon of a field for dates from a data: address.
    if (protocol !== "data:" && !pathname.startsWith("/assets/")) sent.push(pathname);
  });
  await page.goto(`${stack.url}/`);
  for (let i = 0; i < 10; i++) {
    const digest = sha256Hex(`many ${i}`);
    await page.$eval('input[name="q"]', (input) => ((input as unknown as { value: string }).value = ""));
    const said = page.waitForResponse((response) => response.url().includes(`/search/meanings?q=${digest}`));
    // Pasted, as people do: a pause while typing on a busy machine would ask for the meaning of a part.
    await page.focus('input[name="q"]');
    await page.keyboard.sendCharacter(digest);
    await said;
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    await Promise.all([page.waitForNavigation(), page.click("td:first-child a")]);
  }
  // The start page; and for each entry what its text means, the list, and the page.
  const expected = { "/": 1, "/search/meanings": 10, "/search": 10, "/entry": 10 };
  const counts = Object.groupBy(sent, (path) => path.replace(/^\/entry\/.*/, "/entry"));
  expect(Object.fromEntries(Object.entries(counts).map(([path, all = []]) => [path, all.length]))).toEqual(expected);
});

it("offers to verify with a bundle that is dropped on the box, or to look it up", async () => {
  const person = await chromium.invite();
  const { page } = person;
  const bundle = await (await fetch(`${stack.url}${signed}.sigstore.json`)).text();
  const drop = async (): Promise<void> => {
    await person.open(`${stack.url}/`);
    await page.evaluate(`{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([${JSON.stringify(bundle)}], "app.sigstore.json"));
      document.querySelector("form.box").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }`);
    await person.sees("app.sigstore.json is a bundle.");
  };
  const choose = async (text: string): Promise<void> => {
    await Promise.all([page.waitForNavigation(), page.locator(`.said ::-p-text(${text})`).click()]);
  };
  await drop();
  await choose("Look it up");
  expect(await page.$eval("h1", (heading) => heading.textContent)).toMatch(/^1 entry for/);
  await drop();
  expect(person.complaints).toEqual([]);
  await choose("Verify a file with it");
  await person.sees("app.sigstore.json, which you dropped, is chosen.");
});

it("leads through all entries, page by page, each once", async () => {
  const { page } = await chromium.invite();
  await page.goto(`${stack.url}/search?publicKey=${made.many.fingerprint}`);
  const seen: string[] = [];
  for (;;) {
    seen.push(...(await page.$$eval("td:first-child a", (links) => links.map(({ textContent }) => textContent))));
    const older = await page.$('a[rel="next"]');
    if (older === null) break;
    await Promise.all([page.waitForNavigation(), older.click()]);
  }
  expect(seen).toHaveLength(MANY + 1);
  expect(new Set(seen).size).toBe(MANY + 1);
});

it("narrows a list by a form, step by step, and takes each part away again", async () => {
  const person = await chromium.invite();
  const { page } = person;
  await person.open(`${stack.url}/search?email=${ALICE}`);
  await page.click(".narrow summary");
  await page.select('select[name="kind"]', "certificate");
  await Promise.all([page.waitForNavigation(), page.click(".narrow button")]);
  expect(await page.$eval("h1", (heading) => heading.textContent)).toBe(`1 entry for ${ALICE}`);
  await page.click(".narrow summary");
  await page.type('input[name="and"]', "org/repo");
  await Promise.all([page.waitForNavigation(), page.click(".narrow button")]);
  expect(await page.$eval("h1", (heading) => heading.textContent)).toBe("No entry for this");
  expect(await page.$$eval(".tags a", (links) => links.length)).toBe(3);
  for (const name of ["Repository", "Kind"]) {
    await Promise.all([page.waitForNavigation(), page.click(`.tags a[aria-label^="Remove ${name}"]`)]);
  }
  expect(await page.$eval("h1", (heading) => heading.textContent)).toBe(`2 entries for ${ALICE}`);
  expect(person.complaints).toEqual([]);
});

it("says below the box what a text means before it is sent, and links to the other meanings", async () => {
  const person = await chromium.invite();
  const { page } = person;
  await person.open(`${stack.url}/`);
  const said = (): Promise<string> => page.$eval("p.said", ({ textContent }) => textContent ?? "");
  await page.type('input[name="q"]', sha256Hex("by Alice"));
  await expect
    .poll(said, { timeout: 30_000 })
    .toMatch(/^This is a SHA-256 digest\. Or: the fingerprint of a certificate, /);
  expect(await page.$eval(".said a", (link) => link.getAttribute("href"))).toBe(
    `/search?certificate=${sha256Hex("by Alice")}`,
  );
  await page.$eval('input[name="q"]', (input) => ((input as unknown as { value: string }).value = ""));
  await page.type('input[name="q"]', "abc1234");
  await expect
    .poll(said, { timeout: 30_000 })
    .toMatch(/^This is the beginning of a commit or digest\. Enter all of it/);
  expect(person.complaints).toEqual([]);
});

it("reads the same without a script, in UTC", async () => {
  const { page } = await chromium.invite();
  await page.setJavaScriptEnabled(false);
  await page.goto(`${stack.url}${signed}`);
  expect(await page.$eval("h1", (heading) => heading.textContent)).toMatch(
    /^alice@example\.com signed a file or an attestation on .+ UTC\.$/,
  );
  expect(await page.$$("button.copy")).toEqual([]);
});

it("shows times in the reader's zone, with UTC on hover, and copies what it offers", async () => {
  const person = await chromium.invite();
  const { page, context } = person;
  await context.overridePermissions(stack.url, ["clipboard-read", "clipboard-sanitized-write"]);
  await page.emulateTimezone("Asia/Kolkata");
  await page.goto(`${stack.url}${signed}`);
  const [text, title] = await page.$eval("h1 time", (time) => [time.textContent, time.getAttribute("title") ?? ""]);
  expect(text).toMatch(/GMT\+5:30|IST/);
  expect(title).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  await page.bringToFront();
  await page.click('button[aria-label="Copy digest"]');
  const readButton = (): Promise<string> => page.$eval('button[aria-label="Copy digest"]', (one) => one.textContent);
  await expect.poll(readButton, { timeout: 30_000, interval: 50 }).toBe("Copied");
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(`sha256:${sha256Hex("by Alice")}`);
  expect(person.complaints).toEqual([]);
});

it("prints what it has, whole, and nothing to click", async () => {
  const { page } = await chromium.invite();
  await page.goto(`${stack.url}${signed}`);
  await page.emulateMediaType("print");
  // A4 at 96 dots per inch, without its margins.
  await page.setViewport({ width: 718, height: 1000 });
  const isShown = (selector: string): Promise<boolean> =>
    page.$$eval(selector, (all) =>
      all.some((one) => (one as unknown as { checkVisibility(): boolean }).checkVisibility()),
    );
  for (const selector of [".box", ".top nav", "button", ".btn"])
    expect([selector, await isShown(selector)]).toEqual([selector, false]);
  const CUT =
    "[...document.querySelectorAll('.d, .d > *')].filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow === 'hidden').length";
  expect(await page.evaluate(CUT)).toBe(0);
  expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
});

it("is open to everybody, at every width, in light and dark, and moves nothing", async () => {
  const { page } = await chromium.invite();
  for (const [name, path] of listReadingPages(made)) {
    await page.goto(`${stack.url}${path}`);
    expect([name, await page.evaluate("document.getAnimations().length")]).toEqual([name, 0]);
    await inspect(page, name);
  }
});
