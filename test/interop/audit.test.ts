// SPDX-License-Identifier: Apache-2.0
// Runs `sigedge audit` and `sigedge monitor` over a log by other programs, as released: written by Tessera's
// posix-oneshot, cosigned by litewitness.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signingKey } from "../support/authority/signing-keys.ts";
import { makeRekordBody } from "../support/logs/served-log.ts";
import { type MonitorRun, runMonitor } from "../support/monitor/run-monitor.ts";
import { runCommand } from "../support/process/command.ts";
import { type ServedFolder, serveFolder } from "../support/process/served-folder.ts";
import { type Litewitness, startLitewitness } from "./litewitness.ts";
import { TesseraLog } from "./tessera.ts";

const ORIGIN = "tessera.example.com/log";
/** One full tile, and an open one that fills up later. */
const FIRST = 300;
const LATER = 250;

let folder: string;
let witness: Litewitness;
let log: TesseraLog;
let served: ServedFolder;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-audit-interop-"));
  witness = await startLitewitness();
  log = new TesseraLog(folder, ORIGIN);
  witness.addLog(ORIGIN, log.vkey);
  await append("log", 0, FIRST);
  served = await serveFolder(join(folder, "log"));
});
afterAll(async () => {
  await served.stop();
  await witness.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Lets Tessera append `count` signed entries; if `isCosigned`, it sends its head to the witness, whose ssh agent is
 * this process.
 */
async function append(name: string, from: number, count: number, isCosigned = true): Promise<void> {
  const { privateObject, spki } = signingKey("ecdsa-p256");
  const entries = Array.from({ length: count }, (_, i) => makeRekordBody(privateObject, spki, `${name} ${from + i}`));
  await log.append(name, entries, isCosigned ? `witness w1 ${witness.vkey} ${witness.url}\nquorum w1\n` : null);
}

interface ReportJson {
  readonly verdict: string;
  readonly checkpoint: { readonly treeSize: number; readonly signatures: readonly { readonly type: number | null }[] };
  readonly entries: { readonly verified: number };
  readonly findings: readonly { readonly code: string }[];
}

async function auditNow(): Promise<{ readonly code: number | null; readonly report: ReportJson }> {
  const args = [
    "audit",
    served.url,
    "--key",
    log.vkey,
    "--witness",
    witness.vkey,
    "--state",
    join(folder, "state.json"),
    "--json",
  ];
  const { code, stdout } = await runCommand("cli/sigedge.mjs", { args }).ended;
  return { code, report: JSON.parse(stdout) as ReportJson };
}

/** Watches the log with `sigedge monitor`. */
function monitorNow(): Promise<MonitorRun> {
  const config = join(folder, "monitor.yaml");
  writeFileSync(config, "watch:\n  - name: nobody\n    identity: nobody@example.com\n");
  const files = ["--config", config, "--state", join(folder, "monitor.json")];
  return runMonitor(served.url, "--key", log.vkey, "--witness", witness.vkey, ...files);
}

describe("a log written by Tessera and cosigned by litewitness", () => {
  it("is good, and still good after it has grown", async () => {
    const first = await auditNow();
    expect([first.code, first.report.verdict, first.report.entries.verified]).toEqual([0, "good", FIRST]);
    expect(first.report.checkpoint.treeSize).toBe(FIRST);
    expect(new Set(first.report.checkpoint.signatures.map(({ type }) => type))).toEqual(new Set([1, 4]));
    expect(await monitorNow()).toMatchObject({ code: 0, kinds: [] });
    await append("log", FIRST, LATER);
    const second = await auditNow();
    expect([second.code, second.report.entries.verified]).toEqual([0, FIRST + LATER]);
    expect(await monitorNow()).toMatchObject({ code: 0, kinds: [] });
  });

  it("is bad if it serves another history under the same key, which its witness has not seen", async () => {
    await append("fork", 0, FIRST + LATER, false);
    served.folder = join(folder, "fork");
    const { code, report } = await auditNow();
    expect(code).toBe(1);
    expect(report.findings.map(({ code: found }) => found)).toEqual(["tree_forked"]);
    const monitored = await monitorNow();
    expect(monitored.code).toBe(2);
    expect(monitored.kinds).toContain("log.inconsistent");
    expect(monitored.kinds).toContain("witness.lost");
  });
});
