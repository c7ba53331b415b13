// SPDX-License-Identifier: Apache-2.0
// Chromium, for what no other judge sees: Content Security Policy, cookies, origins, focus, contrast and width.

import { existsSync } from "node:fs";
import { type Browser, launch } from "puppeteer-core";
import { Person } from "./person.ts";

/** Debian's, and where others put it. */
const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A mouse, which a browser without a screen lacks. The values are Blink's HoverType and PointerType. */
const MOUSE = "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4";

/** A running browser. */
export interface Chromium {
  readonly version: string;
  /** Somebody with a browser of their own: nothing that others did in theirs is known there. */
  readonly invite: () => Promise<Person>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts Chromium. Throws if there is none.
 * @param standInPort where every host but those of this machine is, over TLS with any certificate
 */
export async function startChromium(standInPort: number | null = null): Promise<Chromium> {
  const rules = `--host-resolver-rules=MAP * 127.0.0.1:${standInPort}, EXCLUDE localhost, EXCLUDE 127.0.0.1`;
  const browser = await launch({
    executablePath: findChromium(),
    acceptInsecureCerts: standInPort !== null,
    args: [
      `--blink-settings=${MOUSE}`,
      // Chromium's sandbox does not run as root.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ...(standInPort === null ? [] : [rules]),
    ],
  });
  return {
    version: await browser.version(),
    invite: () => invite(browser),
    stop: () => browser.close(),
  };
}

function findChromium(): string {
  const chosen = process.env["SIGEDGE_CHROMIUM"];
  const found = chosen ?? PATHS.find((path) => existsSync(path));
  if (found === undefined || !existsSync(found)) {
    throw new Error(`no Chromium in ${chosen ?? PATHS.join(", ")}: install it, or set SIGEDGE_CHROMIUM to its path`);
  }
  return found;
}

async function invite(browser: Browser): Promise<Person> {
  const context = await browser.createBrowserContext();
  return new Person(context, await context.newPage());
}
