// SPDX-License-Identifier: Apache-2.0
// transparency-dev's omniwitness, as released, with the files of docs/integrations/witnesses.md: it cosigns our heads,
// and refuses those that another log has signed.

import { type ChildProcess, spawn } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort, LISTEN_ADDRESS } from "../../cli/address.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import { signingKey } from "../support/authority/signing-keys.ts";
import { addEntry, expectProven, makeHashedRequest, postEntry, readLogKey } from "../support/logs/entries.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { valueOf } from "../support/value-of.ts";
import { readPageBlock } from "./clients/page.ts";
import { logVkey, verifyNote, witnessVkey } from "./signed-note.ts";

const PAGE = "witnesses.md";
const NAME = "omniwitness.example";
const READY_WITHIN_MS = 30_000;

interface LogFacts {
  readonly origin: string;
  readonly vkeys: readonly string[];
  readonly kind: string;
}

const folder = mkdtempSync(join(tmpdir(), "sigedge-omniwitness-"));
const keys = generateKeyPairSync("ed25519");
const publicKey = keys.publicKey.export({ format: "der", type: "spki" }).subarray(-32);
const vkey = witnessVkey(NAME, publicKey);
let port: number;
let stack: TestStack;
let witness: ChildProcess | null = null;

/** Writes the note key of golang.org/x/mod/sumdb/note, whose id is that of the plain Ed25519 key. */
function writeKey(): void {
  const withType = (key: Uint8Array): Buffer => Buffer.concat([Buffer.of(1), key]);
  const id = createHash("sha256").update(`${NAME}\n`).update(withType(publicKey)).digest("hex").slice(0, 8);
  const seed = keys.privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  writeFileSync(join(folder, "witness.key"), `PRIVATE+KEY+${NAME}+${id}+${withType(seed).toString("base64")}`);
}

async function startWitness(logs: { readonly origin: string; readonly vkey: string }): Promise<void> {
  // A test that failed leaves its witness.
  await stopWitness();
  const yaml = readPageBlock(PAGE, "Tell the witness about your log", "yaml");
  const filled = yaml.replace("ORIGIN", logs.origin).replace("https://HOST", stack.url).replace("VKEY", logs.vkey);
  writeFileSync(join(folder, "logs.yaml"), filled);
  const command = readPageBlock(PAGE, "Run the witness").replace("127.0.0.1:8100", `${LISTEN_ADDRESS}:${port}`);
  const [, ...args] = command.split(" ").map((word) => word.replaceAll('"', ""));
  witness = spawn(interopTool("omniwitness"), args, { cwd: folder, stdio: "ignore" });
  for (const end = Date.now() + READY_WITHIN_MS; !(await isListening()); await sleep(50)) {
    if (Date.now() > end || witness.exitCode !== null) throw new Error("omniwitness does not listen");
  }
}

const isListening = async (): Promise<boolean> =>
  await fetch(`http://${LISTEN_ADDRESS}:${port}/`).then(
    () => true,
    () => false,
  );

/** Kills the witness like a crash; its database remains. */
async function stopWitness(): Promise<void> {
  if (witness === null) return;
  const gone = new Promise((resolve) => witness?.once("close", resolve));
  witness.kill("SIGKILL");
  await gone;
  witness = null;
}

async function readFacts(): Promise<LogFacts> {
  const { logs } = (await (await fetch(`${stack.url}/api/logs`)).json()) as { readonly logs: readonly LogFacts[] };
  const facts = logs.find(({ kind }) => kind === "signature");
  if (facts === undefined) throw new Error("/api/logs has no signature log");
  return facts;
}

beforeAll(async () => {
  port = valueOf(await findFreePort(0));
  writeKey();
  const policy = readPageBlock(PAGE, "Tell your log about the witness", "")
    .replace("WITNESS_VKEY", vkey)
    .replace("WITNESS_URL", `http://${LISTEN_ADDRESS}:${port}`);
  stack = await startStack({
    vars: { ACCEPT: "open", WITNESS_POLICY: `${policy}\n`, WITNESS_MODE: "require-quorum" },
  });
});
afterAll(async () => {
  await stopWitness();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("omniwitness", () => {
  const key = signingKey("ecdsa-p256");

  it("refuses the heads of a log that it knows by another key", async () => {
    const { origin } = await readFacts();
    const other = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    await startWitness({ origin, vkey: logVkey(origin, other) });
    const refused = await postEntry(stack, makeHashedRequest(key, Buffer.from("unwitnessed")));
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);
    await stopWitness();
    for (const file of ["", "-wal", "-shm"]) rmSync(join(folder, `witness.db${file}`), { force: true });
  });

  it("cosigns the heads of the log that /api/logs describes", async () => {
    const { origin, vkeys } = await readFacts();
    await startWitness({ origin, vkey: vkeys[1] ?? "" });
    const entry = await addEntry(stack, makeHashedRequest(key, Buffer.from("witnessed")));
    expectProven(entry, await readLogKey(stack));
    const checkpoint = entry.inclusionProof.checkpoint.envelope;
    expect(verifyNote(checkpoint, vkeys[1] ?? "")).toBe(true);
    expect(Math.abs(Number(verifyNote(checkpoint, vkey)) - Date.now() / 1000)).toBeLessThan(120);
  });

  it("cosigns the next head with a proof from the one before, and after its own restart", async () => {
    await stopWitness();
    const { origin, vkeys } = await readFacts();
    await startWitness({ origin, vkey: vkeys[1] ?? "" });
    const entry = await addEntry(stack, makeHashedRequest(key, Buffer.from("witnessed again")));
    expect(verifyNote(entry.inclusionProof.checkpoint.envelope, vkey)).not.toBe(false);
  });
});
