// SPDX-License-Identifier: Apache-2.0
// Packs the package once for all tests, from a fresh copy of the files that git knows.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { createCheckout } from "../../support/process/checkout.ts";

export interface Packed {
  /** The tarball's absolute path. */
  readonly tarball: string;
  readonly bytes: number;
  /** The paths in it, relative to the package. */
  readonly files: readonly string[];
}

declare module "vitest" {
  interface ProvidedContext {
    readonly packed: Packed;
  }
}

/** The report of `npm pack --json` on a package. */
interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Called by vitest; returns what it calls at the end. */
export async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-packed-"));
  const checkout = createCheckout();
  try {
    const { code, stdout, stderr } = await checkout.run(`npm pack --json --silent --pack-destination ${folder}`);
    if (code !== 0) throw new Error(`npm pack failed: ${stderr}`);
    const [report] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<string, PackReport>);
    if (report === undefined) throw new Error(`npm pack printed ${stdout}`);
    const { filename, size: bytes, files } = report;
    project.provide("packed", { tarball: join(folder, filename), bytes, files: files.map(({ path }) => path) });
  } finally {
    checkout.remove();
  }
  return () => rmSync(folder, { recursive: true, force: true });
}
