// SPDX-License-Identifier: Apache-2.0
// `npm run large-file [-- GIGABYTES]`: /verify hashes a sparse file of 10 GB in Chromium, and the memory of all its
// processes stays bounded. Takes minutes, so it is run by hand; docs/verify.md has its figures.

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { say } from "../../cli/terminal.ts";
import { startStack } from "../support/process/stack.ts";
import { startChromium } from "./chromium.ts";

/** The file is read into one buffer of 4 MiB, so its size does not matter; the rest is the result page. */
const MAX_GROWTH_MB = 64;
const GB = 1_000_000_000;
const MAX_MS = 3_600_000;

/** Resident memory of the renderers that are descendants of this process, in MB. */
function readRenderersMb(): number {
  const renderers = readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const words = read(`/proc/${pid}/cmdline`);
    return words.includes("--type=renderer") && isOurs(pid);
  });
  const sizes = renderers.map((pid) => Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0));
  return sizes.reduce((sum, kb) => sum + kb / 1000, 0);
}

function isOurs(pid: string): boolean {
  const parent = /PPid:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? "0";
  return parent === String(process.pid) || (Number(parent) > 1 && isOurs(parent));
}

/** A process may end while it is looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** SHA-256 of so many zeros, by node:crypto. */
function hashZeros(bytes: number): string {
  const [hash, part] = [createHash("sha256"), Buffer.alloc(GB / 100)];
  for (let done = 0; done < bytes; done += part.length) hash.update(part);
  return hash.digest("hex");
}

const bytes = Number(process.argv[2] ?? "10") * GB;
const folder = mkdtempSync(join(tmpdir(), "sigedge-large-file-"));
const path = join(folder, "large.bin");
writeFileSync(path, "");
truncateSync(path, bytes);
const [stack, chromium] = await Promise.all([startStack(), startChromium()]);
try {
  const { page } = await chromium.invite();
  await page.goto(`${stack.url}/verify`);
  await page.waitForSelector("#questions:not([hidden])");
  const input = await page.$('#questions input[name="file"]');
  await (input as unknown as { readonly uploadFile: (path: string) => Promise<void> }).uploadFile(path);
  const expected = hashZeros(bytes);
  const before = readRenderersMb();
  let peak = before;
  let asked: string | null = null;
  page.on("request", (request) => {
    if (request.url().includes("/api/search?digest=")) asked ??= request.url();
  });
  const began = performance.now();
  await page.click("#questions .go");
  while (asked === null) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    peak = Math.max(peak, readRenderersMb());
    if (performance.now() - began > MAX_MS) throw new Error("the file was not hashed within an hour");
  }
  const seconds = (performance.now() - began) / 1000;
  say(`${bytes / GB} GB in ${seconds.toFixed(0)} s, ${(bytes / 1e6 / seconds).toFixed(0)} MB/s`);
  say(`memory of the renderers: ${before.toFixed(0)} MB before, ${peak.toFixed(0)} MB at most`);
  if (!String(asked).includes(expected))
    throw new Error(`the page asks for another digest than ${expected}: ${String(asked)}`);
  if (peak - before > MAX_GROWTH_MB) throw new Error(`the memory grew by more than ${MAX_GROWTH_MB} MB`);
} finally {
  await chromium.stop();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}
