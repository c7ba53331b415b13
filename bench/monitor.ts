// SPDX-License-Identifier: Apache-2.0
// Measures `sigedge monitor` as a process: how many entries it reads a second from the loopback interface with 1,000
// selectors, and how its memory and its state grow with the log.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../cli/root.ts";
import { figure, type Row, type Section } from "./figures.ts";
import { startMonitoredLog, WATCHED } from "./monitor-log.ts";

const SELECTORS = 1000;
const SIZES = { quick: [20_000, 100_000], full: [100_000, 300_000, 1_000_000] } as const;
const BUDGET = { entriesPerSecond: { atLeast: 5000 }, memoryMib: { atMost: 400 }, stateKib: { atMost: 256 } } as const;
const SAMPLE_MS = 100;

/** Exact names, globs and expressions, of which one matches the last entry. */
function makeConfig(): string {
  const rows = Array.from({ length: SELECTORS - 1 }, (_, i) => {
    const owner = `https://github.com/team-${i}`;
    const identity =
      i % 10 === 0
        ? `{ regex: '^${owner.replaceAll(".", "\\.")}/[a-z]+/\\.github/workflows/.*$' }`
        : i % 10 === 1
          ? `{ glob: "${owner}/*" }`
          : `"${owner}/repository/.github/workflows/release.yaml@refs/heads/main"`;
    return `  - name: team-${i}\n    identity: ${identity}\n    issuer: https://token.actions.githubusercontent.com\n`;
  });
  return `watch:\n${rows.join("")}  - name: mine\n    identity: "${WATCHED}"\n`;
}

interface Measured {
  readonly code: number | null;
  readonly stdout: string;
  readonly seconds: number;
  readonly memoryMib: number;
  /** The time of all threads of the process on processors. */
  readonly processorSeconds: number;
}

/** Runs the command, and watches its resident memory where the system shows it. */
async function runMonitor(args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, [join(ROOT, "cli/sigedge.mjs"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  let most = Number.NaN;
  let processorSeconds = Number.NaN;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const timer = setInterval(() => {
    most = readPeak(child.pid) ?? most;
    processorSeconds = readProcessorSeconds(child.pid) ?? processorSeconds;
  }, SAMPLE_MS);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearInterval(timer);
  return { code, stdout, seconds: (performance.now() - started) / 1000, memoryMib: most, processorSeconds };
}

/** The peak of the resident memory, in MiB (proc(5), VmHWM). */
function readPeak(pid: number | undefined): number | null {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null;
  }
}

/** The time on a processor, in seconds (proc(5), fields 14 and 15; a hundred ticks a second). */
function readProcessorSeconds(pid: number | undefined): number | null {
  try {
    const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) /);
    const [user, system] = fields.split(" ").slice(11, 13);
    return (Number(user) + Number(system)) / 100;
  } catch {
    return null;
  }
}

async function measureSize(size: number, folder: string): Promise<Row> {
  const log = await startMonitoredLog(size);
  const state = join(folder, `state-${size}.json`);
  const config = join(folder, "monitor.yaml");
  try {
    const args = ["monitor", log.url, "--key", log.vkey, "--config", config, "--state", state, "--json"];
    const { code, stdout, seconds, memoryMib, processorSeconds } = await runMonitor(args);
    const found = stdout.split("\n").filter((line) => line.includes('"match.unexpected"')).length;
    if (code !== 1 || found !== 1 || !stdout.includes(`"to":${size},`)) {
      throw new Error(`the monitor ended with ${code} and found ${found} of 1 entries: ${stdout.slice(0, 500)}`);
    }
    return {
      name: `${size.toLocaleString("en-US")} entries`,
      figures: [
        figure("entries", size / seconds, "/s", BUDGET.entriesPerSecond),
        figure("of one core", size / processorSeconds, "/s"),
        figure("peak memory", memoryMib * 1024, "KiB", { atMost: BUDGET.memoryMib.atMost * 1024 }),
        figure("state", statSync(state).size / 1024, "KiB", BUDGET.stateKib),
      ],
    };
  } finally {
    await log.stop();
  }
}

/** The sizes of the logs to measure. @param entries the only one, as the command line gives it */
export function chooseSizes(isQuick: boolean, entries: string | undefined): readonly number[] {
  if (entries === undefined) return SIZES[isQuick ? "quick" : "full"];
  if (/^[1-9]\d{0,7}$/.test(entries)) return [Number(entries)];
  throw new Error("--entries must be a number from 1 to 99999999");
}

/** Measures the monitor on logs of growing size. */
export async function measureMonitor(sizes: readonly number[], progress: (line: string) => void): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-bench-monitor-"));
  writeFileSync(join(folder, "monitor.yaml"), makeConfig());
  const rows: Row[] = [];
  try {
    for (const size of sizes) {
      progress(`monitor: ${size.toLocaleString("en-US")} entries`);
      rows.push(await measureSize(size, folder));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    title: `Monitor, ${SELECTORS.toLocaleString("en-US")} selectors, from the loopback interface`,
    notes: [
      "The whole command, its start included; the log runs in another thread on the same machine.",
      "rekor-monitor's users measured 570 entries/s on a log of Rekor v2, and 4.5 on one of v1 (NVIDIA/aicr, 2026).",
    ],
    rows,
  };
}
