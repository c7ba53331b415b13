// SPDX-License-Identifier: Apache-2.0
// Kills workerd with SIGKILL under load, again and again. After each kill, every log is fetched over HTTP and compared
// with the answers that clients got and with what the logs showed before.

import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { X509Certificate } from "@sigstore/core";
import { requestCertificate } from "../authority/request-certificate.ts";
import type { TestStack } from "../process/stack.ts";
import {
  artifactRequest,
  type ClientKey,
  certificateLeafHash,
  clientKey,
  parseTileLeaf,
  postRaw,
  readBytes,
  readCheckpoint,
  readRecords,
  sha256Hex,
  tilePath,
} from "./log-client.ts";
import type { LogEntryJson } from "./log-entry.ts";
import { naiveTile, prefixRoots } from "./naive-tree.ts";
import { makeHashedRekord, takeEntry, type V1Entry, type V1LogEntry, type V1Signer, v1SignerOf } from "./rekor-v1.ts";
import { plainLeafHash } from "./tree-hashes.ts";

/** The findings of all rounds. */
export interface KillReport {
  readonly kills: number;
  readonly entries: number;
  readonly certificates: number;
  /** Entries that a killed request had committed and a retry found. */
  readonly committedUnanswered: number;
  /** How often a full tile or bundle was read again after a later kill. */
  readonly immutables: number;
  /** Entries of the Rekor v1 log. */
  readonly v1Entries: number;
  readonly sizes: { readonly signature: number; readonly certificate: number; readonly rekorV1: number };
}

/** Clients that log entries, clients that request certificates, and clients of Rekor v1. */
const SIGNERS = 32;
const APPLICANTS = 8;
const V1_SIGNERS = 8;
/** How many requests are in flight when workerd is killed. */
const MIN_IN_FLIGHT = 20;
const CHECKED_PROMISES = 20;
const MAX_ATTEMPTS = 400;
const INDEX_WAIT_MS = 60_000;

interface LoggedEntry {
  readonly digest: string;
  readonly body: string;
  readonly index: number;
}

/** An entry of the Rekor v1 log, as it was answered. */
interface V1Logged {
  readonly id: string;
  readonly digest: string;
  readonly entry: V1Entry;
}

/** One log: what clients were told, and what was read. */
interface Witnessed {
  /** Tree size → the roots that were shown for it, base64. */
  readonly roots: Map<number, Set<string>>;
  /** Path → hash of every full tile and bundle that was read. */
  readonly immutables: Map<string, string>;
  size: number;
}

const createWitnessed = (): Witnessed => ({ roots: new Map(), immutables: new Map(), size: 0 });

/**
 * Kills the stack's workerd `kills` times. Rejects with the first violation. @param onKill called with the number of
 * kills so far
 */
export async function killRounds(
  stack: TestStack,
  kills: number,
  onKill: (done: number) => void = () => {},
): Promise<KillReport> {
  const run = new KillRun(stack);
  await run.load(async () => await sleep(300));
  for (let kill = 1; kill <= kills; kill++) {
    await run.load(async () => {
      // The number of the kill varies the moment.
      await sleep(600 + ((137 * kill) % 700));
      while (run.inFlight < MIN_IN_FLIGHT) await sleep(1);
      process.kill(stack.workerdPid(), "SIGKILL");
      await sleep(500);
    });
    await run.check();
    onKill(kill);
  }
  await run.checkIndex();
  return run.report(kills);
}

class KillRun {
  inFlight = 0;
  readonly #stack: TestStack;
  readonly #key: ClientKey = clientKey();
  readonly #entries: LoggedEntry[] = [];
  readonly #certificates: X509Certificate[] = [];
  readonly #signature = createWitnessed();
  readonly #certificate = createWitnessed();
  readonly #rekorV1 = createWitnessed();
  readonly #v1Signer: V1Signer;
  readonly #v1Entries: V1Logged[] = [];
  #number = 0;
  #committedUnanswered = 0;
  #reread = 0;

  constructor(stack: TestStack) {
    this.#stack = stack;
    this.#v1Signer = v1SignerOf(this.#key.privateKey);
  }

  /** Runs all clients while `work` runs, and until each has the answer to its last request. */
  async load(work: () => Promise<void>): Promise<void> {
    let isOn = true;
    const runClient = async (ask: () => Promise<void>): Promise<void> => {
      while (isOn) await ask();
    };
    const clients = [
      ...Array.from({ length: SIGNERS }, () => runClient(() => this.#sign())),
      ...Array.from({ length: APPLICANTS }, () => runClient(() => this.#apply())),
      ...Array.from({ length: V1_SIGNERS }, () => runClient(() => this.#signV1())),
    ];
    // A client that gives up fails the run, whatever else happens.
    await Promise.race([work(), Promise.all(clients)]);
    isOn = false;
    await Promise.all(clients);
  }

  async #sign(): Promise<void> {
    const artifact = `artifact ${this.#number++}`;
    const request = artifactRequest(this.#key, artifact);
    const { response, attempts } = await this.#retryUntilAnswered(() => postRaw(this.#stack.url, request), 201);
    const entry = JSON.parse(response.text) as LogEntryJson;
    if (attempts > 1 && response.headers.has("x-log-index")) this.#committedUnanswered++;
    const { treeSize, rootHash } = entry.inclusionProof;
    see(this.#signature, Number(treeSize), rootHash);
    this.#entries.push({ digest: sha256Hex(artifact), body: entry.canonicalizedBody, index: Number(entry.logIndex) });
  }

  async #apply(): Promise<void> {
    const number = this.#number++;
    const email = `person-${number}@example.com`;
    const client = `192.0.2.${number % 200}`;
    const { response } = await this.#retryUntilAnswered(
      () => requestCertificate(this.#stack, { email, client, key: this.#key }),
      200,
    );
    const answer = JSON.parse(response.text) as {
      readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly [string] } };
    };
    this.#certificates.push(X509Certificate.parse(answer.signedCertificateEmbeddedSct.chain.certificates[0]));
  }

  async #signV1(): Promise<void> {
    const artifact = `artifact ${this.#number++}`;
    const body = JSON.stringify(makeHashedRekord(this.#v1Signer, artifact));
    const ask = (): Promise<Response> =>
      fetch(`${this.#stack.url}/api/v1/log/entries`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
    const { response } = await this.#retryUntilAnswered(ask, 201);
    const [id, entry] = takeEntry(JSON.parse(response.text) as V1LogEntry);
    const { treeSize, rootHash } = entry.verification.inclusionProof;
    see(this.#rekorV1, treeSize, Buffer.from(rootHash, "hex").toString("base64"));
    this.#v1Entries.push({ id, digest: sha256Hex(artifact), entry });
  }

  /** Retries as a client does: a broken connection and 503 are no answers. */
  async #retryUntilAnswered(
    ask: () => Promise<Response>,
    status: number,
  ): Promise<{ readonly response: { readonly text: string; readonly headers: Headers }; readonly attempts: number }> {
    for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts++) {
      const response = await this.#attempt(ask);
      if (response?.status === status) return { response, attempts };
      assert.ok(response === null || response.status === 503, `${response?.status} ${response?.text}`);
      await sleep(50);
    }
    throw new Error(`no answer in ${MAX_ATTEMPTS} attempts`);
  }

  async #attempt(ask: () => Promise<Response>): Promise<{ status: number; text: string; headers: Headers } | null> {
    this.inFlight++;
    try {
      const { status, headers, text } = await readWhole(await ask());
      return { status, headers, text };
    } catch {
      return null;
    } finally {
      this.inFlight--;
    }
  }

  /** Reads every log from its first entry on. */
  async check(): Promise<void> {
    const { url } = this.#stack;
    checkBodies(await this.#checkLog(this.#signature, url, "entries"), this.#entries);
    this.#checkCertificates(await this.#checkLog(this.#certificate, `${url}/ct`, "data"));
    const promised = this.#v1Entries.map(({ entry: { body, logIndex } }) => ({ body, index: logIndex }));
    checkBodies(await this.#checkLog(this.#rekorV1, `${url}/rekor-v1`, "entries"), promised);
    await this.#checkPromises();
  }

  /** Checks that the log still promises entries the index and the time that it promised first: the newest of them. */
  async #checkPromises(): Promise<void> {
    for (const { id, entry } of this.#v1Entries.slice(-CHECKED_PROMISES)) {
      const response = await fetch(`${this.#stack.url}/api/v1/log/entries/${id}`);
      const [, { integratedTime, logIndex }] = takeEntry(await response.json());
      assert.deepEqual([logIndex, integratedTime], [entry.logIndex, entry.integratedTime], `the promise of ${id}`);
    }
  }

  async #checkLog(log: Witnessed, base: string, kind: "entries" | "data"): Promise<readonly Buffer[]> {
    const { treeSize, rootHash } = await readCheckpoint(base);
    assert.ok(
      treeSize > log.size,
      `${base} has ${treeSize} entries after ${log.size}: nothing was added, or something lost`,
    );
    log.size = treeSize;
    see(log, treeSize, rootHash.toString("base64"));
    const records = await readRecords(base, treeSize, kind);
    const leaves = records.map(kind === "entries" ? plainLeafHash : certificateLeafHash);
    const prefixes = prefixRoots(leaves);
    for (const [size, shown] of log.roots) {
      assert.deepEqual([...shown], [prefixes[size]?.toString("base64")], `the root of ${size} entries of ${base}`);
    }
    await this.#checkTiles(log, base, leaves);
    await this.#checkImmutables(log, base, kind);
    return records;
  }

  async #checkTiles(log: Witnessed, base: string, leaves: readonly Buffer[]): Promise<void> {
    for (let level = 0; 256 ** level <= leaves.length; level++) {
      for (let index = 0; index * 256 ** (level + 1) < leaves.length; index++) {
        const hashes = naiveTile(leaves, level, index);
        if (hashes.length === 0) continue;
        const path = tilePath(level, index, hashes.length);
        const tile = await readBytes(`${base}/${path}`);
        assert.ok(tile.equals(Buffer.concat(hashes)), `${path} of ${base} is not the hashes of its entries`);
        if (hashes.length === 256) this.#remember(log, path, tile);
      }
    }
  }

  async #checkImmutables(log: Witnessed, base: string, kind: "entries" | "data"): Promise<void> {
    for (let index = 0; (index + 1) * 256 <= log.size; index++) {
      const path = tilePath(kind, index);
      this.#remember(log, path, await readBytes(`${base}/${path}`));
    }
  }

  #remember({ immutables }: Witnessed, path: string, bytes: Buffer): void {
    const hash = createHash("sha256").update(bytes).digest("hex");
    const before = immutables.get(path);
    if (before !== undefined) this.#reread++;
    assert.ok(before === undefined || before === hash, `${path} has changed`);
    immutables.set(path, hash);
  }

  /** Checks that every issued certificate is where its SCT says, with the SCT's time, and that times never go back. */
  #checkCertificates(records: readonly Buffer[]): void {
    const leaves = records.map(parseTileLeaf);
    for (const certificate of this.#certificates) {
      const [sct] = certificate.extSCT?.signedCertificateTimestamps ?? [];
      assert.ok(sct !== undefined, "a certificate without an SCT");
      // leaf_index of static-ct-api: type 0, two length bytes, 40 bits.
      const leaf = leaves[sct.extensions.readUIntBE(3, 5)];
      assert.equal(leaf?.timestamp, sct.datetime.getTime(), "the time of the SCT and of its entry");
      assert.ok(leaf?.signedEntry.includes(certificate.serialNumber), "another certificate is at the index of the SCT");
    }
    for (const [i, { timestamp }] of leaves.entries())
      assert.ok(timestamp >= (leaves[i - 1]?.timestamp ?? 0), "time went back");
  }

  /** Checks that the search finds every entry at its index, once it is complete. */
  async checkIndex(): Promise<void> {
    const deadline = Date.now() + INDEX_WAIT_MS;
    while (!(await this.#isIndexed())) {
      assert.ok(Date.now() < deadline, "the search index does not catch up");
      await sleep(200);
    }
    const v1 = this.#v1Entries.map(({ digest, entry }) => ({ digest, index: entry.logIndex }));
    for (const { digest, index } of [...this.#entries, ...v1]) {
      const { hits } = await this.#search(digest);
      assert.deepEqual(
        hits.map((hit) => hit.index),
        [index],
        `what the search finds for entry ${index}`,
      );
    }
  }

  async #isIndexed(): Promise<boolean> {
    const { signature = 0, "rekor-v1": rekorV1 = 0 } = (await this.#search(sha256Hex("nothing"))).completeThroughByLog;
    return signature >= this.#signature.size && rekorV1 >= this.#rekorV1.size;
  }

  async #search(digest: string): Promise<SearchPage> {
    const response = await fetch(`${this.#stack.url}/api/search?digest=sha256:${digest}`, {
      headers: { "cf-connecting-ip": `192.0.2.${Number.parseInt(digest.slice(0, 2), 16)}` },
    });
    assert.equal(response.status, 200);
    return (await response.json()) as SearchPage;
  }

  report(kills: number): KillReport {
    return {
      kills,
      entries: this.#entries.length,
      certificates: this.#certificates.length,
      committedUnanswered: this.#committedUnanswered,
      immutables: this.#reread,
      v1Entries: this.#v1Entries.length,
      sizes: {
        signature: this.#signature.size,
        certificate: this.#certificate.size,
        rekorV1: this.#rekorV1.size,
      },
    };
  }
}

interface SearchPage {
  readonly hits: readonly { readonly index: number }[];
  readonly completeThroughByLog: Readonly<Record<string, number>>;
}

/** Checks that each entry is at the index that was acknowledged, and none twice. */
function checkBodies(
  records: readonly Buffer[],
  acknowledged: readonly { readonly body: string; readonly index: number }[],
): void {
  const bodies = records.map((record) => record.toString("base64"));
  for (const { body, index } of acknowledged) assert.equal(bodies[index], body, `entry ${index}`);
  assert.equal(new Set(bodies).size, bodies.length, "an entry is there twice");
}

function see({ roots }: Witnessed, size: number, root: string): void {
  roots.set(size, (roots.get(size) ?? new Set()).add(root));
}

/** Reads an answer with its whole body. A truncated answer is none. */
async function readWhole(response: Response): Promise<{ status: number; text: string; headers: Headers }> {
  const { status, headers } = response;
  return { status, headers, text: await response.text() };
}
