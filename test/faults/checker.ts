// SPDX-License-Identifier: Apache-2.0
// Watches a log from outside. Keeps what has left the log (answers, heads), reads the log as the public does (R2 first,
// then the tail, through the log service's own reader), and reports every contradiction.

import { createHash } from "node:crypto";
import { equal } from "../../shared/bytes/bytes.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf } from "../../shared/ct/leaf.ts";
import type { SignedCertificateTimestamp } from "../../shared/ct/sct.ts";
import { encodeDigitallySigned, leafIndexExtension, sctSignedData, treeHeadSignedData } from "../../shared/ct/sct.ts";
import { type LogConfig, objectKey } from "../../shared/logs/config.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { readSidecarLine, sidecarPath } from "../../shared/rekor/sidecar.ts";
import type { Appended, Duplicate } from "../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { type Checkpoint, parseCheckpoint } from "../../shared/tlog/checkpoint.ts";
import { decodeEntryBundle } from "../../shared/tlog/entries.ts";
import { hash } from "../../shared/tlog/hash.ts";
import type { SignedTreeHead } from "../../shared/tlog/head.ts";
import { parseNote } from "../../shared/tlog/note.ts";
import { formatTilePath, tileWidth } from "../../shared/tlog/tile.ts";
import { CachedTail, type Tail } from "../../workers/log/reading/cached-tail.ts";
import { type LogReader, readEntry, readTile } from "../../workers/log/reading/log-reader.ts";
import { proveInclusion } from "../../workers/log/reading/prover.ts";
import { rootFromProof } from "../support/logs/naive-tree.ts";
import { plainLeafHash } from "../support/logs/tree-hashes.ts";
import type { GrownLog } from "./grown-log.ts";
import { type Database, IndexChecker } from "./index-checker.ts";
import { PlainTree } from "./plain-tree.ts";
import type { Random } from "./random.ts";
import { identityOfEntry, type SimulatedSubmission } from "./submissions.ts";
import { simulatedEcdsa, simulatedEd25519 } from "./test-keys.ts";

/** One entry as the log shows it. */
interface Shown {
  readonly identity: string;
  readonly isFinal: boolean | null;
  /** Null in a signature log, whose records have no time. */
  timestamp: number | null;
}

/** An entry as it was read. */
interface Read {
  readonly leaf: Buffer;
  readonly timestamp: number | null;
  readonly identity: () => string;
  /** Whether it is a certificate; false for a precertificate, null in a signature log. */
  readonly isFinal: boolean | null;
}

/** An acknowledged entry. */
interface Promised {
  readonly identity: string;
  readonly index: number;
  readonly timestamp: number | null;
  /** As in Read. */
  readonly isFinal: boolean | null | "any";
}

interface SeenHead {
  readonly root: Uint8Array;
  readonly timestamp: number | null;
}

/** The parts of a world that a checker uses. */
export interface CheckerDeps {
  readonly config: LogConfig;
  readonly random: Random;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly database: Database;
  /** The tail of the current instance, without faults. Null while none can be read. */
  readonly tail: () => Tail | null;
  readonly known: ReadonlyMap<string, SimulatedSubmission>;
  readonly violate: (what: string) => void;
}

/** Checks one log from outside and reports every contradiction. */
export class Checker {
  readonly #deps: CheckerDeps;
  /** The tree, as far as it has been read and verified. */
  #tree = new PlainTree();
  readonly #shown: Shown[] = [];
  readonly #indexOf = new Map<string, number>();
  readonly #heads = new Map<number, SeenHead>();
  readonly #acknowledged = new Map<string, number>();
  /** Index and time of acknowledgements beyond the tree that was read so far. */
  readonly #open: Promised[] = [];
  /** The largest head that has left the log. */
  #visible = 0;
  /** The first entry that had a row when this checker started. */
  #firstRow = 0;
  readonly #unverified = new Set<number>();
  /** Size of the log when it was frozen, and its last checkpoint. Null until a caller learns of it. */
  #frozenSize: number | null = null;
  #lastText: string | null = null;
  audits = 0;

  readonly index: IndexChecker;

  constructor(deps: CheckerDeps) {
    this.#deps = deps;
    const { config, database, known, violate } = deps;
    this.index = new IndexChecker({
      log: config.name,
      database,
      searchOf: (leafIndex) => known.get(this.#shown[leafIndex]?.identity ?? "")?.search ?? null,
      learnTime: (leafIndex, timestamp) => this.#learnTime(leafIndex, timestamp),
      violate,
    });
  }

  get visible(): number {
    return this.#visible;
  }

  get acknowledgements(): number {
    return this.#acknowledged.size;
  }

  /** Starts with a log that already has entries. Those without rows are not checked. */
  startWith({ tree, entries, firstRow }: GrownLog): void {
    this.#tree = tree;
    for (const [i, { identity, certificate }] of entries.entries()) {
      this.#shown[firstRow + i] = { identity, timestamp: null, isFinal: isFinal(certificate) };
      this.#indexOf.set(identity, firstRow + i);
    }
    this.#firstRow = firstRow;
    this.#visible = tree.size;
    this.index.startAt(tree.size);
  }

  // ---- what leaves the log ----

  /** Takes a head that has left the log. */
  sawHead({ treeSize, rootHash, checkpoint }: SignedTreeHead | Appended): void {
    const timestamp = this.#checkCheckpoint(treeSize, rootHash, checkpoint);
    const seen = this.#heads.get(treeSize);
    if (seen !== undefined && !equal(seen.root, rootHash)) this.#deps.violate(`two roots for a tree of ${treeSize}`);
    if (seen === undefined) {
      this.#heads.set(treeSize, { root: rootHash, timestamp });
      this.#unverified.add(treeSize);
      this.#verifyHead(treeSize);
    }
    this.#visible = Math.max(this.#visible, treeSize);
    this.#checkFrozen(this.#visible);
  }

  /** Takes an answer that the log is frozen at this size. From then on it may never grow. */
  sawFrozen(size: number): void {
    if (this.#frozenSize !== null && this.#frozenSize !== size) {
      this.#deps.violate(`a log that was frozen at ${this.#frozenSize} says that it was frozen at ${size}`);
    }
    this.#frozenSize = size;
    this.#checkFrozen(this.#visible);
  }

  get frozenSize(): number | null {
    return this.#frozenSize;
  }

  #checkFrozen(size: number): void {
    const end = this.#frozenSize;
    if (end !== null && size > end) this.#deps.violate(`a log that was frozen at ${end} has ${size} entries`);
  }

  /** Only the last checkpoint may have the line that the log is frozen. */
  #checkExtensions(text: string, { extensions, treeSize }: Checkpoint): void {
    if (extensions.length === 0) return;
    const [line = "", ...more] = extensions;
    const isRight = this.#deps.config.kind === "signature" && more.length === 0 && FROZEN_LINE.test(line);
    if (!isRight) this.#deps.violate(`a checkpoint with unexpected lines: ${text}`);
    if (this.#lastText !== null && this.#lastText !== text) this.#deps.violate(`two last checkpoints: ${text}`);
    this.#lastText = text;
    this.sawFrozen(treeSize);
  }

  /** Returns the time of a certificate log's tree head. */
  #checkCheckpoint(treeSize: number, rootHash: Uint8Array, checkpoint: string): number | null {
    const { config, violate } = this.#deps;
    const note = parseNote(encodeUtf8(checkpoint));
    const parsed = note.ok ? parseCheckpoint(note.value.text) : note;
    if (!note.ok || !parsed.ok) {
      violate(`a checkpoint that does not parse: ${checkpoint}`);
      return null;
    }
    const { text, signatures } = note.value;
    const isSame = parsed.value.treeSize === treeSize && equal(parsed.value.rootHash, rootHash);
    if (!isSame || parsed.value.origin !== config.origin) violate(`a checkpoint of another tree: ${text}`);
    this.#checkExtensions(text, parsed.value);
    const [first, second] = signatures.map(({ signature }) => signature);
    if (config.kind === "signature") {
      const isSigned =
        first !== undefined &&
        second !== undefined &&
        equal(first, simulatedEcdsa.sign(encodeUtf8(text))) &&
        equal(second, simulatedEd25519.sign(encodeUtf8(text)));
      if (!isSigned) violate(`a checkpoint with a wrong signature: ${checkpoint}`);
      return null;
    }
    if (config.kind === "rekor-v1") {
      const isSigned = first !== undefined && equal(first, simulatedEcdsa.sign(encodeUtf8(text)));
      if (!isSigned || second !== undefined) violate(`a checkpoint with wrong signatures: ${checkpoint}`);
      return null;
    }
    const timestamp = Number(Buffer.from(first ?? new Uint8Array(8)).readBigUInt64BE());
    const signed = encodeDigitallySigned(simulatedEcdsa.sign(treeHeadSignedData(timestamp, treeSize, rootHash)));
    if (first === undefined || !equal(first.subarray(8), signed))
      violate(`a tree head with a wrong signature: ${text}`);
    return timestamp;
  }

  /** Takes an acknowledgement that has left the log. */
  sawAnswer(
    { identity, certificate }: SimulatedSubmission,
    answer: Appended | Duplicate,
    { sct, promisedAt }: { readonly sct: SignedCertificateTimestamp | null; readonly promisedAt: UnixMs | null },
  ): void {
    const { leafIndex } = answer;
    this.#checkFrozen(leafIndex + 1);
    let timestamp: number | null = promisedAt ?? (answer.kind === "appended" ? answer.timestamp : null);
    if (answer.kind === "appended") {
      this.sawHead(answer);
      this.#checkProof(identity, answer);
    }
    if (certificate !== null) {
      timestamp = this.#checkSct(certificate, leafIndex, sct);
      this.#checkIssuers(certificate, leafIndex);
    }
    const before = this.#acknowledged.get(identity);
    if (before !== undefined && before !== leafIndex) {
      this.#deps.violate(`one body acknowledged at ${before} and at ${leafIndex}`);
    }
    this.#acknowledged.set(identity, leafIndex);
    const promised = { identity, index: leafIndex, timestamp, isFinal: isFinal(certificate) };
    if (leafIndex < this.#tree.size) this.#checkEntry(promised);
    else this.#open.push(promised);
  }

  #checkIssuers({ issuers }: NonNullable<SimulatedSubmission["certificate"]>, leafIndex: number): void {
    const { config, objects, violate } = this.#deps;
    for (const der of issuers) {
      const stored = objects.get(`${config.name}/issuer/${createHash("sha256").update(der).digest("hex")}`);
      if (stored === undefined || !equal(stored, der)) violate(`an issuer of entry ${leafIndex} is not in R2`);
    }
  }

  #checkProof(identity: string, { leafIndex, treeSize, rootHash, proof }: Appended): void {
    const submitted = this.#deps.known.get(identity);
    if (submitted === undefined || submitted.certificate !== null) return;
    const leaf = plainLeafHash(submitted.submission.toLeaf({ leafIndex, timestamp: unixMs(0) }).record);
    const root = rootFromProof(leaf, { leafIndex, treeSize }, proof);
    if (root === null || !equal(root, rootHash)) this.#deps.violate(`the proof of entry ${leafIndex} does not verify`);
  }

  #checkSct(
    certificate: NonNullable<SimulatedSubmission["certificate"]>,
    leafIndex: number,
    sct: SignedCertificateTimestamp | null,
  ): UnixMs | null {
    if (sct === null) {
      this.#deps.violate(`no SCT for ${leafIndex}`);
      return null;
    }
    const { timestamp, extensions, signature } = sct;
    const { signedEntry, issuerKeyHash, entryType } = certificate;
    const common = { timestamp, extensions, signedEntry };
    const entry =
      entryType === "precert_entry" && issuerKeyHash !== null
        ? { ...common, entryType, issuerKeyHash }
        : { ...common, entryType: "x509_entry" as const };
    const isRight =
      equal(extensions, leafIndexExtension(leafIndex)) && equal(signature, simulatedEcdsa.sign(sctSignedData(entry)));
    if (!isRight) this.#deps.violate(`a wrong SCT for ${leafIndex}`);
    return timestamp;
  }

  #checkEntry({ identity, index, timestamp, isFinal }: Promised): void {
    const shown = this.#shown[index];
    if (shown?.identity !== identity) this.#deps.violate(`the entry acknowledged at ${index} is not in the log`);
    if (isFinal !== "any" && shown?.isFinal !== isFinal)
      this.#deps.violate(`the SCT of ${index} promises another form of the certificate`);
    if (shown === undefined || timestamp === null) return;
    shown.timestamp ??= timestamp;
    if (shown.timestamp !== timestamp) this.#deps.violate(`entry ${index} has two times`);
    this.#checkTimeOrder(index);
  }

  #checkTimeOrder(index: number): void {
    const at = this.#shown[index]?.timestamp ?? null;
    const [before, after] = [this.#shown[index - 1]?.timestamp ?? null, this.#shown[index + 1]?.timestamp ?? null];
    const isOrdered = at === null || ((before === null || before <= at) && (after === null || at <= after));
    if (!isOrdered) this.#deps.violate(`time goes back at entry ${index}`);
  }

  // ---- reading ----

  #reader(tail: Tail): LogReader {
    const { config, objects } = this.#deps;
    const get = (key: string): Promise<Uint8Array<ArrayBuffer> | null> => {
      const bytes = objects.get(key);
      return Promise.resolve(bytes === undefined ? null : new Uint8Array(bytes));
    };
    const admit = (): Promise<boolean> => Promise.resolve(true);
    return {
      log: config,
      objects: { get },
      tail: new CachedTail(
        () => tail,
        () => 0,
      ),
      admit,
    };
  }

  async #read(
    reader: LogReader,
    level: number | "entries" | "data",
    index: number,
    width: number,
  ): Promise<Uint8Array> {
    const read = await readTile(reader, { level, index, width });
    if (read.ok) return read.value;
    throw this.#unreadable(`${formatTilePath({ level, index, width })} of ${this.#visible}: ${read.error.code}`);
  }

  /** Whether the log shows an entry of this identity. */
  hasEntry(identity: string): boolean {
    return this.#indexOf.has(identity);
  }

  /** Reads what has become visible since the last call. True if all that is visible has been read. */
  async follow(): Promise<boolean> {
    const tail = this.#deps.tail();
    if (tail === null) return false;
    const from = this.#tree.size;
    if (this.#visible > from) {
      const reader = this.#reader(tail);
      await this.#readEntries(reader, this.#visible);
      await this.#checkNewTiles(reader, from, this.#visible);
      for (const treeSize of this.#unverified) this.#verifyHead(treeSize);
    }
    for (const promised of this.#open.splice(0)) {
      if (promised.index < this.#tree.size) this.#checkEntry(promised);
      else this.#open.push(promised);
    }
    return this.#open.length === 0;
  }

  /** Reads a few entries one by one, as an entry page does, and many by their bundles. */
  async #readEntries(reader: LogReader, size: number): Promise<void> {
    const from = this.#tree.size;
    if (size - from > FEW_ENTRIES) {
      for (let index = Math.floor(from / 256); index * 256 < size; index++) {
        const bundle = await this.#readBundle(reader, index, size);
        for (const [i, shown] of bundle.entries()) if (index * 256 + i >= this.#tree.size) this.#grow(shown);
      }
      return;
    }
    for (let index = from; index < size; index++) {
      const entry = await readEntry(reader, index);
      if (!entry.ok) throw this.#unreadable(`entry ${index} of ${size}: ${entry.error.code}`);
      const { record, timestamp } = entry.value;
      const isSignature = LOG_KINDS[this.#deps.config.kind].isRekor;
      const [shown] = (isSignature ? signatureEntries([record]) : certificateEntries(record, index)) ?? [];
      if (shown === undefined) throw this.#unreadable(`entry ${index} is not what it should be`);
      if (shown.timestamp !== null && shown.timestamp !== timestamp) this.#deps.violate(`entry ${index} has two times`);
      this.#grow({ ...shown, timestamp });
    }
  }

  #unreadable(what: string): Error {
    this.#deps.violate(what);
    return new Error(what);
  }

  #grow({ leaf, identity, timestamp, isFinal }: Read): void {
    const shown: Shown = { identity: identity(), timestamp, isFinal };
    const index = this.#tree.size;
    const earlier = this.#indexOf.get(shown.identity);
    if (earlier !== undefined) this.#deps.violate(`one body is at ${earlier} and at ${index}`);
    this.#indexOf.set(shown.identity, index);
    this.#tree.push(leaf);
    this.#shown.push(shown);
    this.#checkTimeOrder(index);
  }

  async #readBundle(reader: LogReader, index: number, size: number): Promise<readonly Read[]> {
    const isSignature = LOG_KINDS[this.#deps.config.kind].isRekor;
    const width = Math.min(256, size - index * 256);
    const bundle = await this.#read(reader, isSignature ? "entries" : "data", index, width);
    const entries = isSignature ? decodeEntryBundle(bundle) : null;
    const shown = isSignature
      ? entries?.ok === true && signatureEntries(entries.value)
      : certificateEntries(bundle, index * 256);
    if (shown !== null && shown !== false && shown.length === width) return shown;
    throw this.#unreadable(`bundle ${index} of ${size} is not what it should be`);
  }

  /** Checks every tile that grew between two sizes, at the width that the head needs and at one narrower width. */
  async #checkNewTiles(reader: LogReader, from: number, size: number): Promise<void> {
    for (let level = 0; 256 ** level <= size; level++) {
      const first = Math.floor(from / 256 ** (level + 1));
      for (let index = first; tileWidth(size, level, index) > 0; index++) await this.#checkTile(reader, level, index);
    }
  }

  async #checkTile(reader: LogReader, level: number, index: number): Promise<void> {
    const width = tileWidth(this.#visible, level, index);
    for (const wanted of new Set([width, 1 + this.#deps.random.below(width)])) {
      const tile = await this.#read(reader, level, index, wanted);
      if (!equal(tile, this.#tree.tile(level, index, wanted))) {
        this.#deps.violate(`tile ${level}/${index} at width ${wanted} does not match the entries`);
      }
    }
  }

  #verifyHead(treeSize: number): void {
    const head = this.#heads.get(treeSize);
    if (head === undefined || treeSize > this.#tree.size) return;
    this.#unverified.delete(treeSize);
    if (!equal(head.root, this.#tree.root(treeSize))) {
      this.#deps.violate(`the root that was signed for ${treeSize} does not match the entries`);
    }
    const last = this.#shown[treeSize - 1]?.timestamp ?? null;
    const isLate = head.timestamp === null || last === null || head.timestamp >= last;
    if (!isLate) this.#deps.violate(`the head of ${treeSize} is older than its last entry`);
  }

  /**
   * Reads a log that is shown from its backup. It must show a head that was signed before, and the entries of that
   * head.
   */
  async auditRestored(head: SignedTreeHead): Promise<void> {
    const tail = this.#deps.tail();
    if (tail === null) throw this.#unreadable("a restored log shows nothing");
    this.sawHead(head);
    const { treeSize } = head;
    const reader = this.#reader(tail);
    for (let index = Math.floor(this.#firstRow / 256); index * 256 < treeSize; index++) {
      const leaves = (await this.#readBundle(reader, index, treeSize)).map(({ leaf }) => leaf);
      const tile = await this.#read(reader, 0, index, leaves.length);
      if (!equal(tile, Buffer.concat(leaves))) this.#deps.violate(`restored: bundle and tile ${index} differ`);
      const known = Math.min(leaves.length, this.#tree.size - index * 256);
      if (known > 0 && !equal(tile.subarray(0, 32 * known), this.#tree.tile(0, index, known)))
        this.#deps.violate(`restored: bundle ${index} has other entries`);
    }
  }

  // ---- the whole ----

  /**
   * Reads the log, R2 and D1 again and compares them. Of a long log it reads the newest `newestTiles` tiles and some
   * older ones. False if the log cannot be read now.
   */
  async audit(newestTiles = NEWEST_TILES): Promise<boolean> {
    if (!(await this.follow())) return false;
    const tail = this.#deps.tail();
    if (tail === null) return false;
    this.audits++;
    const reader = this.#reader(tail);
    const size = this.#visible;
    for (const index of this.#sample(newestTiles, this.#firstRow / 256, Math.ceil(size / 256))) {
      const bundle = await this.#readBundle(reader, index, size);
      const leaves = Buffer.concat(bundle.map(({ leaf }) => leaf));
      if (!leaves.equals(this.#tree.tile(0, index, bundle.length))) this.#deps.violate(`bundle ${index} has changed`);
    }
    for (let level = 0; 256 ** level <= size; level++) {
      const first = level === 0 ? this.#firstRow / 256 : 0;
      const end = Math.ceil(Math.floor(size / 256 ** level) / 256);
      for (const index of this.#sample(newestTiles, first, end)) {
        await this.#checkTile(reader, level, index);
      }
    }
    for (const [identity, index] of this.#acknowledged)
      this.#checkEntry({ identity, index, timestamp: null, isFinal: "any" });
    await this.#checkProofs(reader, size);
    this.#checkObjects();
    this.#checkHeadOrder();
    this.index.checkAgain(newestTiles * 100);
    this.checkIndex();
    return true;
  }

  /** Compares what the search index has received since the last call. */
  checkIndex(): void {
    this.index.check(this.#tree.size);
  }

  #sample(newest: number, from: number, to: number): readonly number[] {
    const all = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
    if (all.length <= newest) return all;
    return [...all.slice(0, -newest).filter(() => this.#deps.random.chance(2 / all.length)), ...all.slice(-newest)];
  }

  /** Checks proofs as the log service makes them for a duplicate, and entries as its entry route reads them. */
  async #checkProofs(reader: LogReader, size: number): Promise<void> {
    if (size === 0) return;
    for (let i = 0; i < 3; i++) {
      const index = this.#firstRow + this.#deps.random.below(size - this.#firstRow);
      const leaf = this.#tree
        .tile(0, Math.floor(index / 256), 256)
        .subarray(32 * (index % 256), 32 * (index % 256) + 32);
      const proof = await proveInclusion(reader, index, hash(new Uint8Array(leaf)));
      if (!proof.ok) this.#deps.violate(`no proof for ${index} of ${size}: ${proof.error.code}`);
      const entry = await readEntry(reader, index);
      if (!entry.ok) this.#deps.violate(`entry ${index} of ${size}: ${entry.error.code}`);
      else this.#learnTime(index, entry.value.timestamp);
    }
  }

  #learnTime(index: number, timestamp: number): void {
    const shown = this.#shown[index];
    if (shown === undefined) return;
    if (shown.timestamp !== null && shown.timestamp !== timestamp) this.#deps.violate(`entry ${index} has two times`);
    shown.timestamp = timestamp;
    this.#checkTimeOrder(index);
  }

  /** Checks that every bundle of a log with sidecars has one, and that the sidecar matches its entries. */
  #checkObjects(): void {
    const { config, objects, known, violate } = this.#deps;
    if (!LOG_KINDS[config.kind].hasSidecars) return;
    for (let index = this.#firstRow / 256; (index + 1) * 256 <= this.#tree.size; index++) {
      const sidecar = objects.get(objectKey(config, sidecarPath(index)));
      const bundle = formatTilePath({ level: "entries", index, width: 256 });
      if (sidecar === undefined && objects.has(objectKey(config, bundle))) violate(`${bundle} has no sidecar`);
      if (sidecar === undefined) continue;
      const line = this.#deps.random.below(256);
      const read = readSidecarLine(sidecar, line);
      const shown = this.#shown[index * 256 + line];
      const hints = known.get(shown?.identity ?? "")?.hints ?? null;
      if (read === null || JSON.stringify(read.hints) !== JSON.stringify(hints)) violate(`sidecar ${index} is wrong`);
      else this.#learnTime(index * 256 + line, read.timestamp);
    }
  }

  /** Checks that no larger tree was signed at an earlier time. */
  #checkHeadOrder(): void {
    let last = 0;
    for (const [treeSize, { timestamp }] of [...this.#heads].toSorted(([a], [b]) => a - b)) {
      if (timestamp === null) continue;
      if (timestamp < last) this.#deps.violate(`the head of ${treeSize} goes back in time`);
      last = timestamp;
    }
  }
}

/** A date as rekor-tiles writes it: Go's time.UnixDate in UTC. */
const FROZEN_LINE = /^Log frozen \u2014 [A-Z][a-z]{2} [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d UTC \d{4}$/;

/** How many of the newest tiles and bundles an audit reads, besides random older ones. */
const NEWEST_TILES = 10;
/** At most this many new entries are read one by one. */
const FEW_ENTRIES = 16;

const isFinal = (certificate: SimulatedSubmission["certificate"]): boolean | null =>
  certificate === null ? null : certificate.entryType === "x509_entry";

function signatureEntries(records: readonly Uint8Array[]): readonly Read[] {
  return records.map((record) => {
    const leaf = plainLeafHash(record);
    return { leaf, identity: () => leaf.toString("hex"), timestamp: null, isFinal: null };
  });
}

function certificateEntries(bundle: Uint8Array, from: number): readonly Read[] | null {
  const leaves = decodeTileLeaves(bundle);
  if (!leaves.ok) return null;
  const isPlaced = leaves.value.every(({ entry }, i) => equal(entry.extensions, leafIndexExtension(from + i)));
  if (!isPlaced) return null;
  return leaves.value.map((leaf) => ({
    leaf: plainLeafHash(encodeMerkleTreeLeaf(leaf.entry)),
    timestamp: leaf.entry.timestamp,
    identity: () => identityOfEntry(leaf.entry),
    isFinal: leaf.entry.entryType === "x509_entry",
  }));
}
