// SPDX-License-Identifier: Apache-2.0
// `node bench/audit.ts`: measures how fast `sigedge audit` checks a log, with and without the signatures of entries.
// This process serves the log from memory, on the same cores.

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { say } from "../cli/terminal.ts";
import { ecdsaSigner, entryRecord, makeRekordBody, ServedLog } from "../test/support/logs/served-log.ts";
import { runCommand } from "../test/support/process/command.ts";
import { figure, renderSection, type Section } from "./figures.ts";

const ORIGIN = "bench.example.com";
const ENTRIES = 66_000;
const BUDGET = { withSignatures: { atLeast: 20_000 }, without: { atLeast: 200_000 } };

/**
 * Audits a log of `entries` entries with P-256 keys from the command line; the figures include the start of the
 * process.
 */
export async function measureAudit(entries = ENTRIES): Promise<Section> {
  const log = new ServedLog(ORIGIN, "entries", [ecdsaSigner(ORIGIN)]);
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  log.append(Array.from({ length: entries }, (_, i) => entryRecord(makeRekordBody(privateKey, spki, `entry ${i}`))));
  const url = await log.serve();
  const folder = mkdtempSync(join(tmpdir(), "sigedge-bench-audit-"));
  const measurePerMinute = async (...flags: readonly string[]): Promise<number> => {
    const args = ["audit", url, "--key", log.signers[0]?.vkey ?? "", "--state", join(folder, flags.join("")), ...flags];
    const started = performance.now();
    const { code, stderr } = await runCommand("cli/sigedge.mjs", { args }).ended;
    if (code !== 0) throw new Error(`the audit ended with ${code}: ${stderr}`);
    return (entries * 60_000) / (performance.now() - started);
  };
  try {
    const withSignatures = await measurePerMinute("--json");
    const without = await measurePerMinute("--no-signatures");
    return {
      title: `Audit of ${entries} entries`,
      notes: ["The same machine serves the log."],
      rows: [
        { name: "with signatures", figures: [figure("entries a minute", withSignatures, "", BUDGET.withSignatures)] },
        { name: "without signatures", figures: [figure("entries a minute", without, "", BUDGET.without)] },
      ],
    };
  } finally {
    await log.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) say(renderSection(await measureAudit()));
