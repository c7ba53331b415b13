// SPDX-License-Identifier: Apache-2.0
// A program that listens on this computer signs a person in, in Chromium: every page, every host that a listener may
// have, and everything that another browser or another site may try.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HTTPRequest } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findFreePort } from "../../cli/address.ts";
import { valueOf } from "../support/value-of.ts";
import { inspect } from "./inspection.ts";
import type { Person } from "./person.ts";
import { ALICE, claimsOf, openScene, type Scene } from "./scene.ts";

let scene: Scene;
let development: string;
let work: string;
let alice: Person;
beforeAll(async () => {
  scene = await openScene();
  ({ development, work } = scene.deployment.connectors);
});
afterAll(() => scene?.stop());
beforeEach(async () => {
  alice = await scene.invite();
});
afterEach(async () => {
  scene.clear();
  await alice.leave();
});

/** The program ends once it has its token, at times within the page that it answers the browser with. */
const complaintsOfOurs = ({ complaints }: Person): readonly string[] =>
  complaints.filter((text) => !text.includes("/auth/callback?code="));

describe("a person signs in", () => {
  it("at the development connector, through every page", async () => {
    const program = await scene.start();
    await alice.open(await program.opened);
    await inspect(alice.page, "choose");
    await alice.choose("development");
    await inspect(alice.page, "development");
    await alice.signInAtDevelopment(ALICE);
    await inspect(alice.page, "confirm");
    await alice.grant();
    expect(await claimsOf(program)).toMatchObject(scene.granted("development"));
    await alice.arrive("http://localhost:");
    await alice.page.waitForFunction("document.body.innerText.includes('successful')");
    expect(complaintsOfOurs(alice)).toStrictEqual([]);
  });

  it("at a provider that is another site, and comes back with the cookie", async () => {
    const program = await scene.start();
    await alice.open(await program.opened);
    await alice.choose("work");
    await alice.signInAtWork(ALICE);
    expect(await alice.isAskedToConfirm()).toBe(true);
    await alice.grant();
    expect(await claimsOf(program)).toMatchObject(scene.granted("work"));
    expect(complaintsOfOurs(alice)).toStrictEqual([]);
    const [cookie, ...others] = await alice.context.cookies();
    const own = [cookie, ...others].filter((one) => one?.domain === "localhost");
    expect(own).toMatchObject([
      {
        name: expect.stringMatching(/^sigedge-browser-[\w-]{8}$/),
        path: "/",
        httpOnly: true,
        sameSite: "Lax",
        session: true,
      },
    ]);
  });

  it("at the connector that the program names", async () => {
    const program = await scene.start("-connector", work);
    await alice.open(await program.opened);
    expect(alice.page.url()).toContain(work);
    await alice.signInAtWork(ALICE);
    await alice.grant();
    expect(await claimsOf(program)).toMatchObject(scene.granted("work"));
    expect(complaintsOfOurs(alice)).toStrictEqual([]);
  });

  it.each(["localhost", "127.0.0.1", "[::1]"])("for a listener on %s", async (host) => {
    const port = valueOf(await findFreePort(0));
    const redirect = `http://${host}:${port}/auth/callback`;
    const program = await scene.start("-redirect", redirect, "-connector", development);
    await alice.open(await program.opened);
    await alice.signInAtDevelopment(ALICE);
    await alice.grant();
    expect(await claimsOf(program)).toMatchObject(scene.granted("development"));
    await alice.arrive(`${redirect}?`);
    expect(complaintsOfOurs(alice)).toStrictEqual([]);
  });

  it("with the keyboard alone", async () => {
    const program = await scene.start();
    await alice.open(await program.opened);
    await pressUntilFocused(alice, 'a[href*="/auth/development?"]');
    await Promise.all([alice.page.waitForNavigation(), alice.page.keyboard.press("Enter")]);
    await pressUntilFocused(alice, 'input[name="address"]');
    await alice.page.keyboard.type(ALICE);
    await Promise.all([alice.page.waitForNavigation(), alice.page.keyboard.press("Enter")]);
    await pressUntilFocused(alice, 'button[value="grant"]');
    await Promise.all([alice.page.waitForNavigation(), alice.page.keyboard.press("Space")]);
    expect(await claimsOf(program)).toMatchObject(scene.granted("development"));
    expect(complaintsOfOurs(alice)).toStrictEqual([]);
  });
});

/** As many elements as a page of ours has at most. */
const MAX_TABS = 20;

/** Presses Tab until an element that matches has the focus, and expects each focus to be visible. */
async function pressUntilFocused({ page }: Person, selector: string): Promise<void> {
  for (let presses = 0; presses < MAX_TABS; presses++) {
    await page.keyboard.press("Tab");
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).not.toBe("none");
    if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
  }
  throw new Error(`no key reaches ${selector}`);
}

describe("a person does not sign in", () => {
  const CANCELLED = /invalid_grant.*refused or cancelled in the browser/;

  it("who cancels here", async () => {
    const program = await scene.start("-connector", development);
    await alice.open(await program.opened);
    await alice.signInAtDevelopment(ALICE);
    await alice.refuse();
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringMatching(CANCELLED)]);
    expect(complaintsOfOurs(alice)).toStrictEqual([]);
  });

  it("who cancels at the provider, and tells the program by a link", async () => {
    const program = await scene.start("-connector", work);
    await alice.open(await program.opened);
    await alice.cancelAtWork();
    await inspect(alice.page, "cancelled-there");
    await alice.follow(/cancel/i);
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringMatching(CANCELLED)]);
  });

  it("whose address the provider has not verified", async () => {
    const program = await scene.start("-connector", work);
    await alice.open(await program.opened);
    await alice.signInAtWork("unverified@example.com");
    await inspect(alice.page, "unverified");
    expect(await alice.isAskedToConfirm()).toBe(false);
    expect(await alice.text()).toContain("unverified@example.com");
  });
});

describe("a remembered confirmation", () => {
  it("counts for what a program opens, and not for what a page of another site opens", async () => {
    const first = await scene.start("-connector", development);
    await alice.open(await first.opened);
    await alice.signInAtDevelopment(ALICE);
    await alice.page.click('input[name="remember"]');
    await alice.grant();
    await claimsOf(first);

    const second = await scene.start("-connector", development);
    await alice.open(await second.opened);
    await alice.signInAtDevelopment(ALICE);
    expect(await claimsOf(second)).toMatchObject(scene.granted("development"));

    const third = await scene.start("-connector", development);
    const site = await startSite((await third.opened).replaceAll("&", "&amp;"), (url) => `<a href="${url}">prize</a>`);
    await alice.open(site.url);
    await alice.follow(/prize/);
    await alice.signInAtDevelopment(ALICE);
    expect(await alice.isAskedToConfirm()).toBe(true);
    site.stop();
  });
});

describe("another browser", () => {
  it("cannot finish what this one began, and this one still can", async () => {
    const program = await scene.start("-connector", work);
    const mallory = await scene.invite();
    await alice.open(await program.opened);
    const back = await stealWayBack(alice, () => alice.signInAtWork(ALICE));
    const answer = await mallory.open(back);
    expect(answer?.status()).toBe(400);
    expect(await mallory.isAskedToConfirm()).toBe(false);
    await inspect(mallory.page, "another-browser");
    await mallory.leave();

    await alice.open(back);
    await alice.grant();
    expect(await claimsOf(program)).toMatchObject(scene.granted("work"));
  });
});

/** The address at which the browser would come back from the provider; it does not get there. */
async function stealWayBack({ page }: Person, act: () => Promise<void>): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const intercept = (request: HTTPRequest): void => {
    const isBack = request.url().startsWith(`${scene.deployment.issuer}/callback/`);
    if (isBack) resolve(request.url());
    void (isBack ? request.abort() : request.continue());
  };
  await page.setRequestInterception(true);
  page.on("request", intercept);
  // The navigation fails, as it was stopped.
  await act().catch(() => undefined);
  const address = await promise;
  page.off("request", intercept);
  await page.setRequestInterception(false);
  return address;
}

describe("a page of another site", () => {
  it("cannot send the form that grants", async () => {
    const program = await scene.start("-connector", development);
    await alice.open(await program.opened);
    await alice.signInAtDevelopment(ALICE);
    const ticket = await alice.page.$eval('input[name="ticket"]', (input) => input.getAttribute("value") ?? "");
    const site = await startSite(
      ticket,
      (stolen) => `<form method="post" action="${scene.deployment.issuer}/confirm">
<input name="ticket" value="${stolen}"><input name="address" value="${ALICE}">
<button name="answer" value="grant">prize</button></form>`,
    );
    const page = alice.page.url();
    await alice.open(site.url);
    await alice.grant();
    expect(alice.page.url()).toBe(`${scene.deployment.issuer}/confirm`);
    await inspect(alice.page, "foreign-form");
    site.stop();
    await alice.open(page);
    await alice.grant();
    expect(await claimsOf(program)).toMatchObject(scene.granted("development"));
  });

  it("cannot show a page of ours in a frame", async () => {
    const site = await startSite(`${scene.deployment.issuer}/device`, (url) => `<iframe src="${url}"></iframe>`);
    await alice.open(site.url);
    const [, ...inner] = alice.page.frames();
    const frames = await Promise.all(inner.map((frame) => frame.evaluate("document.body.innerText")));
    expect(frames).toHaveLength(1);
    expect(frames.join("")).not.toContain("code");
    expect(alice.complaints.join("\n")).toContain("frame-ancestors");
    site.stop();
  });
});

interface Site {
  readonly url: string;
  readonly stop: () => void;
}

/** A page at another site. */
async function startSite(value: string, body: (value: string) => string): Promise<Site> {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>A site</title>${body(value)}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop };
}
