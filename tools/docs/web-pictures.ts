// SPDX-License-Identifier: Apache-2.0
// `npm run web-pictures`: takes the pictures of docs/web.md in Chromium. With `-- --all DIR`, it saves every reading
// page there, at three widths in both color schemes, for somebody to look at.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "puppeteer-core";
import { ROOT } from "../../cli/root.ts";
import { say } from "../../cli/terminal.ts";
import { startChromium } from "../../test/browser/chromium.ts";
import { listReadingPages, openReadingSite } from "../../test/support/pages/reading-pages.ts";

const WIDTHS = [360, 768, 1440] as const;
const SCHEMES = ["light", "dark"] as const;
/** The pictures of the documentation: page, and how much of it. */
const KEPT = [
  { name: "start", height: 720 },
  { name: "results", height: 760 },
  { name: "entry", height: 900 },
  { name: "identity", height: 760 },
] as const;
const KEPT_WIDTH = 1000;

const { values } = parseArgs({ options: { all: { type: "string" } } });

async function keepAll(page: Page, url: string, pages: ReadonlyMap<string, string>, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const scheme of SCHEMES) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of WIDTHS) {
      await page.setViewport({ width, height: 800 });
      for (const [name, path] of pages) {
        await page.goto(`${url}${path}`, { waitUntil: "networkidle0" });
        await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
    }
  }
  say(`${pages.size * WIDTHS.length * SCHEMES.length} pictures in ${folder}`);
}

async function keepForDocs(page: Page, url: string, pages: ReadonlyMap<string, string>): Promise<void> {
  for (const { name, height } of KEPT) {
    await page.setViewport({ width: KEPT_WIDTH, height });
    await page.goto(`${url}${pages.get(name) ?? "/"}`, { waitUntil: "networkidle0" });
    const file = `docs/web-${name}.png`;
    await page.screenshot({ path: join(ROOT, file) });
    say(file);
  }
}

const { stack, made, stop } = await openReadingSite();
const chromium = await startChromium();
try {
  const pages = listReadingPages(made);
  const { page } = await chromium.invite();
  if (values.all === undefined) await keepForDocs(page, stack.url, pages);
  else await keepAll(page, stack.url, pages, resolve(values.all));
} finally {
  await chromium.stop();
  await stop();
}
