// SPDX-License-Identifier: Apache-2.0
// Somebody in front of a browser. Finds things by their names in forms and by what they say, never by layout.

import type { BrowserContext, HTTPResponse, Page } from "puppeteer-core";
import { expect } from "vitest";
import { DEX_PASSWORD } from "../support/sign-in/dex.ts";
import type { Walk } from "../support/sign-in/walk.ts";

/** How long a page may take to come on a machine that does something else. */
const TIMEOUT_MS = 60_000;

const GRANT = 'button[name="answer"][value="grant"]';
const REFUSE = 'button[name="answer"][value="refuse"]';

/** Somebody in front of a browser. */
export class Person {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Messages of the browser's console: none, unless a page is wrong. */
  readonly complaints: string[] = [];

  constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on("console", (message) => {
      // The status of the page itself, which says to the person what is wrong.
      if (message.location().url === page.url() && message.text().includes("responded with a status of 4")) return;
      this.complaints.push(`${page.url()}: ${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => {
      this.complaints.push(`${page.url()}: ${String(error)}`);
    });
  }

  /** Opens an address, as a program does that starts a browser. */
  async open(url: string): Promise<HTTPResponse | null> {
    return await this.page.goto(url);
  }

  /** Chooses a connector by its slug. */
  async choose(connector: string): Promise<void> {
    await this.#goOn(() => this.page.click(`a[href*="/auth/${connector}?"]`));
  }

  /** Chooses a connector without a pointer. */
  async chooseByKey(connector: string): Promise<void> {
    await this.#goOn(async () => {
      await this.page.focus(`a[href*="/auth/${connector}?"]`);
      await this.page.keyboard.press("Enter");
    });
  }

  /** Types an address at the development connector. */
  async signInAtDevelopment(address: string): Promise<void> {
    await this.fill("address", address);
    await this.#goOn(() => this.page.keyboard.press("Enter"));
  }

  /** Types an address at the provider of the other connector. */
  async signInAtWork(address: string): Promise<void> {
    await this.fill("login", address);
    await this.#goOn(() => this.page.click('button[name="ok"]'));
  }

  async signInAtDex(address: string): Promise<void> {
    await this.fill("login", address);
    await this.fill("password", DEX_PASSWORD);
    await this.#goOn(() => this.page.click("#submit-login"));
  }

  /** Opens what a program opened or showed, and goes on up to the page that asks, or to that of an error. */
  async signIn(url: string, { connector, address }: Omit<Walk, "answer">): Promise<void> {
    await this.open(url);
    if ((await this.page.$('input[name="user_code"]')) !== null) await this.sendUserCode();
    const isOffered = (await this.page.$(`a[href*="/auth/${connector}?"]`)) !== null;
    if (isOffered) await this.choose(connector);
    if (connector === "development") await this.signInAtDevelopment(address);
    if (connector === "work") await this.signInAtWork(address);
    if (connector === "dex") await this.signInAtDex(address);
  }

  async cancelAtWork(): Promise<void> {
    await this.#goOn(() => this.page.click('button[name="cancel"]'));
  }

  /** Overwrites a field of a form. */
  async fill(name: string, text: string): Promise<void> {
    const field = `input[name="${name}"]`;
    await this.page.locator(field).fill(text);
  }

  /** Sends the form of the device page. */
  async sendUserCode(): Promise<void> {
    await this.#goOn(async () => {
      await this.page.focus('input[name="user_code"]');
      await this.page.keyboard.press("Enter");
    });
  }

  async grant(): Promise<void> {
    await this.aimAt(GRANT);
    await this.#goOn(() => this.page.click(GRANT));
  }

  /** Moves the pointer to a button that ignores it for a moment, and waits until it does not. */
  async aimAt(button: string): Promise<void> {
    await this.page.hover(button);
    const style = `getComputedStyle(document.querySelector(${JSON.stringify(button)})).pointerEvents`;
    await this.page.waitForFunction(`${style} === "auto"`);
  }

  /** Expects a button to ignore a click in the moment in which the pointer comes to the page. */
  async expectNoHaste(button: string): Promise<void> {
    const session = await this.page.createCDPSession();
    await session.send("Animation.enable");
    // The moment lasts for as long as this machine needs.
    await session.send("Animation.setPlaybackRate", { playbackRate: 0 });
    const form = `document.querySelector(${JSON.stringify(button)}).form`;
    await this.page.evaluate(`${form}.onsubmit = () => { window.wasSent = true; return false; }; 0`);
    await this.page.click(button);
    expect(await this.page.evaluate("window.wasSent")).toBeUndefined();
    await session.send("Animation.setPlaybackRate", { playbackRate: 1 });
    await this.aimAt(button);
    await this.page.click(button);
    expect(await this.page.evaluate("window.wasSent")).toBe(true);
    await this.page.evaluate(`${form}.onsubmit = null; 0`);
    await session.detach();
  }

  async refuse(): Promise<void> {
    await this.#goOn(() => this.page.click(REFUSE));
  }

  /** Whether the page asks for the one answer that grants. */
  async isAskedToConfirm(): Promise<boolean> {
    return (await this.page.$(GRANT)) !== null;
  }

  /** Waits until the browser is at an address that begins so, by itself. */
  async arrive(start: string): Promise<void> {
    await this.page.waitForFunction(`location.href.startsWith(${JSON.stringify(start)})`);
  }

  /** Reads the text of the page. */
  async text(): Promise<string> {
    return String(await this.page.evaluate("document.body.innerText"));
  }

  /** Waits until the page says this. */
  async sees(text: string): Promise<void> {
    await this.page.waitForFunction(`document.body?.innerText.includes(${JSON.stringify(text)})`);
  }

  /** The link with this text. Throws if there is none. */
  async follow(text: RegExp): Promise<void> {
    for (const link of await this.page.$$("a")) {
      const said = await link.evaluate((element) => element.innerText);
      if (!text.test(said)) continue;
      await this.#goOn(() => link.click());
      return;
    }
    throw new Error(`no link says ${String(text)}: ${await this.text()}`);
  }

  async #goOn(act: () => Promise<void>): Promise<void> {
    await Promise.all([this.page.waitForNavigation(), act()]);
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}
