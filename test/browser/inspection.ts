// SPDX-License-Identifier: Apache-2.0
// Every page, for everybody who sees it: axe finds nothing on a wide screen in light and on a phone in dark, and
// nothing scrolls sideways from 320 px to 4K.
// SIGEDGE_SCREENSHOTS=DIR keeps a picture of each.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe, { type AxeResults } from "axe-core";
import type { Page } from "puppeteer-core";
import { expect } from "vitest";

/** The widths of which a picture is kept. */
const KEPT = [360, 768, 1440] as const;
/** 320 px is the narrowest that WCAG asks for (1.4.10), 3840 px a screen of 4K. axe looks at the last one. */
const WIDTHS = { light: [3840, 320, ...KEPT], dark: [3840, 1440, 768, 320, 360] } as const;
const HEIGHT = 800;
const OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
const SCHEMES = ["light", "dark"] as const;

/** Inspects the page in every width and in both color schemes. @param name of its pictures */
export async function inspect(page: Page, name: string): Promise<void> {
  for (const scheme of SCHEMES) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of WIDTHS[scheme]) {
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
