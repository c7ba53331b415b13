// SPDX-License-Identifier: Apache-2.0
// Firefox: Web Worker, streams, WebCrypto, windows and Content Security Policy of another engine.

import { existsSync } from "node:fs";
import { launch } from "puppeteer-core";
import { Person } from "./person.ts";

const PATHS = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];

/** Where Firefox is; null if there is none, which `.ci/run` does not accept. */
export function findFirefox(): string | null {
  const chosen = process.env["SIGEDGE_FIREFOX"];
  const found = chosen ?? PATHS.find((path) => existsSync(path));
  if (found !== undefined && existsSync(found)) return found;
  if (chosen !== undefined || process.env["SIGEDGE_CI_RUN"] !== undefined) {
    throw new Error(`no Firefox in ${chosen ?? PATHS.join(", ")}: install firefox-esr, or set SIGEDGE_FIREFOX`);
  }
  return null;
}

/** A running Firefox. */
export interface Firefox {
  /** Somebody with a browser of their own. */
  readonly invite: () => Promise<Person>;
  readonly stop: () => Promise<void>;
}

/** Starts Firefox. @param downloads the folder into which it puts downloads, without a question */
export async function startFirefox(path: string, downloads: string): Promise<Firefox> {
  const browser = await launch({
    browser: "firefox",
    executablePath: path,
    extraPrefsFirefox: {
      "browser.download.folderList": 2,
      "browser.download.dir": downloads,
      "browser.helperApps.alwaysAsk.force": false,
    },
  });
  return {
    invite: async () => {
      const context = await browser.createBrowserContext();
      return new Person(context, await context.newPage());
    },
    stop: () => browser.close(),
  };
}
