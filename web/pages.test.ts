// SPDX-License-Identifier: Apache-2.0
// The pages that the front end makes by itself, and the tokens of every page: WCAG 2.2, 1.3.1, 1.4.3, 1.4.11, 2.4.1.

import { describe, expect, it } from "vitest";
import { parsePublicUrl } from "../shared/http/public-url.ts";
import { SHARED_STYLE } from "../shared/pages/style.ts";
import { valueOf } from "../test/support/value-of.ts";
import { renderMisdirected } from "./misdirected.ts";
import { renderNotConfigured } from "./not-configured.ts";

const publicUrl = valueOf(parsePublicUrl("https://sign.example.com"));
const PAGES = {
  misdirected: renderMisdirected(publicUrl, "This service <answers> for"),
  "not configured": renderNotConfigured(["CA_KEY is <missing>"]),
};

/** Relative luminance (WCAG 2.2, definition of contrast ratio). */
function luminance(color: string): number {
  const digits = color.length === 4 ? color.replaceAll(/[0-9a-f]/g, "$&$&") : color;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(Object.entries(PAGES))("the page %s", (_, page) => {
  it("has its content in one main landmark, escapes its texts and loads nothing", () => {
    expect(page.match(/<main\b/g)).toHaveLength(1);
    expect(page.match(/<h1>/g)).toHaveLength(1);
    expect(page).toMatch(/&#60;(?:answers|missing)&#62;/);
    expect(page).not.toMatch(/<link rel="stylesheet"|<script|<img|url\(/);
    expect(page).toContain('<link rel="icon" href="data:,">');
  });
});

/** The color of a token in the light and the dark scheme. */
function colorsOf(token: string): readonly [string, string] {
  const [, light = "", dark = ""] = new RegExp(`--${token}:light-dark\\((#\\w+),(#\\w+)\\)`).exec(SHARED_STYLE) ?? [];
  return [light, dark];
}

it.each([
  ["ink", "bg", 4.5],
  ["ink", "sunk", 4.5],
  ["ink2", "bg", 4.5],
  ["ink2", "sunk", 4.5],
  ["accent", "bg", 4.5],
  ["on-accent", "accent", 4.5],
  ["ok", "bg", 4.5],
  ["bad", "bg", 4.5],
  ["warn", "bg", 4.5],
  ["ink", "warn-bg", 4.5],
  ["edge", "bg", 3],
])("the color --%s on --%s has a contrast of %d in both schemes", (text, ground, least) => {
  for (const scheme of [0, 1] as const) {
    expect(contrast(colorsOf(text)[scheme], colorsOf(ground)[scheme])).toBeGreaterThanOrEqual(least);
  }
});
