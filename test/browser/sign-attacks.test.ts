// SPDX-License-Identifier: Apache-2.0
// Attacks of other pages on the page on which people sign: frames, links, messages, windows; and where a token
// could be left behind.
// Spec: RFC 9700 §4.2, §4.7, §4.16; RFC 9207

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { inspect } from "./inspection.ts";
import { answerOn, Signer } from "./signer.ts";

const ALICE = "alice@example.com";

let stack: TestStack;
let chromium: Chromium;
let alice: Signer;
let site: Server;
/** The page at another site. */
let body = "";
let siteUrl: string;
beforeAll(async () => {
  [stack, chromium] = await Promise.all([startStack(), startChromium()]);
  site = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>A site</title>${body}`);
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  site?.closeAllConnections();
  site?.close();
  await chromium?.stop();
  await stack?.stop();
});
beforeEach(async () => {
  alice = await Signer.open(chromium, stack.url);
});
afterEach(() => alice.leave());

describe("a page of another site", () => {
  it("cannot show the page in a frame", async () => {
    body = `<iframe src="${stack.url}/sign"></iframe>`;
    await alice.page.goto(siteUrl);
    const [, ...inner] = alice.page.frames();
    const frames = await Promise.all(inner.map((frame) => frame.evaluate("document.body?.innerText ?? ''")));
    expect(frames).toHaveLength(1);
    expect(frames.join("")).not.toContain("Sign files");
    expect(alice.person.complaints.join("\n")).toContain("frame-ancestors");
  });

  it("that opens the page has no hold of its window", async () => {
    body = '<button id="open">prize</button>';
    await alice.page.goto(siteUrl);
    await alice.page.evaluate(
      `document.querySelector("#open").onclick = () => { window.opened = open(${JSON.stringify(`${stack.url}/sign`)}); }`,
    );
    const popup = new Promise<void>((resolve) => void alice.page.once("popup", () => resolve()));
    await alice.page.click("#open");
    await popup;
    await alice.page.waitForFunction("window.opened.closed");
    const [, opened] = await alice.person.context.pages();
    await opened?.waitForSelector("#form:not([hidden])");
    expect(await opened?.evaluate("window.opener")).toBeNull();
  });

  it("cannot send somebody the end of a sign-in of its own", async () => {
    await alice.choose({ "one.txt": "one\n" });
    const window = await alice.beginSignIn();
    const victim = await alice.person.context.newPage();
    const answer = await victim.goto(`${stack.url}/sign?code=of-mallory&state=of-mallory&iss=${stack.url}/oidc`);
    expect(answer?.headers()["cache-control"]).toBe("no-store");
    await victim.waitForFunction("document.body.innerText.includes('Nobody waits for this sign-in')");
    expect(victim.url()).toBe(`${stack.url}/sign`);
    await inspect(victim, "sign-nobody-waits");
    expect(await alice.text()).toContain("Waiting for you to sign in");
    await window.signInAtDevelopment(ALICE);
    await answerOn(window.page, "grant");
    await alice.page.waitForSelector("#confirm");
  });

  it("cannot answer in the place of the provider, nor with the state of the sign-in", async () => {
    await alice.choose({ "one.txt": "one\n" });
    const window = await alice.beginSignIn();
    const address = await alice.page.$eval("#stage a", (link) => link.getAttribute("href") ?? "");
    const state = new URL(address).searchParams.get("state") ?? expect.fail("no state");
    const forged = new URLSearchParams({ code: "of-mallory", state, iss: "https://mallory.example" });
    body = "";
    const attacker = await alice.person.context.newPage();
    await attacker.goto(siteUrl);
    await attacker.evaluate(
      `new BroadcastChannel("sigedge-sign-in").postMessage(${JSON.stringify(`?${forged.toString()}`)})`,
    );
    await alice.page.evaluate(
      `postMessage(${JSON.stringify(`?${forged.toString()}`)}, "*"); new Promise((resolve) => setTimeout(resolve, 300))`,
    );
    expect(await alice.text()).toContain("Waiting for you to sign in");
    // At the redirect address itself the state counts, and then the issuer must be the right one.
    await window.page.goto(`${stack.url}/sign?${forged.toString()}`);
    await alice.sees("Sign files");
    expect(await alice.text()).toContain("answered by an identity provider that is not this site’s");
  });
});

it("a token is in one answer and nowhere else", async () => {
  const requests: string[] = [];
  const bodies: string[] = [];
  alice.page.on("request", (request) => {
    requests.push(request.url(), request.headers()["referer"] ?? "");
    if (!request.url().endsWith("/api/v2/signingCert")) bodies.push(request.postData() ?? "");
  });
  let token = "";
  let code = "";
  alice.page.on("response", (response) => {
    if (!response.url().endsWith("/oidc/token")) return;
    code = new URLSearchParams(response.request().postData()).get("code") ?? "";
    expect(response.headers()["cache-control"]).toBe("no-store");
    void response.json().then((answer) => (token = String((answer as { id_token: unknown }).id_token)));
  });
  await alice.choose({ "one.txt": "token\n" });
  await alice.signIn(ALICE);
  await alice.confirm();
  await alice.sees("You signed 1 file");
  expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(code).not.toBe("");
  const left = await alice.page.evaluate(`(async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.referrer, history.state,
    (await indexedDB.databases()).length, await caches.keys(), document.documentElement.outerHTML,
    performance.getEntries().map(({ name }) => name),
  ]))()`);
  const bundle = await alice.download("one.txt");
  const logged = stack.logs.map(({ message }) => message).join("\n");
  for (const text of [...requests, ...bodies, String(left), bundle, logged]) expect(text).not.toContain(token);
  for (const text of [...requests, String(left), bundle, logged]) expect(text).not.toContain(code);
  expect(requests.filter((url) => url !== "" && !url.startsWith(stack.url) && !url.startsWith("blob:"))).toEqual([]);
});

it("says why nobody can sign where no provider is connected, and gives the command", async () => {
  const config = await (await fetch(`${stack.url}/signing_config.json`)).json<object>();
  await alice.page.setRequestInterception(true);
  alice.page.on("request", (request) => {
    const changed = { body: JSON.stringify({ ...config, oidcUrls: [] }) };
    void (request.url().endsWith("/signing_config.json") ? request.respond(changed) : request.continue());
  });
  await alice.page.goto(`${stack.url}/sign`);
  await alice.page.waitForSelector("#unable:not([hidden])");
  expect(await alice.text()).toContain("Nobody can sign in at this site");
  expect(await alice.text()).toContain(`npx sigedge sign FILE --url ${stack.url} --identity-token`);
  await inspect(alice.page, "sign-unable");
});

it("says why nobody can sign where people sign in elsewhere", async () => {
  const other = await startStack({ vars: { OIDC_PROVIDERS: '["https://login.example.com"]' } });
  await alice.page.goto(`${other.url}/sign`);
  await alice.page.waitForSelector("#unable:not([hidden])");
  expect(await alice.text()).toContain("People sign in at https://login.example.com here");
  await other.stop();
});

it("says without a script what to do instead", async () => {
  await alice.page.setJavaScriptEnabled(false);
  await alice.page.goto(`${stack.url}/sign`);
  expect(await alice.text()).toContain("Signing here needs a script");
  expect(await alice.text()).toContain(`npx sigedge sign FILE --url ${stack.url}`);
  expect(await alice.page.$("#form:not([hidden])")).toBeNull();
});
