// SPDX-License-Identifier: Apache-2.0
// `npm run web-pictures`: takes the pictures of docs/web.md in Chromium. With `-- --all DIR`, it saves every reading
// page there, at three widths in both color schemes, for somebody to look at.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "puppeteer-core";
import { ROOT } from "../../cli/root.ts";
import { say } from "../../cli/terminal.ts";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { type Chromium, startChromium } from "../../test/browser/chromium.ts";
import { Signer } from "../../test/browser/signer.ts";
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

const FILE = "app.tar.gz";
const ADDRESS = "alice@example.com";

/** Signs a file, then verifies it with its bundle, as docs/web.md tells. */
async function keepSteps(chromium: Chromium, url: string): Promise<void> {
  const alice = await Signer.open(chromium, url);
  const keep = async (name: string): Promise<void> => {
    await alice.page.setViewport({ width: KEPT_WIDTH, height: 200 });
    const file = `docs/web-${name}.png`;
    await alice.page.screenshot({ path: join(ROOT, file), fullPage: true });
    say(file);
  };
  await alice.choose({ [FILE]: "the first release\n" });
  await alice.signIn(ADDRESS);
  await keep("sign");
  await alice.confirm();
  await alice.sees("You signed 1 file");
  await keep("signed");
  await alice.download(FILE);
  await alice.page.goto(`${url}/verify`);
  await alice.page.waitForSelector("#questions:not([hidden])");
  for (const [name, path] of [
    ["file", FILE],
    ["bundle", `${FILE}.sigstore.json`],
  ] as const) {
    const input = await alice.page.$(`#questions input[name="${name}"]`);
    await (input as unknown as { uploadFile: (path: string) => Promise<void> }).uploadFile(join(alice.folder, path));
  }
  await alice.page.locator('#questions [name="identity"]').fill(ADDRESS);
  await alice.page.locator('#questions [name="issuer"]').fill(ownIssuerOf(url));
  await alice.page.click("#questions .go");
  await alice.page.waitForSelector("#result:not([hidden])");
  await keep("verified");
  await alice.leave();
}

const { stack, made, stop } = await openReadingSite();
const chromium = await startChromium();
try {
  const pages = listReadingPages(made);
  const { page } = await chromium.invite();
  if (values.all === undefined) {
    await keepForDocs(page, stack.url, pages);
    await keepSteps(chromium, stack.url);
  } else await keepAll(page, stack.url, pages, resolve(values.all));
} finally {
  await chromium.stop();
  await stop();
}
