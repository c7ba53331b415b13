// SPDX-License-Identifier: Apache-2.0
// A monitor that is killed with SIGKILL at every step by which it stores its state or tells somebody: the next run
// tells what nobody was told, and until everything was told no run ends with 0.

import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { ecdsaSigner, entryRecord, makeRekordBody, ServedLog } from "../support/logs/served-log.ts";
import { runCommand } from "../support/process/command.ts";

const ORIGIN = "log.example.com";
const mine = generateKeyPairSync("ec", { namedCurve: "P-256" });
const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signer = ecdsaSigner(ORIGIN);
const spkiOf = (pair: typeof mine): Buffer => pair.publicKey.export({ type: "spki", format: "der" });
const record = (pair: typeof mine, message: string): ReturnType<typeof entryRecord> =>
  entryRecord(makeRekordBody(pair.privateKey, spkiOf(pair), message));

/** The entries that are watched, and one that nobody can parse. */
const EXPECTED = [
  "match.unexpected/mine/log.example.com/3",
  "match.unexpected/mine/log.example.com/258",
  "entry.unparseable/log.example.com/259",
];

const folders: string[] = [];
let log: ServedLog;
let url: string;

beforeAll(async () => {
  log = new ServedLog(ORIGIN, "entries", [signer]);
  const entries = Array.from({ length: 261 }, (_, i) => record(i === 3 || i === 258 ? mine : other, `artifact ${i}`));
  log.append(entries.with(259, entryRecord(Buffer.from("{}"))));
  url = await log.serve();
});
afterAll(async () => {
  await log.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-monitor-kill-"));
  folders.push(folder);
  const pem = mine.publicKey.export({ type: "spki", format: "pem" }).toString();
  const indented = pem
    .trimEnd()
    .split("\n")
    .map((line) => `      ${line}\n`);
  writeFileSync(join(folder, "monitor.yaml"), `watch:\n  - name: mine\n    key: |\n${indented.join("")}`);
  return folder;
}

interface Run {
  readonly code: number | null;
  readonly keys: readonly string[];
}

async function monitor(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const state = join(folder, "state.json");
  const given = [
    "monitor",
    url,
    "--key",
    signer.vkey,
    "--config",
    join(folder, "monitor.yaml"),
    "--state",
    state,
    "--json",
  ];
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args: given, env }).ended;
  expect(stderr).toBe("");
  // The last line may be cut.
  const lines = stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { readonly key?: string });
  return { code, keys: lines.flatMap(({ key }) => key ?? []) };
}

const killAt = (folder: string, step: number): Promise<Run> =>
  monitor(folder, {
    NODE_OPTIONS: `--import ${join(ROOT, "test/support/monitor/kill-at.ts")}`,
    KILL_AT: String(step),
    KILL_FILE: join(folder, "state.json"),
  });

/** Kills a run at a step, and makes the next one. Returns whether the run came so far. */
async function killAndGoOn(step: number): Promise<boolean> {
  const folder = makeFolder();
  const killed = await killAt(folder, step);
  if (killed.code !== null) {
    expect(killed).toEqual({ code: 1, keys: EXPECTED });
    return false;
  }
  const file = join(folder, "state.json");
  if (existsSync(file)) expect(() => JSON.parse(readFileSync(file, "utf8"))).not.toThrow();
  const next = await monitor(folder);
  expect(new Set([...killed.keys, ...next.keys])).toEqual(new Set(EXPECTED));
  // Only a run that had told everything, and had stored that, may be followed by 0.
  if (next.code === 0) expect(killed.keys).toEqual(EXPECTED);
  else expect(next.code).toBe(1);
  expect(existsSync(`${file}.lock`)).toBe(false);
  return true;
}

it("loses no event at any step, and repeats none but by its key", { timeout: 600_000 }, async () => {
  const steps = { next: 1, isOver: false, kills: 0 };
  const goOn = async (): Promise<void> => {
    while (!steps.isOver) {
      if (await killAndGoOn(steps.next++)) steps.kills++;
      else steps.isOver = true;
    }
  };
  await Promise.all([goOn(), goOn()]);
  expect(steps.kills).toBeGreaterThan(15);
});
