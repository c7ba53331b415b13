// SPDX-License-Identifier: Apache-2.0
// The page on which people watch their own name, in Chromium: every state of it, by keyboard alone, and without a
// script. SIGEDGE_SCREENSHOTS=DIR keeps pictures.

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import { artifactRequest, clientKey, postEntry } from "../support/logs/log-client.ts";
import { type Receiver, startReceiver } from "../support/monitor/receiver.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { inspect } from "./inspection.ts";
import type { Person } from "./person.ts";

let stack: TestStack;
let chromium: Chromium;
let receiver: Receiver;
let person: Person;
beforeAll(async () => {
  [stack, chromium, receiver] = await Promise.all([
    startStack({ vars: { MAIL_FROM: "Sigedge <watch@sign.example.com>" } }),
    startChromium(),
    startReceiver(),
  ]);
});
afterAll(async () => {
  await Promise.all([chromium?.stop(), stack?.stop(), receiver?.stop()]);
});
beforeEach(async () => {
  person = await chromium.invite();
});
afterEach(() => person.leave());

async function signAs(email: string, artifact: string): Promise<void> {
  const key = clientKey();
  await postEntry(stack.url, artifactRequest(key, artifact, await requestCertificateFor(stack, { key, email })));
}

/** Signs in, from the page of who is not signed in. */
async function signIn(address: string): Promise<void> {
  await person.open(`${stack.url}/watch`);
  await person.follow(/^Sign in/);
  await person.signInAtDevelopment(address);
  await person.grant();
  await person.sees(`You are signed in as ${address}`);
}

/** Sends a form by its button, as a click does. */
async function press(text: string): Promise<void> {
  const { page } = person;
  await Promise.all([page.waitForNavigation(), page.locator(`main ::-p-aria(${text}[role="button"])`).click()]);
}

it("looks the same to everybody, in every state", async () => {
  const address = "alice@example.com";
  await signAs(address, "before the watch");
  await signIn(address);
  await inspect(person.page, "watch-new");
  await press(`Watch ${address}`);
  await person.fill("url", receiver.url);
  await press("Watch by webhook");
  await inspect(person.page, "watch-secret");
  await press("Send a test");
  await person.sees("has accepted a test");
  receiver.answer((response) => void response.writeHead(500).end("down"));
  await signAs(address, "while the receiver is down");
  await expect
    .poll(
      async () => {
        await person.open(`${stack.url}/watch`);
        return await person.text();
      },
      { timeout: 60_000, interval: 500 },
    )
    .toContain("Failing since");
  await inspect(person.page, "watch-failing");
  await person.fill("url", "http://10.0.0.1/hook");
  await press("Watch by webhook");
  await person.sees("The address");
  await inspect(person.page, "watch-refused");
  await press("Sign out");
  await person.sees("Sign in to prove");
  expect(person.complaints).toEqual([]);
});

it("is used by keyboard alone", async () => {
  const address = "carol@example.com";
  await signIn(address);
  const { page } = person;
  /** Tabs on to the button with this text, and presses it. */
  const pressByKey = async (text: string): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      if ((await page.evaluate("document.activeElement.textContent.trim()")) !== text) continue;
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).not.toBe("none");
      await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
      return;
    }
    throw new Error(`no Tab leads to ${text}`);
  };
  await pressByKey(`Watch ${address}`);
  await person.sees("E-mail, at once");
  await pressByKey("Stop");
  await page.waitForFunction('!document.body.innerText.includes("E-mail, at once")');
  await pressByKey("Sign out");
  await person.sees("Sign in to prove");
});

it("works without a script", async () => {
  await person.page.setJavaScriptEnabled(false);
  const address = "dave@example.com";
  await signInWithoutScript(address);
  const readText = (): Promise<string> => person.page.$eval("main", ({ textContent }) => textContent);
  const send = (button: string): Promise<void> => goOn(() => person.page.click(button));
  await send('button[value="digest"]');
  expect(await readText()).toContain("E-mail, once a day");
  await send('button[value="test"]');
  expect(await readText()).toContain("has accepted a test");
  await send('button[value="stop"]');
  expect(await readText()).not.toContain("E-mail, once a day");
});

/** Waits for the answer of the page that follows, whatever it redirects to. */
async function goOn(act: () => Promise<void>): Promise<void> {
  await Promise.all([person.page.waitForNavigation({ waitUntil: "networkidle0" }), act()]);
}

/** Without a script, nobody waits for the moment in which a button ignores the pointer: its keys count at once. */
async function signInWithoutScript(address: string): Promise<void> {
  const { page } = person;
  await person.open(`${stack.url}/watch`);
  await goOn(() => page.click('main a[href="/watch/sign-in"]'));
  await page.type('input[name="address"]', address);
  await goOn(() => page.keyboard.press("Enter"));
  await page.focus('button[name="answer"][value="grant"]');
  await goOn(() => page.keyboard.press("Enter"));
}
