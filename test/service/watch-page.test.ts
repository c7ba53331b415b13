// SPDX-License-Identifier: Apache-2.0
// People watch their own names: they sign in with a browser of fetch, choose how they are told, and end it with one
// click. Nobody reaches another's watches.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import { artifactRequest, clientKey, postEntry } from "../support/logs/log-client.ts";
import { type MailApi, startMailApi } from "../support/monitor/mail-api.ts";
import { type Receiver, startReceiver } from "../support/monitor/receiver.ts";
import { Browser, linksOf, type Shown } from "../support/oauth/browser.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ALICE = "Alice@example.com";
const BOB = "bob@example.com";
const NOWHERE = "https://nowhere.example/";
const FORM = "application/x-www-form-urlencoded";

let stack: TestStack;
let receiver: Receiver;
let mail: MailApi;
beforeAll(async () => {
  [receiver, mail] = await Promise.all([startReceiver(), startMailApi()]);
  stack = await startStack({
    vars: {
      MAIL_URL: mail.url,
      MAIL_FROM: "Sigedge <watch@sign.example.com>",
      MAIL_HEADERS: JSON.stringify({ authorization: "Bearer secret" }),
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  await Promise.all([receiver?.stop(), mail?.stop()]);
});

/** A browser in which this person is signed in, and the page that it shows. */
async function signIn(address: string): Promise<{ readonly browser: Browser; readonly page: Shown }> {
  const browser = new Browser();
  const before = await browser.open(`${stack.url}/watch`, NOWHERE);
  const [begin = ""] = linksOf(before);
  const typing = await browser.open(new URL(begin, stack.url).href, NOWHERE);
  const asked = await browser.submit(typing, { address }, NOWHERE);
  return { browser, page: await browser.submit(asked, { answer: "grant" }, NOWHERE) };
}

const tokenOf = ({ html }: Shown): string => /name="token" value="([^"]*)"/.exec(html)?.[1] ?? "";
const idOf = ({ html }: Shown): string => /name="id" value="([^"]*)"/.exec(html)?.[1] ?? "";
const post = (browser: Browser, values: Readonly<Record<string, string>>, headers: object = {}): Promise<Shown> =>
  browser.open(`${stack.url}/watch`, NOWHERE, {
    method: "POST",
    headers: { "content-type": FORM, origin: stack.url, ...headers },
    body: new URLSearchParams(values).toString(),
  });

async function signAs(email: string, artifact: string): Promise<void> {
  const key = clientKey();
  const certificate = await requestCertificateFor(stack, { key, email });
  await postEntry(stack.url, artifactRequest(key, artifact, certificate));
}

describe("a person", () => {
  it("signs in, is told by webhook about their own name only, and stops it", async () => {
    await signAs(ALICE, "before the watch");
    const { browser, page } = await signIn(ALICE);
    expect(page.html).toContain(ALICE);
    expect(page.headers.get("cache-control")).toBe("no-store");
    // Otherwise a browser would send `Origin: null` with every form.
    expect(page.headers.get("referrer-policy")).toBe("same-origin");
    const added = await post(browser, { token: tokenOf(page), do: "start", by: "webhook", url: receiver.url });
    const [secret = ""] = /whsec_[A-Za-z0-9+/=]+/.exec(added.html) ?? [];
    expect(Buffer.from(secret.slice(6), "base64")).toHaveLength(32);
    expect((await browser.open(`${stack.url}/watch`, NOWHERE)).html).not.toContain(secret);
    const tested = await post(browser, { token: tokenOf(added), do: "test", id: idOf(added) });
    expect(tested.html).toContain("has accepted a test");
    await signAs(BOB, "of Bob");
    await signAs(ALICE.toLowerCase(), "of Alice");
    await expect.poll(() => receiver.received.length, { timeout: 30_000 }).toBe(3);
    expect(receiver.received.map(({ type }) => type)).toEqual(["test", "match.unexpected", "match.unexpected"]);
    const stopped = await post(browser, { token: tokenOf(added), do: "stop", id: idOf(added) });
    expect(idOf(stopped)).toBe("");
  });

  it("is told by mail at the proven address, and ends it with one click, without a sign-in", async () => {
    const { browser, page } = await signIn(BOB);
    await post(browser, { token: tokenOf(page), do: "start", by: "mail", to: "mallory@example.net" });
    await signAs(BOB, "another of Bob");
    await expect.poll(() => mail.mails.length, { timeout: 30_000 }).toBe(1);
    const [letter] = mail.mails;
    expect(letter).toMatchObject({
      to: [BOB],
      authorization: "Bearer secret",
      from: "Sigedge <watch@sign.example.com>",
    });
    expect(letter?.text).toContain(BOB);
    expect(letter?.headers["List-Unsubscribe-Post"]).toBe("List-Unsubscribe=One-Click");
    const link = letter?.headers["List-Unsubscribe"]?.slice(1, -1) ?? "";
    expect(letter?.text).toContain(link);
    expect((await fetch(link)).status).toBe(200);
    expect(idOf(await browser.open(`${stack.url}/watch`, NOWHERE))).not.toBe("");
    const ended = await fetch(link, {
      method: "POST",
      headers: { "content-type": FORM },
      body: "List-Unsubscribe=One-Click",
    });
    expect(ended.status).toBe(200);
    expect(idOf(await browser.open(`${stack.url}/watch`, NOWHERE))).toBe("");
    const tampered = `${link.slice(0, -2)}${link.endsWith("AA") ? "BB" : "AA"}`;
    expect((await fetch(tampered, { method: "POST" })).status).toBe(400);
  });
});

describe("nobody", () => {
  it("reaches the watches of another", async () => {
    const alice = await signIn(ALICE);
    const added = await post(alice.browser, { token: tokenOf(alice.page), do: "start", by: "digest" });
    const bob = await signIn(BOB);
    for (const change of ["stop", "test", "resume"]) {
      const refused = await post(bob.browser, { token: tokenOf(bob.page), do: change, id: idOf(added) });
      expect([refused.status, refused.html.includes("no such watch")]).toEqual([400, true]);
    }
    expect(idOf(await alice.browser.open(`${stack.url}/watch`, NOWHERE))).toBe(idOf(added));
  });

  it("sends a form for somebody else's session", async () => {
    const { browser, page } = await signIn(ALICE);
    const other = await signIn(BOB);
    const values = { do: "start", by: "mail" };
    expect((await post(browser, values)).status).toBe(403);
    expect((await post(browser, { ...values, token: tokenOf(other.page) })).status).toBe(403);
    const foreign = { origin: "https://evil.example" };
    expect((await post(browser, { ...values, token: tokenOf(page) }, foreign)).status).toBe(403);
    expect((await post(new Browser(), { ...values, token: tokenOf(page) })).status).toBe(403);
  });

  it("makes a session of their own", async () => {
    const { browser } = await signIn(ALICE);
    const ask = async (cookie: string): Promise<boolean> =>
      (await (await fetch(`${stack.url}/watch`, { headers: { cookie } })).text()).includes("You are signed in");
    const begun = await fetch(`${stack.url}/watch/sign-in`, { redirect: "manual" });
    const [sealed = ""] = begun.headers.getSetCookie().map((line) => line.split(";")[0]?.split("=")[1] ?? "");
    // A sealed text of another purpose is not a session.
    expect(await ask(`sigedge-watch=${sealed}`)).toBe(false);
    expect(await ask(`sigedge-watch=${"A".repeat(100)}`)).toBe(false);
    expect((await browser.open(`${stack.url}/watch`, NOWHERE)).html).toContain("You are signed in");
  });

  it("gets a session from an answer that this browser did not ask for", async () => {
    const begun = await fetch(`${stack.url}/watch/sign-in`, { redirect: "manual" });
    const { searchParams } = new URL(begun.headers.get("location") ?? "");
    const answer = new URLSearchParams({ state: searchParams.get("state") ?? "", iss: `${stack.url}/oidc`, code: "x" });
    const without = await fetch(`${stack.url}/watch/signed-in?${answer.toString()}`, { redirect: "manual" });
    expect([without.status, without.headers.getSetCookie().some((line) => line.startsWith("sigedge-watch="))]).toEqual([
      400,
      false,
    ]);
    const cookie = begun.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const unknown = await fetch(`${stack.url}/watch/signed-in?${answer.toString()}`, {
      redirect: "manual",
      headers: { cookie },
    });
    expect(unknown.status).toBe(400);
  });

  it.each(["http://169.254.169.254/", "https://10.0.0.1/x", "https://intranet/", "ftp://hooks.example.com"])(
    "is told inside a network: %s",
    async (url) => {
      const { browser, page } = await signIn(ALICE);
      const refused = await post(browser, { token: tokenOf(page), do: "start", by: "webhook", url });
      expect([refused.status, refused.html.includes("The address")]).toEqual([400, true]);
    },
  );
});

describe("without an account", () => {
  it("a name has a feed with a validator", async () => {
    const answer = await fetch(`${stack.url}/feed/${encodeURIComponent(ALICE)}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/atom+xml; charset=utf-8"]);
    expect(await answer.text()).toContain("<feed");
    const etag = answer.headers.get("etag") ?? "";
    const again = await fetch(`${stack.url}/feed/${encodeURIComponent(ALICE)}`, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    expect((await fetch(`${stack.url}/feed/search?limit=x`)).status).toBe(400);
  });

  it("no page sets a cookie", async () => {
    for (const path of ["/", "/watch", "/logs", "/search?q=x"])
      expect((await fetch(`${stack.url}${path}`, { headers: { accept: "text/html" } })).headers.getSetCookie()).toEqual(
        [],
      );
  });
});
