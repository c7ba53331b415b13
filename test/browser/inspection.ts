// SPDX-License-Identifier: Apache-2.0
// Every page, for everybody who sees it: axe finds nothing in either color scheme, and nothing scrolls sideways.
// SIGEDGE_SCREENSHOTS=DIR keeps a picture of each.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe, { type AxeResults } from "axe-core";
import type { Page } from "puppeteer-core";
import { expect } from "vitest";

/** The widths of which a picture is kept. */
const KEPT = [360, 768, 1440] as const;
/** The narrowest that WCAG asks for (1.4.10), and a screen of 4K. */
const WIDTHS = [320, ...KEPT, 3840] as const;
const HEIGHT = 800;
const OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
const SCHEMES = ["light", "dark"] as const;

/** Inspects the page in every width and color scheme. @param name of its pictures */
export async function inspect(page: Page, name: string): Promise<void> {
  for (const scheme of SCHEMES) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of WIDTHS) {
      await page.setViewport({ width, height: HEIGHT });
      expect(await measureOverflow(page), `${name} is too wide for ${width} px`).toBe(0);
      if (isKept(width)) await keepPicture(page, `${name}-${width}-${scheme}`);
    }
    expect(await findViolations(page), `${name}, ${scheme}`).toStrictEqual([]);
  }
}

const isKept = (width: number): boolean => (KEPT as readonly number[]).includes(width);

/** Measures by how many pixels the page is too wide. */
export const measureOverflow = async (page: Page): Promise<number> => Number(await page.evaluate(OVERFLOW));

/** Lists what axe finds on the page. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${html}: ${failureSummary.replaceAll(/\s+/g, " ")}`),
  );
}

async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env["SIGEDGE_SCREENSHOTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
