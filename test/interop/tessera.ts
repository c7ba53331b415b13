// SPDX-License-Identifier: Apache-2.0
// A log that Tessera writes into a folder: runs its posix-oneshot, as released, once for each batch of entries.

import { execFile } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { interopTool } from "../../tools/interop-tools.ts";

export class TesseraLog {
  /** The log's folder, with one folder for each history. */
  readonly folder: string;
  readonly vkey: string;
  readonly #keyFile: string;

  /** @param folder an existing folder, in which the keys (golang.org/x/mod/sumdb/note) are made */
  constructor(folder: string, origin: string) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const key = Buffer.concat([Buffer.of(1), publicKey.export({ type: "spki", format: "der" }).subarray(-32)]);
    const id = createHash("sha256").update(`${origin}\n`).update(key).digest("hex").slice(0, 8);
    const seed = Buffer.concat([Buffer.of(1), privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32)]);
    this.folder = folder;
    this.#keyFile = join(folder, "key");
    writeFileSync(this.#keyFile, `PRIVATE+KEY+${origin}+${id}+${seed.toString("base64")}`);
    this.vkey = `${origin}+${id}+${key.toString("base64")}`;
  }

  /**
   * Appends entries to the history of this name. With a policy (c2sp.org/tlog-policy) Tessera sends its head to the
   * policy's witnesses and retries until it has a quorum of valid cosignatures. Rejects with Tessera's output if that
   * takes longer than the timeout.
   */
  async append(
    history: string,
    entries: readonly Uint8Array[],
    policy: string | null,
    timeoutMs = 60_000,
  ): Promise<void> {
    const batch = join(this.folder, `entries-${history}-${Date.now()}`);
    mkdirSync(batch);
    for (const [i, entry] of entries.entries()) writeFileSync(join(batch, String(i).padStart(6, "0")), entry);
    const args = [
      `--storage_dir=${join(this.folder, history)}`,
      `--entries=${batch}/*`,
      `--private_key=${this.#keyFile}`,
    ];
    if (policy !== null) {
      const file = join(batch, "..", `policy-${history}`);
      writeFileSync(file, policy);
      args.push(`--witness_policy_file=${file}`);
    }
    await promisify(execFile)(interopTool("tessera-posix-oneshot"), args, { maxBuffer: 64 << 20, timeout: timeoutMs });
  }
}
