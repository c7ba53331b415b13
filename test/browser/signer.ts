// SPDX-License-Identifier: Apache-2.0
// Somebody who signs on the page: chooses files, signs in in the window that opens, confirms, downloads.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import type { Chromium } from "./chromium.ts";
import { Person } from "./person.ts";

interface Clickable {
  readonly click: () => void;
}

/** Answers the question of the provider. Without the mouse: the window is new, and its page may still move. */
export async function answerOn(page: Page, answer: "grant" | "refuse"): Promise<void> {
  const button = await page.waitForSelector(`button[name="answer"][value="${answer}"]`);
  await button?.evaluate((one) => (one as unknown as Clickable).click());
}

/** Somebody in front of the page. */
export class Signer {
  readonly person: Person;
  readonly page: Page;
  /** Where their files are, and where downloads go. */
  readonly folder: string = mkdtempSync(join(tmpdir(), "sigedge-page-"));
  readonly #url: string;

  private constructor(person: Person, url: string) {
    this.person = person;
    this.page = person.page;
    this.#url = url;
  }

  /** Opens the page. @param url of the deployment */
  static async open(chromium: Chromium, url: string): Promise<Signer> {
    const signer = new Signer(await chromium.invite(), url);
    const devTools = await signer.page.createCDPSession();
    const behavior = { behavior: "allow", downloadPath: signer.folder } as const;
    await devTools.send("Browser.setDownloadBehavior", {
      ...behavior,
      ...(signer.person.context.id === undefined ? {} : { browserContextId: signer.person.context.id }),
    });
    await signer.page.goto(`${url}/sign`);
    return signer;
  }

  /** Writes files and chooses them. @param files text by name */
  async choose(files: Readonly<Record<string, string>>): Promise<void> {
    await this.choosePaths(Object.entries(files).map(([name, text]) => this.write(name, text)));
  }

  async choosePaths(paths: readonly string[]): Promise<void> {
    await this.page.waitForSelector("#form:not([hidden])");
    const input = await this.page.$("#files");
    await (input as unknown as { uploadFile: (...paths: readonly string[]) => Promise<void> }).uploadFile(...paths);
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Clicks, and gives the window that opens. */
  async beginSignIn(): Promise<Person> {
    const opened = new Promise<Page>((resolve) => this.page.once("popup", (page) => page !== null && resolve(page)));
    await this.page.click("#start");
    const window = await opened;
    await window.waitForSelector("main");
    return new Person(this.person.context, window);
  }

  /** Signs in at a connector, and waits for the question on the page. */
  async signIn(
    address: string,
    answer: "grant" | "refuse" = "grant",
    connector: "development" | "work" = "development",
  ): Promise<void> {
    const window = await this.beginSignIn();
    if ((await window.page.$(`a[href*="/auth/${connector}?"]`)) !== null) await window.choose(connector);
    await (connector === "work" ? window.signInAtWork(address) : window.signInAtDevelopment(address));
    await answerOn(window.page, answer);
    if (answer === "grant") await this.page.waitForSelector("#confirm");
  }

  async confirm(): Promise<void> {
    await this.page.click("#confirm");
  }

  /** Waits until the heading says this. */
  async sees(heading: string): Promise<void> {
    await this.page.waitForFunction(
      `[...document.querySelectorAll("h1")].some((one) => one.checkVisibility() && one.innerText.includes(${JSON.stringify(heading)}))`,
    );
  }

  /** The text that a person can read. */
  async text(): Promise<string> {
    return await this.person.text();
  }

  /** Downloads the bundle of a file, and gives its text. */
  async download(name: string): Promise<string> {
    await this.page.click(`a[download="${name}.sigstore.json"]`);
    for (let attempt = 0; attempt < 600; attempt++) {
      if (readdirSync(this.folder).includes(`${name}.sigstore.json`)) {
        const text = readFileSync(join(this.folder, `${name}.sigstore.json`), "utf8");
        if (text.endsWith("\n")) return text;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no bundle of ${name} was downloaded`);
  }

  get url(): string {
    return this.#url;
  }

  async leave(): Promise<void> {
    await this.person.leave();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
