// SPDX-License-Identifier: Apache-2.0
// The reading pages in Chromium: looking up, paging, going back, reading without a script, times of the reader's zone.
// SIGEDGE_SCREENSHOTS=DIR keeps a picture of each page at three widths in both color schemes.

import { afterAll, beforeAll, expect, it } from "vitest";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import {
  artifactRequest,
  attestationRequest,
  clientKey,
  postArtifacts,
  postEntry,
  sha256Hex,
} from "../support/logs/log-client.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { inspect } from "./inspection.ts";
import type { Person } from "./person.ts";

const ALICE = "alice@example.com";
const MANY = 45;
const many = clientKey();

let stack: TestStack;
let chromium: Chromium;
let signed: string;
let attested: string;

beforeAll(async () => {
  [stack, chromium] = await Promise.all([startStack({ vars: { ACCEPT: "open" } }), startChromium()]);
  const artifacts = Array.from({ length: MANY }, (_, i) => `many ${i}`);
  await postArtifacts(stack.url, many, artifacts);
  const key = clientKey();
  const certificate = await requestCertificateFor(stack, { key, email: ALICE });
  signed = `/entry/signature/${(await postEntry(stack.url, artifactRequest(key, "by Alice", certificate))).logIndex}`;
  attested = `/entry/signature/${(await postEntry(stack.url, attestationRequest(many, [sha256Hex("subject")]))).logIndex}`;
  for (let attempt = 0; attempt < 300; attempt++) {
    const page = await (await fetch(`${stack.url}/search?publicKey=${many.fingerprint}`)).text();
    const alice = await (await fetch(`${stack.url}/search?email=${ALICE}`)).text();
    if (page.includes(`/entry/signature/${MANY + 2}"`) && alice.includes("2 entries for")) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the index does not follow the logs");
});
afterAll(async () => {
  await chromium.stop();
  await stack.stop();
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
  expect(await lookUp(person, "1")).toMatch(/signed a file on/);
  expect(new URL(person.page.url()).pathname).toBe("/entry/signature/1");
  expect(person.complaints).toEqual([]);
});

it("leads through all entries, page by page, each once", async () => {
  const { page } = await chromium.invite();
  await page.goto(`${stack.url}/search?publicKey=${many.fingerprint}`);
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

it("reads the same without a script, in UTC", async () => {
  const { page } = await chromium.invite();
  await page.setJavaScriptEnabled(false);
  await page.goto(`${stack.url}${signed}`);
  expect(await page.$eval("h1", (heading) => heading.textContent)).toMatch(
    /^alice@example\.com signed a file on .+ UTC\.$/,
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

it("is open to everybody, at every width, in light and dark", async () => {
  const { page } = await chromium.invite();
  const pages = {
    start: "/",
    logs: "/logs",
    entry: signed,
    attestation: attested,
    certificate: "/entry/certificate/0",
    results: `/search?publicKey=${many.fingerprint}`,
    "results-none": "/search?q=nobody@example.com",
    identity: `/identity-of/${ALICE}`,
    missing: "/entry/signature/999",
  };
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(`${stack.url}${path}`);
    await inspect(page, name);
  }
});
