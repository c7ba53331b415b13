// SPDX-License-Identifier: Apache-2.0
// Runs the fsck commands of Tessera and TesseraCT, which rebuild a served log from its bundles. Both exit with 0
// whatever they find (their `main` returns at the end of the check), so the verdict comes from their report.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { interopTool } from "../../tools/interop-tools.ts";

export interface Tree {
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export interface Verdict {
  /** The accepted tree; null if anything is wrong. */
  readonly sound: Tree | null;
  readonly report: string;
}

/** More than one damage can stop: a worker that finds a difference takes no more work. */
const WORKERS = "8";
/** A check of 66,000 entries takes two seconds. */
const TIMEOUT_MS = 60_000;

const ACCEPTED = /Successfully fsck'd log with size (\d+) and root (\S+)/;
/** Matches a warning or worse in the output of klog or slog. */
const COMPLAINT = /^[WEF]\d{4} |\blevel=(?:WARN|ERROR)\b/m;

export interface SignatureLogCheck {
  /** The log's URL. */
  readonly url: string;
  /** The verifier key of the log's Ed25519 line. */
  readonly vkey: string;
}

/** Runs Tessera's fsck, which checks any tlog-tiles log. */
export async function tesseraFsck({ url, vkey }: SignatureLogCheck): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-fsck-"));
  try {
    const key = join(folder, "vkey");
    writeFileSync(key, `${vkey}\n`);
    return await check("tessera-fsck", [`--storage_url=${url}/`, `--public_key=${key}`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface CertificateLogCheck {
  /** The monitoring prefix. */
  readonly url: string;
  readonly origin: string;
  /** The log's key: SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
}

/** Runs TesseraCT's fsck, which checks a static-ct-api log with the issuers of every chain. */
export async function tesseractFsck({ url, origin, spki }: CertificateLogCheck): Promise<Verdict> {
  const key = `--public_key=${spki.toString("base64")}`;
  return await check("tesseract-fsck", [`--monitoring_url=${url}`, `--origin=${origin}`, key]);
}

async function check(tool: string, args: readonly string[]): Promise<Verdict> {
  const { code, report } = await run(interopTool(tool), [...args, `--N=${WORKERS}`, "--ui=false"]);
  const accepted = ACCEPTED.exec(report);
  if (code !== 0 || accepted === null || COMPLAINT.test(report)) return { sound: null, report };
  return { sound: { size: Number(accepted[1]), root: accepted[2] ?? "" }, report };
}

function run(file: string, args: readonly string[]): Promise<{ readonly code: unknown; readonly report: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: TIMEOUT_MS, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), report: `${stdout}${stderr}` });
    });
  });
}
