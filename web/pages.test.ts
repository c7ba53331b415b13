// SPDX-License-Identifier: Apache-2.0
// What everybody can read and operate: WCAG 2.2, 1.3.1, 1.4.3, 1.4.11 and 2.4.1.

import { describe, expect, it } from "vitest";
import { parsePublicUrl } from "../shared/http/public-url.ts";
import { valueOf } from "../test/support/value-of.ts";
import { homePage } from "./home.ts";
import { renderMisdirected } from "./misdirected.ts";
import { renderNotConfigured } from "./not-configured.ts";

const publicUrl = valueOf(parsePublicUrl("https://sign.example.com"));
const PAGES = {
  home: homePage(publicUrl),
  misdirected: renderMisdirected(publicUrl, "This service answers for"),
  "not configured": renderNotConfigured(["CA_KEY is missing"]),
};

/** Relative luminance (WCAG 2.2, definition of contrast ratio). */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(Object.entries(PAGES))("the page %s", (_, page) => {
  it("has its content in one main landmark", () => {
    expect(page.match(/<main>/g)).toHaveLength(1);
    const [before = "", main = ""] = page.split(/<main>|<\/main>/);
    expect(before).not.toMatch(/<(h1|p|form|dl)\b/);
    expect(main).toContain("<h1>");
    expect(page.trimEnd()).toMatch(/<\/main>\n<\/html>$/);
  });

  it("has a visible label for every input", () => {
    const inputs = page.match(/<input\b/g) ?? [];
    expect(page.match(/<label>[^<]+<input\b[^>]*><\/label>/g) ?? []).toHaveLength(inputs.length);
    expect(page).not.toContain("aria-label");
  });

  it("asks for no icon", () => {
    expect(page).toContain('<link rel="icon" href="data:,">');
  });

  it.each([
    ["text", 4.5],
    ["soft", 4.5],
    ["link", 4.5],
    ["edge", 3],
  ])("has the color --%s at a contrast of %d in both schemes", (name, least) => {
    const colors = (of: string): readonly string[] =>
      [...page.matchAll(new RegExp(`--${of}: (#[0-9a-f]{6})`, "g"))].map(([, color = ""]) => color);
    const backs = colors("back");
    expect(backs).toHaveLength(2);
    for (const [scheme, color] of colors(name).entries())
      expect(contrast(color, backs[scheme] ?? "")).toBeGreaterThanOrEqual(least);
    expect(colors(name)).toHaveLength(2);
  });
});
