// SPDX-License-Identifier: Apache-2.0
// The cookies by which a sign-in knows its browser, on an https deployment and on a local stack.
// Spec: RFC 6265bis §4.1.3.2; RFC 9700 §4.7

import { expect, it } from "vitest";
import { parsePublicUrl } from "../../../shared/http/public-url.ts";
import type { Platform } from "../platform.ts";
import { isFromBrowser, makeConfirmedCookie, markBrowser } from "./browser.ts";

const urlOf = (text: string) => {
  const url = parsePublicUrl(text);
  return url.ok ? url.value : expect.fail(text);
};
const SITE = urlOf("https://sign.example.com");
const LOCAL = urlOf("http://localhost:8787");
const PLATFORM = { randomBytes: (length: number) => new Uint8Array(length).fill(7) } as Platform;
const ask = (cookie = ""): Request => new Request("https://sign.example.com/oidc/auth", { headers: { cookie } });

/** The browser that got a cookie, and the pair that it sends back. */
function markNew(url = SITE): { readonly hash: string; readonly pair: string; readonly attributes: readonly string[] } {
  const { hash, cookie } = markBrowser(ask(), url, PLATFORM);
  const [pair = "", ...attributes] = (cookie ?? expect.fail("no cookie")).split("; ");
  return { hash, pair, attributes };
}

it("no other host sets them, no script reads them, and no other site sends them along", () => {
  const { pair, attributes } = markNew();
  expect(pair).toMatch(/^__Host-sigedge-browser-[\w-]{8}=[\w-]{22}$/);
  expect(attributes).toEqual(["Path=/", "HttpOnly", "SameSite=Lax", "Secure"]);
  const [confirmed = "", ...others] = makeConfirmedCookie(SITE, "x", 60).split("; ");
  expect([confirmed, others]).toEqual(["__Host-sigedge-confirmed=x", [...attributes, "Max-Age=60"]]);
  expect(markNew(LOCAL).attributes).toEqual(["Path=/", "HttpOnly", "SameSite=Lax"]);
});

it("a browser is known by its cookie alone", () => {
  const { hash, pair } = markNew();
  const [name = "", value = ""] = pair.split("=");
  expect(isFromBrowser(ask(`a=b; ${pair}`), SITE, hash)).toBe(true);
  expect(markBrowser(ask(pair), SITE, PLATFORM)).toEqual({ hash, cookie: null });
  const others = ["", `${name}=${value.slice(1)}A`, `x${pair}`, `${name}=${hash}`, pair.replace("__Host-", ""), value];
  for (const other of others) expect([other, isFromBrowser(ask(other), SITE, hash)]).toEqual([other, false]);
});
