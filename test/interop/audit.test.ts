// SPDX-License-Identifier: Apache-2.0
// `sigedge audit` before a log that other people's programs wrote: Tessera's posix-oneshot, cosigned by litewitness, as released.

import { execFile } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interopTool } from "../../cli/interop-tools.ts";
import { runCommand } from "../support/command.ts";
import { hashedRekordBody, ServedLog } from "../support/served-log.ts";
import { signingKey } from "../support/signing-keys.ts";
import { type Litewitness, startLitewitness } from "./litewitness.ts";

const ORIGIN = "tessera.example.com/log";
/** A full tile, and an open one that fills up later. */
const FIRST = 300;
const LATER = 250;

let folder: string;
let witness: Litewitness;
let vkey: string;
let served: ServedLog;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-audit-interop-"));
  witness = await startLitewitness();
  vkey = makeNoteKey();
  witness.addLog(ORIGIN, vkey);
  writeFileSync(join(folder, "policy"), `witness w1 ${witness.vkey} ${witness.url}\nquorum w1\n`);
  await append("log", 0, FIRST);
  served = new ServedLog(ORIGIN, "entries", []);
  url = await served.serve();
});
afterAll(async () => {
  await served.stop();
  await witness.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A key of golang.org/x/mod/sumdb/note: `PRIVATE+KEY+<name>+<id>+<base64(01 ‖ seed)>`; gives its verifier key. */
function makeNoteKey(): string {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = Buffer.concat([Buffer.of(1), publicKey.export({ type: "spki", format: "der" }).subarray(-32)]);
  const id = createHash("sha256").update(`${ORIGIN}\n`).update(key).digest("hex").slice(0, 8);
  const seed = Buffer.concat([Buffer.of(1), privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32)]);
  writeFileSync(join(folder, "key"), `PRIVATE+KEY+${ORIGIN}+${id}+${seed.toString("base64")}`);
  return `${ORIGIN}+${id}+${key.toString("base64")}`;
}

/** Has Tessera append `count` signed entries to the log in this folder; `isCosigned` sends its head to the witness, whose ssh agent is this process. */
async function append(name: string, from: number, count: number, isCosigned = true): Promise<void> {
  const { privateObject, spki } = signingKey("ecdsa-p256");
  const entries = join(folder, `entries-${name}-${from}`);
  mkdirSync(entries);
  for (let i = from; i < from + count; i++) {
    writeFileSync(join(entries, String(i).padStart(6, "0")), hashedRekordBody(privateObject, spki, `${name} ${i}`));
  }
  const args = [
    `--storage_dir=${join(folder, name)}`,
    `--entries=${entries}/*`,
    `--private_key=${join(folder, "key")}`,
  ];
  const witnessed = isCosigned ? [`--witness_policy_file=${join(folder, "policy")}`] : [];
  await promisify(execFile)(interopTool("tessera-posix-oneshot"), [...args, ...witnessed], { maxBuffer: 64 << 20 });
}

/** Serves the files of a folder as they are now. */
function serve(name: string): void {
  served.files.clear();
  for (const path of readdirSync(join(folder, name), { recursive: true, withFileTypes: true })) {
    const file = join(path.parentPath, path.name);
    if (path.isFile()) served.files.set(file.slice(join(folder, name).length + 1), readFileSync(file));
  }
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
    url,
    "--key",
    vkey,
    "--witness",
    witness.vkey,
    "--state",
    join(folder, "state.json"),
    "--json",
  ];
  const { code, stdout } = await runCommand("sigedge.mjs", { args }).ended;
  return { code, report: JSON.parse(stdout) as ReportJson };
}

describe("a log of Tessera's, cosigned by litewitness", () => {
  it("is good, and good again when it has grown", async () => {
    serve("log");
    const first = await auditNow();
    expect([first.code, first.report.verdict, first.report.entries.verified]).toEqual([0, "good", FIRST]);
    expect(first.report.checkpoint.treeSize).toBe(FIRST);
    expect(new Set(first.report.checkpoint.signatures.map(({ type }) => type))).toEqual(new Set([1, 4]));
    await append("log", FIRST, LATER);
    serve("log");
    const second = await auditNow();
    expect([second.code, second.report.entries.verified]).toEqual([0, FIRST + LATER]);
  });

  it("is bad when it comes with another history under the same key, which its witness has not seen", async () => {
    await append("fork", 0, FIRST + LATER, false);
    serve("fork");
    const { code, report } = await auditNow();
    expect(code).toBe(1);
    expect(report.findings.map(({ code: found }) => found)).toEqual(["tree_forked"]);
  });
});
