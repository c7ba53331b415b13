// SPDX-License-Identifier: Apache-2.0
// /verify in Chromium: a file that this service signed, bundles by others with their trusted roots, each kind of bad
// bundle, and the page without a network.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ElementHandle } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { artifactOf, type BundleCase, readBundleCases } from "../support/bundles/cases.ts";
import { applyChange, CHANGES } from "../support/bundles/changes.ts";
import { artifactRequest, attestationRequest, clientKey, postEntry, sha256Hex } from "../support/logs/log-client.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { inspect } from "./inspection.ts";
import type { Person } from "./person.ts";

const ALICE = "alice@example.com";
const SIGNED = "signed by Alice";
const CASES = readBundleCases();
const folder = mkdtempSync(join(tmpdir(), "sigedge-verify-page-"));

let stack: TestStack;
let chromium: Chromium;
let bundlePath: string;

beforeAll(async () => {
  [stack, chromium] = await Promise.all([startStack({ vars: { ACCEPT: "open" } }), startChromium()]);
  const [file, token] = [put("app.txt", SIGNED), put("token", await stack.token(ALICE))];
  const args = ["sign", file, "--url", stack.url, "--identity-token", token];
  const { code, stderr } = await runCommand("cli/sigedge.mjs", { args }).ended;
  expect(code, stderr).toBe(0);
  bundlePath = `${file}.sigstore.json`;
  await postEntry(stack.url, attestationRequest(clientKey(), [sha256Hex("attested")]));
  for (const _ of [1, 2]) await postEntry(stack.url, artifactRequest(clientKey(), "signed twice"));
  await waitForIndex(["signed twice", "attested", SIGNED]);
});
afterAll(async () => {
  await chromium?.stop();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function waitForIndex(artifacts: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const pages = artifacts.map(async (text) => (await fetch(`${stack.url}/search?digest=${sha256Hex(text)}`)).text());
    if ((await Promise.all(pages)).every((page) => page.includes("/entry/signature/"))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the index does not follow the log");
}

/** Writes a file of the reader. */
function put(name: string, content: string | Uint8Array): string {
  const path = join(mkdtempSync(join(folder, "file-")), name);
  writeFileSync(path, content);
  return path;
}

/** The answers of the reader: paths of files, and texts. */
type Given = Readonly<
  Partial<Record<"file" | "bundle" | "root" | "key" | "identity" | "issuer" | "witnesses", string>>
>;

const FILES = ["file", "bundle", "root", "key"] as const;

/** Opens the page and fills in the form. */
async function fillIn(person: Person, given: Given, query = ""): Promise<void> {
  await person.open(`${stack.url}/verify${query}`);
  await person.page.waitForSelector("#questions:not([hidden])");
  if (given.root !== undefined || given.key !== undefined || given.witnesses !== undefined)
    await person.page.click("details summary");
  for (const name of FILES) {
    const path = given[name];
    if (path !== undefined) await inputOf(person, name).then((input) => input.uploadFile(path));
  }
  for (const name of ["identity", "issuer", "witnesses"] as const) {
    if (given[name] !== undefined) await person.page.locator(`#questions [name="${name}"]`).fill(given[name]);
  }
}

type FileInput = ElementHandle & { readonly uploadFile: (...paths: readonly string[]) => Promise<void> };

async function inputOf({ page }: Person, name: string): Promise<FileInput> {
  const input = await page.$(`#questions input[name="${name}"]`);
  if (input === null) throw new Error(`the form has no ${name}`);
  return input as FileInput;
}

/** The text of an element, shown or not. */
const textOf = async ({ page }: Person, selector: string): Promise<string> =>
  String(await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`));

const valueOf = async ({ page }: Person, name: string): Promise<string> =>
  String(await page.evaluate(`document.querySelector('#questions [name="${name}"]').value`));

/** TUF asks for the next root until there is none, which the browser calls a failure. */
const NEXT_ROOT = /\/verify\S*: error: Failed to load resource: the server responded with a status of 404/;

function expectQuiet({ complaints }: Person): void {
  expect(complaints.filter((line) => !NEXT_ROOT.test(line)).join("\n")).toBe("");
}

/** The result that the page shows. */
interface Shown {
  readonly sentence: string;
  readonly count: string;
  /** Title → result of each of the seven checks. */
  readonly groups: Readonly<Record<string, string>>;
  readonly text: string;
}

const READ_RESULT = `(() => {
  const place = document.getElementById("result");
  const groups = [...place.querySelectorAll("ol.steps h3")].map((heading) => {
    const word = heading.querySelector("span")?.textContent ?? "";
    return [heading.textContent.slice(0, -word.length).trim(), word];
  });
  return {
    sentence: place.querySelector("h1").textContent,
    count: (place.querySelector("#count")?.textContent ?? "").trim(),
    groups: Object.fromEntries(groups),
    text: place.innerText,
  };
})()`;

/** Presses the button and waits for a result. */
async function press(person: Person): Promise<Shown> {
  const { page } = person;
  await page.click("#questions .go");
  await page.waitForSelector("#result:not([hidden]), #problem:not([hidden])");
  const problem = await textOf(person, "#problem");
  if (problem !== "") throw new Error(problem);
  return (await page.evaluate(READ_RESULT)) as Shown;
}

async function verify(given: Given): Promise<Shown> {
  const person = await chromium.invite();
  await fillIn(person, given);
  const shown = await press(person);
  expectQuiet(person);
  await person.leave();
  return shown;
}

/** The message instead of a result. */
async function refuse(given: Given, query = ""): Promise<string> {
  const person = await chromium.invite();
  await fillIn(person, given, query);
  await person.page.click("#questions .go");
  await person.page.waitForSelector("#problem:not([hidden])");
  const text = await textOf(person, "#problem");
  await person.leave();
  return text;
}

const byAlice = (): Given => ({
  file: put("app.txt", SIGNED),
  bundle: bundlePath,
  identity: ALICE,
  issuer: ownIssuerOf(stack.url),
});

const withoutBundle = (): Given => {
  const { bundle: _, ...given } = byAlice();
  return given;
};

const ALL_PASSED = {
  "Signature over the file": "Passed",
  "Certificate chain": "Passed",
  "Certificate is public": "Passed",
  "Time of signing": "Passed",
  "In the log": "Passed",
  "One history": "Passed",
  Identity: "Passed",
};

describe("a file that this service signed", () => {
  it("is verified against the trusted root that TUF gives, and every check says what it compared", async () => {
    const person = await chromium.invite();
    await fillIn(person, byAlice());
    await person.sees("by TUF from the root that came with this page");
    const { sentence, count, groups, text } = await press(person);
    expect(sentence).toMatch(/^This file was signed by alice@example\.com on .+ UTC, as you expected\.$/);
    expect(count).toBe("All 7 checks passed");
    expect(groups).toEqual(ALL_PASSED);
    expect(text).toContain(`The artifact has the digest that the bundle names, sha256:${sha256Hex(SIGNED)}.`);
    expect(text).toContain('Signed by "alice@example.com", as expected.');
    expect(text).toMatch(
      /Checked against the trusted root of http:\S+, version 1 of its targets, by TUF from the root/,
    );
    expect(await person.page.title()).toMatch(/^Verified · /);
    expect(await person.page.evaluate("document.activeElement.tagName")).toBe("H1");
    await inspect(person.page, "verify-passed");
    expectQuiet(person);
  });

  it("says who signed it, and that nobody was compared, if the reader names nobody", async () => {
    const { sentence, count, groups } = await verify({ ...byAlice(), identity: "", issuer: "" });
    expect(sentence).toMatch(
      /^This file was signed by alice@example\.com on .+ vouched for by http.+ is that whom you expect\?$/,
    );
    expect(count).toBe("6 of 7 checks passed, 1 not checked");
    expect(groups).toEqual({ ...ALL_PASSED, Identity: "Not checked" });
  });

  it.each<
    readonly [name: string, change: (given: Given) => Given, sentence: string, groups: Readonly<Record<string, string>>]
  >([
    [
      "is another file once it has changed",
      (given) => ({ ...given, file: put("app.txt", `${SIGNED}!`) }),
      "This is not the file that was signed.",
      { ...ALL_PASSED, "Signature over the file": "Failed", "In the log": "Failed" },
    ],
    [
      "is not by Bob",
      (given) => ({ ...given, identity: "bob@example.com" }),
      `This file was signed by ${ALICE}, not by whom you expect.`,
      { ...ALL_PASSED, Identity: "Failed" },
    ],
    [
      "is not vouched for by Google",
      (given) => ({ ...given, issuer: "https://accounts.google.com" }),
      `This file was signed by ${ALICE}, not by whom you expect.`,
      { ...ALL_PASSED, Identity: "Failed" },
    ],
    [
      "has not been seen by a witness that the reader asks for",
      (given) => ({ ...given, witnesses: WITNESS }),
      "Do not rely on this signature. One history: failed.",
      { ...ALL_PASSED, "One history": "Failed" },
    ],
  ])("%s", async (_, change, sentence, groups) => {
    const shown = await verify(change(byAlice()));
    expect(shown.sentence).toBe(sentence);
    expect(shown.groups).toEqual(groups);
  });
});

/** The key of https://c2sp.org/tlog-cosignature's example form: nobody's. */
const WITNESS = witnessKey("witness.example");
function witnessKey(name: string): string {
  const key = Buffer.concat([
    Buffer.from([0x04]),
    Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex"),
  ]);
  const id = createHash("sha256").update(name).update("\n").update(key).digest("hex").slice(0, 8);
  return `${name}+${id}+${key.toString("base64")}`;
}

/** A case by its name, with the file that it is about. */
function caseOf(name: string): BundleCase {
  const found = CASES.find((one) => one.name.startsWith(name));
  if (found === undefined) throw new Error(`there is no case ${name}`);
  return found;
}

function changed(name: string): BundleCase {
  const change = CHANGES.find((one) => one.name === name);
  if (change === undefined) throw new Error(`there is no change ${name}`);
  return applyChange(change, CASES);
}

function toGiven(one: BundleCase, artifact = artifactOf(one)): Given {
  return {
    ...(artifact === null ? {} : { file: put("file.txt", artifact) }),
    bundle: put("file.txt.sigstore.json", one.bundle),
    root: put("trusted_root.json", one.root),
    ...one.signer,
    ...(one.key === null ? {} : { key: put("key.pub", one.key) }),
  };
}

describe("with another service's trusted root", () => {
  it.each([
    ["cosign, of the public-good instance", "cosign-v3-blob", "This file was signed by w.vollprecht@gmail.com"],
    [
      "sigstore-conformance, of Rekor v2",
      "rekor2-happy-path",
      "This file was signed by https://github.com/sigstore-conf",
    ],
    [
      "sigstore-conformance, a statement about a file",
      "rekor2-dsse-happy-path",
      "A statement about this file was signed by",
    ],
  ])("a bundle by %s is good", async (_, name, sentence) => {
    const shown = await verify(toGiven(caseOf(name)));
    expect(shown.sentence).toContain(sentence);
    expect(shown.sentence).toContain("as you expected");
    expect(shown.groups).toEqual(ALL_PASSED);
    expect(shown.text).toContain("the trusted root in trusted_root.json, which you gave");
  });

  it("a bundle of a bare key is good with that key, and has five checks", async () => {
    const given = toGiven(caseOf("managed-key"));
    expect((await verify(given)).count).toBe("All 5 checks passed");
    const { key: _, ...withoutKey } = given;
    const shown = await verify(withoutKey);
    expect(shown.sentence).toBe("Nothing is wrong so far, but a verdict needs more.");
    expect(shown.text).toContain("give the key that you trust");
  });

  it.each<readonly [what: string, one: BundleCase, failed: string, says: string]>([
    [
      "an expired certificate and no timestamp",
      changed("rekor2-no-timestamp"),
      "Time of signing",
      "nothing proves when",
    ],
    ["an SCT that its log did not sign", caseOf("invalid-ct-key.json with invalid"), "Certificate is public", "SCT"],
    ["a wrong proof", changed("inclusion-proof-corrupted-hash"), "In the log", "the proof does not lead"],
    ["a checkpoint of another tree", changed("checkpoint-wrong-roothash"), "One history", "different trees"],
    ["a timestamp over something else", changed("rekor2-timestamp-payload-mismatch"), "Time of signing", "other data"],
    [
      "a certificate by an authority that ended before",
      changed("intoto-expired-certificate"),
      "Certificate chain",
      "trusts this authority",
    ],
    ["a promise that was changed", changed("set-invalid-signature"), "Time of signing", "promise"],
    ["a changed signature", changed("signature-mismatch"), "Signature over the file", "does not verify"],
  ])("a bundle with %s is bad", async (_, one, failed, says) => {
    const shown = await verify(toGiven(one, artifactOf(one)));
    expect(shown.groups[failed]).toBe("Failed");
    expect(shown.text.toLowerCase()).toContain(says.toLowerCase());
    expect(shown.text).toContain("What to do");
  });

  it("no good result hides a file that was not given", async () => {
    const { file: _, ...given } = toGiven(caseOf("rekor2-dsse-happy-path"));
    const shown = await verify(given);
    expect(shown.groups["Signature over the file"]).toBe("Not checked");
    expect(shown.text).toContain("no artifact was given");
  });
});

it("a bundle of another service is bad with the trusted root of this one", async () => {
  const { root: _, ...given } = toGiven(caseOf("cosign-v3-blob"));
  const shown = await verify(given);
  expect(shown.groups).toMatchObject({ "Certificate chain": "Failed", "One history": "Failed" });
  expect(shown.text).toContain("If another Sigstore service made the bundle, give that service’s trusted root");
});

it("what is no bundle, no trusted root, no key or no file gets a sentence that says what to do", async () => {
  const file = put("app.txt", SIGNED);
  const page = await verify({ file, bundle: put("saved.html", "<!doctype html><p>Sign in") });
  expect(page.sentence).toBe("The signature is not a bundle that can be read.");
  expect(page.groups).toMatchObject({ "Signature over the file": "Failed", "In the log": "Not checked" });
  const huge = put("huge.sigstore.json", "{");
  truncateSync(huge, 3_000_000_000);
  expect(await refuse({ file, bundle: huge })).toMatch(/huge\.sigstore\.json is no bundle: it has more than 32 MiB/);
  expect(await refuse({})).toBe("Choose the file first, or its bundle.");
  expect(await refuse({ file, bundle: bundlePath, root: file })).toMatch(
    /app\.txt cannot be used: .+ Nothing was verified/,
  );
  expect(await refuse({ file, bundle: bundlePath, key: file })).toMatch(/app\.txt is not one public key in PEM/);
  expect(await refuse({ file, bundle: bundlePath, witnesses: "nobody" })).toMatch(/nobody is not the key of a witness/);
});

describe("without a bundle", () => {
  it("what the log has is verified as far as it goes, and the page says which file is missing", async () => {
    const shown = await verify(withoutBundle());
    expect(shown.sentence).toBe(`The log has a signature of this file by ${ALICE}. When it was made cannot be told.`);
    expect(shown.text).toContain("Ask the maker of the file for its bundle");
    expect(shown.text).toContain("the log does not keep the timestamp");
    expect(shown.groups).toMatchObject({
      "Signature over the file": "Passed",
      "Time of signing": "Not checked",
      "In the log": "Passed",
      "One history": "Passed",
      Identity: "Passed",
    });
    expect(Object.values(shown.groups)).not.toContain("Failed");
  });

  it("a file that nobody signed here is an answer with its worth", async () => {
    const { sentence, text } = await verify({ file: put("other", "nobody signed this") });
    expect(sentence).toBe("No signature of this file is in the log here.");
    expect(text).toMatch(/Looked through \d+ entries for its digests/);
    expect(text).toMatch(/sha512:[0-9a-f]{128}/);
  });

  it("several entries are a choice, and a statement says that the log does not have it", async () => {
    const person = await chromium.invite();
    await fillIn(person, { file: put("twice", "signed twice") });
    const { sentence } = await press(person);
    expect(sentence).toBe("The log has 2 entries about this file.");
    await person.page.click("#result button[data-index]");
    await person.sees("give the key that you trust");
    const attested = await verify({ file: put("attested", "attested") });
    expect(attested.sentence).toBe("The log has 1 entry about this file.");
    expect(attested.text).toContain("choose the bundle that the maker published");
  });

  it("an entry that the address names is what the file is compared with", async () => {
    const entry = JSON.parse(readFileSync(bundlePath, "utf8")).verificationMaterial.tlogEntries[0].logIndex as string;
    const person = await chromium.invite();
    await fillIn(person, { file: put("app.txt", SIGNED) }, `?log=signature&index=${entry}`);
    await person.sees(`compared with entry ${entry} of the log signature`);
    expect((await press(person)).sentence).toMatch(/^The log has a signature of this file by alice/);
    await fillIn(person, { file: put("app.txt", "another file") }, `?log=signature&index=${entry}`);
    expect((await press(person)).sentence).toBe("This is not the file that was signed.");
    expect(await refuse({ file: put("a", "a") }, "?log=signature&index=999999")).toMatch(/no bundle of entry 999999/);
  });
});

it("goes back to the form as it was left, and forward to the result; begins anew", async () => {
  const person = await chromium.invite();
  const { page } = person;
  await fillIn(person, byAlice());
  await press(person);
  await page.goBack();
  await page.waitForSelector("#ask:not([hidden])");
  expect(await valueOf(person, "identity")).toBe(ALICE);
  expect(await page.title()).toMatch(/^Verify a file · /);
  await page.goForward();
  await page.waitForSelector("#result:not([hidden])");
  await page.click("[data-again]");
  await page.waitForSelector("#ask:not([hidden])");
  expect(await valueOf(person, "identity")).toBe("");
});

it("verifies without a network once it is loaded, with the trusted root that it has read", async () => {
  const person = await chromium.invite();
  await fillIn(person, byAlice());
  await person.sees("Uses the trusted root of");
  await person.page.setOfflineMode(true);
  expect((await press(person)).count).toBe("All 7 checks passed");
  await person.page.goBack();
  await person.page.waitForSelector("#ask:not([hidden])");
  await person.page.evaluate('document.querySelector("#questions [name=bundle]").value = ""');
  await person.page.click("#questions .go");
  await person.sees("You are offline, so the log cannot be searched");
});

it("sends the digest and nothing else of a file, asks no other site, and keeps nothing", async () => {
  const person = await chromium.invite();
  const asked: string[] = [];
  const bodies: string[] = [];
  person.page.on("request", (request) => {
    asked.push(request.url());
    if (request.method() !== "GET" || request.hasPostData()) bodies.push(request.url());
  });
  await fillIn(person, { file: put("secret-name.txt", SIGNED) });
  await press(person);
  expect(asked.filter((url) => !url.startsWith(`${stack.url}/`) && !url.startsWith("blob:"))).toEqual([]);
  expect(bodies).toEqual([]);
  expect(asked.join("\n")).toContain(sha256Hex(SIGNED));
  expect(asked.join("\n")).not.toMatch(/secret-name|signed%20by|signed\+by/);
  expect(await person.context.cookies()).toEqual([]);
  expect(await person.page.evaluate("localStorage.length + sessionStorage.length")).toBe(0);
});

it("refuses a trusted root that its pinned root does not vouch for", async () => {
  const person = await chromium.invite();
  await person.page.setRequestInterception(true);
  person.page.on("request", (request) => {
    const isRoot = /\/tuf\/targets\/.*trusted_root\.json$/.test(request.url());
    void (isRoot
      ? request.respond({ status: 200, body: readFileSync(put("x", caseOf("cosign-v3-blob").root)) })
      : request.continue());
  });
  await fillIn(person, byAlice());
  await person.page.click("#questions .go");
  await person.page.waitForSelector("#problem:not([hidden])");
  await person.sees("The trusted root could not be read:");
});

it("takes a file and its bundle that are dropped together", async () => {
  const person = await chromium.invite();
  await person.open(`${stack.url}/verify`);
  await person.page.waitForSelector("#questions:not([hidden])");
  const bundle = readFileSync(bundlePath, "utf8");
  await person.page.evaluate(
    `(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([${JSON.stringify(bundle)}], "app.txt.sigstore.json"));
      dataTransfer.items.add(new File([${JSON.stringify(SIGNED)}], "app.txt"));
      document.querySelector("main").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    })()`,
  );
  expect((await press(person)).count).toBe("6 of 7 checks passed, 1 not checked");
});

it("takes the bundle that was dropped on the box of another page, once", async () => {
  const person = await chromium.invite();
  const { page } = person;
  await person.open(`${stack.url}/`);
  // Spaces make it too large for an address.
  const bundle = readFileSync(bundlePath, "utf8")
    .trim()
    .replace(/\}$/, `${" ".repeat(20_000)}}`);
  const box = (await page.waitForSelector("form.box.big input[type=file]")) as FileInput | null;
  await Promise.all([page.waitForNavigation(), box?.uploadFile(put("app.txt.sigstore.json", bundle))]);
  expect(new URL(page.url()).pathname).toBe("/verify");
  await person.sees("app.txt.sigstore.json, which you dropped, is chosen. Choose the file that it signs.");
  expect(await page.evaluate("sessionStorage.length")).toBe(0);
  await (await inputOf(person, "file")).uploadFile(put("app.txt", SIGNED));
  expect((await press(person)).count).toBe("6 of 7 checks passed, 1 not checked");
  await page.click("[data-again]");
  await page.waitForSelector("#ask:not([hidden])");
  expect(await person.text()).not.toContain("which you dropped");
  expectQuiet(person);
});

it("reads a large file to its end although garbage is collected meanwhile", async () => {
  const person = await chromium.invite();
  const large = put("large.bin", "");
  truncateSync(large, 20_000_000);
  await fillIn(person, { file: large });
  const [worker] = person.page.workers();
  if (worker === undefined) throw new Error("there is no Web Worker");
  await person.page.click("#questions .go");
  let isRead = false;
  const read = person.page.waitForSelector("#result:not([hidden])").then(() => (isRead = true));
  for (let i = 0; i < 50 && !isRead; i++) await worker.client.send("HeapProfiler.collectGarbage");
  await read;
  expect(await textOf(person, "#result h1")).toBe("No signature of this file is in the log here.");
  await person.leave();
});

it("stops reading a large file at once, and shows how far it is", async () => {
  const person = await chromium.invite();
  const { page } = person;
  const large = put("large.bin", "");
  truncateSync(large, 2_000_000_000);
  await fillIn(person, { file: large });
  await page.click("#questions .go");
  await page.waitForSelector("#reading:not([hidden])");
  await person.sees(", about");
  await inspect(page, "verify-reading");
  await page.evaluate('document.getElementById("stop").click()');
  await page.waitForSelector("#ask:not([hidden])");
  await (await inputOf(person, "file")).uploadFile(put("small.bin", "nobody signed this"));
  expect((await press(person)).sentence).toBe("No signature of this file is in the log here.");
  expectQuiet(person);
});

it("says without a script what to do instead, in words and commands", async () => {
  const person = await chromium.invite();
  await person.page.setJavaScriptEnabled(false);
  await person.open(`${stack.url}/verify`);
  const text = await textOf(person, "main");
  expect(text).toContain("This needs a script, which does not run here");
  expect(text).toContain(`--url ${stack.url}`);
  expect(text).toContain("cosign verify-blob --trusted-root trusted_root.json");
  expect(await person.page.evaluate('document.getElementById("questions").checkVisibility()')).toBe(false);
});

it("shows every view to everybody: contrast, names, widths from 320 px", async () => {
  const person = await chromium.invite();
  await fillIn(person, byAlice());
  await inspect(person.page, "verify");
  for (const [name, given] of [
    ["verify-failed", { ...byAlice(), file: put("app.txt", "changed") }],
    ["verify-open", { file: put("app.txt", SIGNED) }],
    ["verify-none", { file: put("none", "unsigned") }],
    ["verify-found", { file: put("twice", "signed twice") }],
  ] as const) {
    await fillIn(person, given);
    await press(person);
    await inspect(person.page, name);
    await person.page.setViewport({ width: 320, height: 800 });
    expect(await person.page.evaluate("document.documentElement.scrollWidth"), name).toBeLessThanOrEqual(320);
  }
  expectQuiet(person);
});
