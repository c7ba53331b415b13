// SPDX-License-Identifier: Apache-2.0
// Runs torchwood's litewitness, as released: a witness with its own database that can be stopped and restarted.

import { type ChildProcess, spawn } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { findFreePort, LISTEN_ADDRESS } from "../../cli/address.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import type { Tree } from "./fsck.ts";
import { witnessVkey } from "./signed-note.ts";
import { startSshAgent } from "./ssh-agent.ts";

const NAME = "witness.example/w1";
const START_TIMEOUT_MS = 20_000;

export interface Litewitness {
  readonly vkey: string;
  readonly url: string;
  /** Adds a log, like `witnessctl add-log` and `add-key`. */
  readonly addLog: (origin: string, vkey: string) => void;
  /** The newest tree of a log that the witness cosigned. */
  readonly treeOf: (origin: string) => Tree;
  /** Kills the witness like a crash; its database remains. */
  readonly kill: () => Promise<void>;
  /** Starts it again with the same key and database. */
  readonly start: () => Promise<void>;
  /** Stops it and deletes its database. */
  readonly stop: () => Promise<void>;
}

/** Starts a witness without logs. */
export async function startLitewitness(): Promise<Litewitness> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-witness-"));
  const keys = generateKeyPairSync("ed25519");
  const publicKey = keys.publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const socket = join(folder, "agent");
  const agent = await startSshAgent(socket, keys.privateKey, publicKey);
  const port = await findFreePort(0);
  if (!port.ok) throw new Error(port.error);
  const listen = `${LISTEN_ADDRESS}:${port.value}`;
  const database = join(folder, "witness.db");
  const args = { db: database, key: agent.fingerprint, name: NAME, "ssh-agent": socket, listen };
  const run = (): Promise<ChildProcess> => runUntilListening(args);
  let running = await run();
  const kill = (): Promise<void> => killProcess(running);
  return {
    vkey: witnessVkey(NAME, publicKey),
    url: `http://${listen}`,
    addLog: (origin, vkey) => addLog(database, origin, vkey),
    treeOf: (origin) => treeOf(database, origin),
    kill,
    start: async () => {
      running = await run();
    },
    stop: async () => {
      await kill();
      agent.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function runUntilListening(args: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const flags = Object.entries(args).map(([name, value]) => `-${name}=${value}`);
  const child = spawn(interopTool("litewitness"), flags, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const fail = (): void => reject(new Error(`litewitness did not listen:\n${said}`));
    setTimeout(fail, START_TIMEOUT_MS).unref();
    child.once("exit", fail);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("msg=listening")) resolve();
    });
  });
  // litewitness prints the line just before it listens.
  for (let attempt = 0; !(await isReachable(args["listen"] ?? "")); attempt++) {
    if (attempt > 1000) throw new Error(`litewitness is unreachable:\n${said}`);
  }
  return child;
}

const isReachable = async (address: string): Promise<boolean> =>
  await fetch(`http://${address}/`).then(
    () => true,
    () => false,
  );

function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.kill("SIGKILL");
  return gone;
}

/**
 * Writes the two rows that witnessctl would: witnessctl is in the same module, but needs another one that some proxies
 * lack.
 */
function addLog(path: string, origin: string, vkey: string): void {
  const emptyRoot = createHash("sha256").digest("base64");
  const database = new DatabaseSync(path);
  database.prepare("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)").run(origin, emptyRoot);
  database.prepare("INSERT INTO key (origin, key) VALUES (?, ?)").run(origin, vkey);
  database.close();
}

function treeOf(path: string, origin: string): Tree {
  const database = new DatabaseSync(path);
  const row = database.prepare("SELECT tree_size, tree_hash FROM log WHERE origin = ?").get(origin);
  database.close();
  return { size: Number(row?.["tree_size"]), root: String(row?.["tree_hash"]) };
}
