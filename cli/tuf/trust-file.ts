// SPDX-License-Identifier: Apache-2.0
// Trust files on disk: deployment/trust.json of a checkout, which `wrangler deploy` bundles, or one in a folder of
// state.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { type OfflineTexts, textsIn } from "../../shared/tuf/trust-file.ts";
import { readJsonFile } from "../deployment/json-file.ts";
import { ROOT } from "../root.ts";

/** The trust file that `wrangler deploy` bundles. */
export const DEPLOYED_TRUST_FILE = join(ROOT, "deployment", "trust.json");

/**
 * Reads the texts of a deployment; null without the file or without texts in it. The error is a line for the
 * operator.
 */
export function readTrustFile(file: string, publicUrl: string): Result<OfflineTexts | null, string> {
  const json = readJsonFile(file);
  if (!json.ok || json.value === null) return json.ok ? ok(null) : json;
  const texts = textsIn(json.value, publicUrl);
  return texts.ok ? texts : err(`${file}: ${texts.error.reason}`);
}

/**
 * Writes the texts of a deployment and keeps those of others. Replaces the file atomically. The error is a line for
 * the operator.
 */
export function writeTrustFile(file: string, publicUrl: string, texts: OfflineTexts): Result<null, string> {
  const json = readJsonFile(file);
  if (!json.ok) return json;
  const others = json.value ?? {};
  const text = `${JSON.stringify({ ...others, [publicUrl]: texts }, null, 2)}\n`;
  const folder = mkdtempSync(join(dirname(file), `.${basename(file)}-`));
  try {
    writeFileSync(join(folder, "new"), text, { flush: true });
    renameSync(join(folder, "new"), file);
    return ok(null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
