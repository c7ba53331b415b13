// SPDX-License-Identifier: Apache-2.0
// The page on which people sign, in Chromium, against the whole service: files, statements, and everything that can go
// wrong on the way.

import { truncateSync } from "node:fs";
import { join } from "node:path";
import type { HTTPRequest } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { inspect } from "./inspection.ts";
import { answerOn, Signer } from "./signer.ts";

const ALICE = "alice@example.com";
/** As much as a page signs whole; web/client/sign has the same. */
const MAX_PLAIN_BYTES = 1024 * 1024 * 1024;

let stack: TestStack;
let chromium: Chromium;
let alice: Signer;
beforeAll(async () => {
  [stack, chromium] = await Promise.all([startStack(), startChromium()]);
});
afterAll(async () => {
  await chromium?.stop();
  await stack?.stop();
});
beforeEach(async () => {
  alice = await Signer.open(chromium, stack.url);
});
afterEach(() => alice.leave());

/** `sigedge verify`, with the bundle beside the file. */
async function expectVerified(name: string, ...flags: readonly string[]): Promise<void> {
  await alice.download(name);
  const who = ["--identity", ALICE, "--issuer", ownIssuerOf(stack.url), "--url", stack.url];
  const args = ["verify", join(alice.folder, name), ...who, ...flags];
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", {
    args,
    env: { XDG_CACHE_HOME: join(alice.folder, "cache") },
  }).ended;
  expect(code, stdout + stderr).toBe(0);
}

/** An answer in place of a service's own; null: there is none. */
type Answer = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | null;

/** Answers requests of the page whose path ends so; null: lets one through. */
async function intercept(path: string, answer: (request: HTTPRequest) => Answer | Promise<Answer>): Promise<void> {
  await alice.page.setRequestInterception(true);
  alice.page.on("request", (request) => {
    const isMeant = new URL(request.url()).pathname.endsWith(path);
    void (async () => {
      const made = isMeant ? await answer(request) : null;
      await (made === null ? request.continue() : request.respond(made));
    })();
  });
}

/** The texts of every problem that the form shows. */
const readProblem = (): Promise<string> =>
  alice.page.$eval("#problem", (one) => (one as unknown as { textContent: string }).textContent);

describe("a person signs", () => {
  it("one file, and gets a bundle, an entry and the commands", async () => {
    await inspect(alice.page, "sign");
    await alice.choose({ "one.txt": "one\n" });
    await alice.page.waitForFunction("document.querySelector('#chosen').innerText.includes('sha256:')");
    await inspect(alice.page, "sign-chosen");
    await alice.signIn(ALICE);
    await inspect(alice.page, "sign-confirm");
    expect(await alice.text()).toContain(`Sign 1 file as ${ALICE}?`);
    expect(await alice.text()).toContain("become public forever");
    await alice.confirm();
    await alice.sees(`You signed 1 file as ${ALICE}`);
    await inspect(alice.page, "sign-done");
    const text = await alice.text();
    expect(text).toContain("npx sigedge verify one.txt");
    expect(text).toContain("cosign verify-blob ");
    await expectVerified("one.txt");
    const entry = await alice.page.$eval('td a[href^="/entry/"]', (link) => link.getAttribute("href"));
    expect(await (await fetch(`${stack.url}${entry}`)).text()).toContain(ALICE);
    expect(alice.person.complaints).toStrictEqual([]);
  });

  it("three files with one sign-in, an empty one among them", async () => {
    const files = { "a b.txt": "a\n", "-c.txt": "c\n", "empty.bin": "" };
    await alice.choose(files);
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees(`You signed 3 files as ${ALICE}`);
    expect(await alice.text()).toContain("Download 3 bundles");
    for (const name of ["a b.txt", "empty.bin"]) await expectVerified(name);
    const bundle = JSON.parse(await alice.download("-c.txt")) as { readonly mediaType: string };
    expect(bundle.mediaType).toBe("application/vnd.dev.sigstore.bundle.v0.3+json");
  });

  it.each([
    ["a type with a name", "https://slsa.dev/provenance/v1", null, '{"buildDefinition":{},"runDetails":{}}'],
    ["a type of their own", "other", "https://example.com/test/v1", '{"result":"passed"}'],
  ])("a statement of %s", async (_, kind, type, predicate) => {
    await alice.choose({ "stated.txt": "stated\n" });
    await alice.page.select("#kind", kind);
    await alice.page.click("#start");
    expect(await readProblem()).toBe("Choose the predicate as a file, or type it.");
    await alice.page.type("#predicate-text", "[]");
    if (type !== null) {
      await alice.page.click("#start");
      expect(await readProblem()).toContain("a type that is not a URI");
      await alice.page.type("#type", type);
    }
    await alice.page.click("#start");
    expect(await readProblem()).toBe("The predicate must be a JSON object: { … }.");
    await alice.page.$eval("#predicate-text", (one) => ((one as unknown as { value: string }).value = ""));
    await alice.page.type("#predicate-text", predicate);
    await inspect(alice.page, `sign-statement-${kind.slice(0, 5)}`);
    await alice.signIn(ALICE);
    expect(await alice.text()).toContain(`Attest 1 file as ${ALICE}?`);
    await alice.confirm();
    await alice.sees("You signed 1 file");
    expect(await alice.text()).toContain("cosign verify-blob-attestation");
    await expectVerified("stated.txt");
    const { dsseEnvelope } = JSON.parse(await alice.download("stated.txt")) as {
      readonly dsseEnvelope: { readonly payload: string };
    };
    expect(JSON.parse(Buffer.from(dsseEnvelope.payload, "base64").toString())).toMatchObject({
      subject: [{ name: "stated.txt" }],
      predicateType: type ?? kind,
      predicate: JSON.parse(predicate) as object,
    });
  });

  it("a file that is too large to be signed itself, by its digest", async () => {
    const large = alice.write("large.bin", "");
    truncateSync(large, MAX_PLAIN_BYTES + 1);
    await alice.choosePaths([large]);
    await alice.page.click("#start");
    expect(await readProblem()).toContain("large.bin is larger than 1 GiB");
    expect(await readProblem()).toContain("Choose “A signature of the digest”");
    expect(await alice.page.evaluate("document.activeElement.id")).toBe("kind");
    await alice.page.click("#chosen button");
    await alice.choose({ "small.bin": "signed by its digest\n" });
    await alice.page.select("#kind", "digest");
    expect(await alice.page.evaluate("document.querySelector('#predicate').checkVisibility()")).toBe(false);
    await alice.signIn(ALICE);
    expect(await alice.text()).toContain(`Sign 1 file as ${ALICE}?`);
    await alice.confirm();
    await alice.sees("You signed 1 file");
    expect(await alice.text()).toContain("--type https://sigstore.dev/cosign/sign/v1");
    await expectVerified("small.bin");
  });

  it("with the keyboard alone, and is told where they are", async () => {
    await alice.choose({ "one.txt": "keyboard\n" });
    await alice.page.focus("#start");
    const opened = new Promise<void>((resolve) => void alice.page.once("popup", () => resolve()));
    await alice.page.keyboard.press("Enter");
    await opened;
    expect(await alice.page.evaluate("document.activeElement.innerText")).toBe("Waiting for you to sign in");
    await alice.page.keyboard.press("Tab");
    expect(await alice.page.evaluate("document.activeElement.innerText")).toBe("Open the sign-in");
    await alice.page.keyboard.press("Tab");
    await alice.page.keyboard.press("Space");
    await alice.sees("Sign files");
    expect(await alice.page.$$eval("#chosen li", (rows) => rows.length)).toBe(1);
  });
});

describe("a person does not sign", () => {
  it("who chose no file", async () => {
    await alice.page.waitForSelector("#form:not([hidden])");
    await alice.page.click("#start");
    expect(await readProblem()).toBe("Choose the files to sign.");
    expect(await alice.page.evaluate("document.activeElement.id")).toBe("files");
  });

  it("who refuses in the window", async () => {
    await alice.choose({ "one.txt": "refused\n" });
    await alice.signIn(ALICE, "refuse");
    await alice.sees("Sign files");
    expect(await readProblem()).toBe("You did not grant the sign-in. Nothing was signed, and nothing is public.");
  });

  it("who closes the window, and can open it again", async () => {
    await alice.choose({ "one.txt": "closed\n" });
    const window = await alice.beginSignIn();
    await window.page.close();
    await alice.page.bringToFront();
    expect(await alice.text()).toContain("No window, or closed it?");
    await inspect(alice.page, "sign-waiting");
    const again = await alice.person.context.newPage();
    await again.goto(await alice.page.$eval("#stage a", (link) => link.getAttribute("href") ?? ""));
    await again.type('input[name="address"]', ALICE);
    await Promise.all([again.waitForNavigation(), again.keyboard.press("Enter")]);
    await answerOn(again, "grant");
    await alice.page.waitForSelector("#confirm");
  });

  it("whose browser opens no window, and uses the link", async () => {
    await alice.page.evaluate("window.open = () => null");
    await alice.choose({ "one.txt": "blocked\n" });
    await alice.page.click("#start");
    await alice.sees("Sign in");
    expect(await alice.text()).toContain("Your browser blocked the window of the sign-in.");
    await inspect(alice.page, "sign-blocked");
  });

  it("who goes back, and finds the files still chosen", async () => {
    await alice.choose({ "one.txt": "back\n" });
    await alice.signIn(ALICE);
    await alice.page.goBack();
    await alice.sees("Sign files");
    expect(await alice.page.$$eval("#chosen li", (rows) => rows.length)).toBe(1);
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees("You signed 1 file");
    await alice.page.goBack();
    await alice.sees("Sign files");
    await alice.page.goForward();
    await alice.sees("You signed 1 file");
  });

  it("whose sign-in has expired before they confirm", async () => {
    await intercept("/oidc/token", async (request) => {
      const body = request.postData() ?? "";
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const answer = await fetch(request.url(), { method: "POST", headers, body });
      const token = await answer.json<Record<string, unknown>>();
      return { status: 200, body: JSON.stringify({ ...token, expires_in: 0.001 }) };
    });
    await alice.choose({ "one.txt": "expired\n" });
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees("Sign files");
    expect(await readProblem()).toContain("The sign-in has expired");
  });

  it("whose token the certificate authority rejects, and is asked to sign in anew", async () => {
    const message = "the identity token has expired";
    const refusal = { status: 400, body: JSON.stringify({ code: 3, message, details: [] }) };
    await intercept("/api/v2/signingCert", () => refusal);
    await alice.choose({ "one.txt": "refused by the CA\n" });
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees("Nothing was signed");
    expect(await alice.text()).toContain(`The certificate authority rejected the request (400): ${message}.`);
    expect(await alice.text()).toContain(
      "A sign-in is good for one certificate, so trying again begins with a new one.",
    );
    await inspect(alice.page, "sign-refused");
  });
});

describe("a service that is busy", () => {
  it("gets the request again when it says, and every file is signed", async () => {
    const asked: number[] = [];
    const busy = { status: 429, headers: { "retry-after": "2" }, body: '{"message":"too many requests"}' };
    await intercept("/api/v2/log/entries", () => {
      asked.push(performance.now());
      return asked.length === 1 ? busy : null;
    });
    await alice.choose({ "one.txt": "busy 1\n", "two.txt": "busy 2\n" });
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees("You signed 2 files");
    expect(asked).toHaveLength(3);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(1900);
  });

  it("fails one file and not the others, which can be tried again", async () => {
    let isFull = true;
    let asked = 0;
    const full = { status: 503, headers: { "retry-after": "1" }, body: '{"code":14,"message":"the log is full"}' };
    await intercept("/api/v2/log/entries", () => (isFull && ++asked > 1 ? full : null));
    await alice.choose({ "one.txt": "full 1\n", "two.txt": "full 2\n" });
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees(`1 of 2 files signed as ${ALICE}`);
    expect(await alice.text()).toContain("Not signed: the log cannot do this now (503): the log is full");
    expect(await alice.text()).toContain("Download the bundles of the files that were signed.");
    await inspect(alice.page, "sign-failed");
    isFull = false;
    await alice.page.click("#stage button.go");
    await alice.sees("You signed 2 files");
    await expectVerified("two.txt");
  });
});

describe("a service that is down", () => {
  /** Fails until the person tries again. */
  const down = { status: 503, headers: { "retry-after": "1" }, body: '{"message":"down for maintenance"}' };

  it("leaves nothing in the log of signatures if it is the timestamp authority", async () => {
    let isDown = true;
    const entries: string[] = [];
    alice.page.on("request", (request) => void (request.url().endsWith("/log/entries") && entries.push(request.url())));
    await intercept("/api/v1/timestamp", () => (isDown ? down : null));
    await alice.choose({ "one.txt": "without a timestamp\n" });
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees(`0 of 1 file signed as ${ALICE}`);
    expect(await alice.text()).toContain(
      "Not signed: the timestamp authority cannot do this now (503): down for maintenance",
    );
    expect(await alice.text()).toContain("Your address and its certificate are public already. Try again");
    expect(entries).toEqual([]);
    isDown = false;
    await alice.page.click("#stage button.go");
    await alice.sees("You signed 1 file");
    await expectVerified("one.txt");
  });

  it("gets the same signature again if it is the log, so that a file has one entry", async () => {
    let isDown = true;
    const entries: (string | undefined)[] = [];
    await intercept("/api/v2/log/entries", (request) => {
      entries.push(request.postData());
      return isDown ? down : null;
    });
    await alice.choose({ "one.txt": "without a log\n" });
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees(`0 of 1 file signed as ${ALICE}`);
    isDown = false;
    await alice.page.click("#stage button.go");
    await alice.sees("You signed 1 file");
    expect(entries).toHaveLength(5);
    expect(new Set(entries).size).toBe(1);
    await expectVerified("one.txt");
  });
});

it.each([
  ["years behind", -8 * 365 * 86_400_000],
  ["years ahead", 8 * 365 * 86_400_000],
])("a computer whose clock is %s signs all the same", async (_, skewMs) => {
  await alice.page.evaluateOnNewDocument(`{ const now = Date.now; Date.now = () => now() + ${skewMs}; }`);
  // Cloudflare dates every answer; workerd on this machine does not.
  await intercept("/signing_config.json", async (request) => {
    const body = await (await fetch(request.url())).text();
    return { status: 200, headers: { date: new Date().toUTCString() }, body };
  });
  await alice.page.reload();
  await alice.choose({ "one.txt": `${skewMs}\n` });
  await alice.signIn(ALICE);
  await alice.confirm();
  await alice.sees("You signed 1 file");
  await expectVerified("one.txt");
});

describe("an answer that is false", () => {
  it("is noticed before a bundle is handed out", async () => {
    await intercept("/api/v2/log/entries", async (request) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(request.url(), { method: "POST", headers, body: request.postData() ?? "" });
      const entry = await answer.json<{ readonly inclusionProof: { readonly checkpoint: { envelope: string } } }>();
      const { checkpoint } = entry.inclusionProof;
      checkpoint.envelope = checkpoint.envelope.replace(/\n\d+\n/, "\n99999\n");
      return { status: 201, body: JSON.stringify(entry) };
    });
    await alice.choose({ "one.txt": "false\n" });
    await alice.signIn(ALICE);
    await alice.confirm();
    await alice.sees(`0 of 1 file signed as ${ALICE}`);
    expect(await alice.text()).toContain("Not signed: the bundle does not verify");
    expect(await alice.page.$("a[download]")).toBeNull();
  });

  it("of the provider is refused if its nonce is another", async () => {
    const token = await stack.token(ALICE);
    const answer = { id_token: token, access_token: token, token_type: "Bearer", expires_in: 300 };
    await intercept("/oidc/token", () => ({ status: 200, body: JSON.stringify(answer) }));
    await alice.choose({ "one.txt": "nonce\n" });
    const window = await alice.beginSignIn();
    await window.signInAtDevelopment(ALICE);
    await answerOn(window.page, "grant");
    await alice.sees("Sign files");
    expect(await readProblem()).toContain("has the token of another sign-in");
  });
});
