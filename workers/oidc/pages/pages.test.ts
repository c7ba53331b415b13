// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { makeErrorPage } from "./error-page.ts";
import type { Asker, ConfirmPage, Page } from "./page.ts";
import { respondWithPage } from "./respond.ts";
import { STYLE } from "./style.ts";

const REQUEST = new Request("https://sign.example/oidc/auth");
/** In every text that a page shows: markup, quotation marks of both kinds, an entity. */
const HOSTILE = `"><script>alert('x')</script>&lt;`;

const program: Asker = { kind: "loopback", client: HOSTILE, port: "38461" };
const device: Asker = {
  kind: "device",
  client: HOSTILE,
  userCode: "WXYZ-BCDF",
  askedSecondsAgo: 130,
  country: "NL",
  network: "other",
};
const confirm: ConfirmPage = {
  kind: "confirm",
  action: "/oidc/confirm",
  ticket: HOSTILE,
  addresses: [HOSTILE],
  connector: { name: HOSTILE, kind: "oidc", id: HOSTILE },
  asker: program,
  offersToRemember: true,
  otherAccountHref: HOSTILE,
};

/** Each page in each state that changes its markup. */
const PAGES: readonly (readonly [string, Page])[] = [
  [
    "choose",
    {
      kind: "choose",
      asker: program,
      cancelHref: HOSTILE,
      connectors: [{ name: HOSTILE, connector: "oidc", href: HOSTILE }],
    },
  ],
  ["confirm", confirm],
  ["confirm, several addresses", { ...confirm, addresses: [HOSTILE, "alice@example.com"] }],
  ["confirm, a terminal", { ...confirm, asker: { kind: "terminal", client: HOSTILE } }],
  ["confirm, a site", { ...confirm, asker: { kind: "site", client: HOSTILE, host: HOSTILE } }],
  ["confirm, a device", { ...confirm, asker: device }],
  ["confirm, a device, several addresses", { ...confirm, asker: device, addresses: [HOSTILE, "a@b"] }],
  ["device", { kind: "device", action: "/oidc/device", userCode: HOSTILE, problem: null }],
  ["device, wrong code", { kind: "device", action: "/oidc/device", userCode: null, problem: "code_unknown" }],
  ["device done", { kind: "device_done", client: HOSTILE, address: HOSTILE }],
  ["device refused", { kind: "device_done", client: HOSTILE, address: null }],
  ["code", { kind: "code", client: HOSTILE, code: HOSTILE, address: HOSTILE, expiresInSeconds: 300 }],
  [
    "forward",
    { kind: "forward", href: `http://localhost:1/?${HOSTILE}`, reason: "granted", to: HOSTILE, address: HOSTILE },
  ],
  ["forward, refused", { kind: "forward", href: "http://localhost:1/", reason: "refused", to: HOSTILE, address: null }],
  [
    "email",
    { kind: "email", action: "/oidc/callback/development", state: HOSTILE, loginHint: HOSTILE, problem: HOSTILE },
  ],
  [
    "error",
    makeErrorPage(
      { code: "parameter_repeated", parameter: HOSTILE },
      { requestId: HOSTILE, againHref: HOSTILE, cancelHref: HOSTILE, refusal: null },
    ),
  ],
  [
    "error, a device",
    makeErrorPage(
      { code: "parameter_repeated", parameter: HOSTILE },
      { requestId: null, againHref: null, cancelHref: null, refusal: { action: "/oidc/confirm", ticket: HOSTILE } },
    ),
  ],
];

const countOf = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;
const idsIn = (text: string, attribute: string): readonly string[] =>
  [...text.matchAll(new RegExp(` ${attribute}="([^"]*)"`, "g"))].map(([, id = ""]) => id);

describe.each(PAGES)("the page %s", (_, page) => {
  const response = respondWithPage(REQUEST, page);
  const read = response.text();

  test("shows what it is given as text, never as markup", async () => {
    const text = await read;
    expect(text).not.toContain("<script");
    expect(text).not.toContain("alert('x')");
    // Every attribute is closed where it was opened: without them, no quotation mark is left in a tag.
    for (const [tag] of text.replace(/<style>[^]*<\/style>/, "").matchAll(/<[a-z][^>]*>/g)) {
      expect(tag.slice(1).replaceAll(/ [a-zA-Z-]+="[^"<>]*"/g, "")).not.toMatch(/["'<]/);
    }
  });

  test("has one heading, one main part, a title with the host, and a language", async () => {
    const text = await read;
    expect(countOf(text, /<h1>/g)).toBe(1);
    expect(countOf(text, /<main /g)).toBe(1);
    expect(text).toMatch(/<title>[^<]+ · sign\.example<\/title>/);
    expect(text).toContain('<html lang="en">');
    expect(text).toContain(">sign.example</span>");
  });

  test("names every control, and describes it by what is there", async () => {
    const text = await read;
    const ids = new Set(idsIn(text, "id"));
    expect(ids.size).toBe(idsIn(text, "id").length);
    for (const id of [...idsIn(text, "for"), ...idsIn(text, "aria-describedby")]) expect(ids).toContain(id);
    const labeled = new Set(idsIn(text, "for"));
    for (const [input] of text.matchAll(/<input [^>]*>/g)) {
      if (/type="(?:hidden|checkbox|radio)"/.test(input)) continue;
      expect(labeled).toContain(/ id="([^"]*)"/.exec(input)?.[1]);
    }
    expect(countOf(text, /type="(?:checkbox|radio)"/g)).toBe(countOf(text, /<label class="choice"><input/g));
  });

  test("may load nothing, run nothing, be framed by nobody, and send only its own form", async () => {
    const policy = response.headers.get("content-security-policy") ?? "";
    const style = /<style>([^]*)<\/style>/.exec(await read)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    const hasForm = (await read).includes("<form ");
    const form = hasForm ? "'self'" : "'none'";
    expect(policy.split("; ")).toStrictEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      `form-action ${form}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(response.headers.get("referrer-policy")).toBe(hasForm ? "same-origin" : "no-referrer");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await read).not.toMatch(/ style="|<link|<img|url\(/);
  });

  test("moves on by itself only where the program gets its answer", async () => {
    expect((await read).includes('http-equiv="refresh"')).toBe(page.kind === "forward");
  });
});

test("the safe button of a device comes first", async () => {
  const text = await respondWithPage(REQUEST, { ...confirm, asker: device }).text();
  expect(text.indexOf('value="refuse"')).toBeLessThan(text.indexOf('value="grant"'));
});

describe("colors", () => {
  /** Returns the color of a token in light and in dark. */
  function colorsOf(token: string): readonly [string, string] {
    const [, light = "", dark = ""] = new RegExp(`--${token}:light-dark\\((#\\w+),(#\\w+)\\)`).exec(STYLE) ?? [];
    return [light, dark];
  }

  // WCAG 2.2, relative luminance and contrast ratio.
  function luminanceOf(color: string): number {
    const hex = color.length === 4 ? color.slice(1).replaceAll(/./g, "$&$&") : color.slice(1);
    const [red = 0, green = 0, blue = 0] = [0, 2, 4]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
  function contrastOf(one: string, other: string): number {
    const [low = 0, high = 0] = [luminanceOf(one), luminanceOf(other)].toSorted((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  test.each([
    ["ink", "bg", 4.5],
    ["ink2", "bg", 4.5],
    ["accent", "bg", 4.5],
    ["on-accent", "accent", 4.5],
    ["ok", "bg", 4.5],
    ["bad", "bg", 4.5],
    ["ink", "warn-bg", 4.5],
    ["edge", "bg", 3],
  ])("%s on %s has a contrast of %d in both schemes", (front, back, least) => {
    const fronts = colorsOf(front);
    const backs = colorsOf(back);
    for (const scheme of [0, 1] as const) {
      expect(contrastOf(fronts[scheme], backs[scheme])).toBeGreaterThanOrEqual(least);
    }
  });
});
