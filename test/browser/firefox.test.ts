// SPDX-License-Identifier: Apache-2.0
// Looking up, verifying and signing in Firefox.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { artifactOf, readBundleCases } from "../support/bundles/cases.ts";
import { sha256Hex } from "../support/logs/log-client.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Firefox, findFirefox, startFirefox } from "./firefox.ts";
import type { Person } from "./person.ts";
import { answerOn } from "./signer.ts";

const ALICE = "alice@example.com";
const path = findFirefox();
const folder = mkdtempSync(join(tmpdir(), "sigedge-firefox-"));

let stack: TestStack;
let firefox: Firefox;
beforeAll(async () => {
  if (path !== null) [stack, firefox] = await Promise.all([startStack(), startFirefox(path, folder)]);
});
afterAll(async () => {
  await firefox?.stop();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, content: Uint8Array | string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

async function chooseFile(page: Page, selector: string, file: string): Promise<void> {
  const input = await page.waitForSelector(selector);
  await (input as unknown as { readonly uploadFile: (path: string) => Promise<void> }).uploadFile(file);
}

/** Chooses a file, signs in in the window that opens, and answers there. */
async function signIn(person: Person, file: string, answer: "grant" | "refuse"): Promise<void> {
  await person.open(`${stack.url}/sign`);
  await person.page.waitForSelector("#form:not([hidden])");
  await chooseFile(person.page, "#files", file);
  const opened = new Promise<Page | null>((resolve) => person.page.once("popup", resolve));
  await person.page.click("#start");
  const window = (await opened) ?? expect.fail("no window opened");
  await window.locator('input[name="address"]').fill(ALICE);
  await window.keyboard.press("Enter");
  await answerOn(window, answer);
}

async function waitForFile(name: string): Promise<string> {
  const isThere = (): boolean =>
    existsSync(join(folder, name)) && readFileSync(join(folder, name), "utf8").endsWith("\n");
  await expect.poll(isThere, { timeout: 30_000, interval: 50 }).toBe(true);
  return join(folder, name);
}

// A contributor may have Chromium alone; `.ci/run` installs both.
describe.skipIf(path === null)("in Firefox", () => {
  it("a bundle by cosign is good, and bad for another file", async () => {
    const person = await firefox.invite();
    const { page } = person;
    const one = readBundleCases().find(({ name }) => name.startsWith("cosign-v3-blob"));
    if (one === undefined) throw new Error("there is no bundle by cosign");
    const verify = async (artifact: Uint8Array | string): Promise<string> => {
      await page.goto(`${stack.url}/verify`);
      await page.waitForSelector("#questions:not([hidden])");
      await page.click("details summary");
      for (const [name, content] of Object.entries({ file: artifact, bundle: one.bundle, root: one.root })) {
        await chooseFile(page, `#questions input[name="${name}"]`, put(name, content));
      }
      await page.locator('[name="identity"]').fill(one.signer?.identity ?? "");
      await page.locator('[name="issuer"]').fill(one.signer?.issuer ?? "");
      await page.click("#questions .go");
      await page.waitForSelector("#result:not([hidden])");
      return String(await page.evaluate('document.getElementById("result").innerText'));
    };
    expect(await verify(artifactOf(one) ?? "")).toContain("All 7 checks passed");
    expect(await verify("another file")).toContain("not the file that was signed");
    await person.leave();
  });

  it("a person signs a file, finds its entry by the digest, and verifies it", async () => {
    const person = await firefox.invite();
    const { page } = person;
    const file = put("one.txt", "signed in Firefox\n");
    await signIn(person, file, "grant");
    await page.waitForSelector("#confirm");
    expect(await person.text()).toContain(`Sign 1 file as ${ALICE}?`);
    await page.click("#confirm");
    await person.sees(`You signed 1 file as ${ALICE}`);
    await page.click('a[download="one.txt.sigstore.json"]');
    const bundle = await waitForFile("one.txt.sigstore.json");
    const issuer = ownIssuerOf(stack.url);
    const args = ["verify", file, "--bundle", bundle, "--identity", ALICE, "--issuer", issuer, "--url", stack.url];
    const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", {
      args,
      env: { XDG_CACHE_HOME: join(folder, "cache") },
    }).ended;
    expect(code, stdout + stderr).toBe(0);
    await lookUp(person, sha256Hex("signed in Firefox\n"));
    expect(person.complaints).toEqual([]);
    await person.leave();
  });

  it("the sign-in that a person refuses signs nothing", async () => {
    const person = await firefox.invite();
    await signIn(person, put("two.txt", "refused\n"), "refuse");
    await person.sees("You did not grant the sign-in. Nothing was signed, and nothing is public.");
    await person.leave();
  });
});

/** Types a digest into the box of the start page, until the search knows the entry. */
async function lookUp(person: Person, digest: string): Promise<void> {
  const { page } = person;
  const search = async (): Promise<string> => {
    await person.open(`${stack.url}/`);
    await page.locator('form.box.big input[name="q"]').fill(digest);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    return await page.$eval("h1", ({ textContent }) => textContent ?? "");
  };
  await expect.poll(search, { timeout: 30_000, interval: 500 }).toMatch(/^1 entry for/);
}
