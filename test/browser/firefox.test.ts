// SPDX-License-Identifier: Apache-2.0
// /verify in Firefox, where one is installed: Web Worker, streaming and WebCrypto are another engine's.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "puppeteer-core";
import { expect, it } from "vitest";
import { artifactOf, readBundleCases } from "../support/bundles/cases.ts";
import { startStack } from "../support/process/stack.ts";

const PATHS = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
const executablePath = process.env["SIGEDGE_FIREFOX"] ?? PATHS.find((path) => existsSync(path));

it.skipIf(executablePath === undefined)("a bundle by cosign is good in Firefox, and bad for another file", async () => {
  const stack = await startStack();
  const browser = await launch({ browser: "firefox", executablePath: executablePath ?? "" });
  const folder = mkdtempSync(join(tmpdir(), "sigedge-firefox-"));
  const one = readBundleCases().find(({ name }) => name.startsWith("cosign-v3-blob"));
  if (one === undefined) throw new Error("there is no bundle by cosign");
  try {
    const page = await browser.newPage();
    const verify = async (artifact: Uint8Array | string): Promise<string> => {
      await page.goto(`${stack.url}/verify`);
      await page.waitForSelector("#questions:not([hidden])");
      await page.click("details summary");
      for (const [name, content] of Object.entries({ file: artifact, bundle: one.bundle, root: one.root })) {
        writeFileSync(join(folder, name), content);
        const input = await page.$(`#questions input[name="${name}"]`);
        await (input as unknown as { readonly uploadFile: (path: string) => Promise<void> }).uploadFile(
          join(folder, name),
        );
      }
      await page.locator('[name="identity"]').fill(one.signer?.identity ?? "");
      await page.locator('[name="issuer"]').fill(one.signer?.issuer ?? "");
      await page.click("#questions .go");
      await page.waitForSelector("#result:not([hidden])");
      return String(await page.evaluate('document.getElementById("result").innerText'));
    };
    expect(await verify(artifactOf(one) ?? "")).toContain("All 7 checks passed");
    expect(await verify("another file")).toContain("not the file that was signed");
  } finally {
    await browser.close();
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
