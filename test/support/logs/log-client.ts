// SPDX-License-Identifier: Apache-2.0
// A client of both logs that shares no code with them: it makes entries with node:crypto, reads checkpoints and
// bundles exactly as their specs say, and computes trees by RFC 6962.
// Spec: https://c2sp.org/tlog-tiles, https://c2sp.org/tlog-checkpoint, https://c2sp.org/static-ct-api

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { LogEntryJson } from "./log-entry.ts";
import { naiveRoot, rootFromProof } from "./naive-tree.ts";
import { plainLeafHash } from "./tree-hashes.ts";

/** A client's P-256 key. */
export interface ClientKey {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** Its SHA-256 in hex, which the search calls publicKey. */
  readonly fingerprint: string;
}

export const sha256Hex = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");

/** Makes a new P-256 key. */
export function clientKey(): ClientKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ format: "der", type: "spki" });
  return { privateKey, spki, fingerprint: sha256Hex(spki) };
}

type Verifier = Readonly<Record<"publicKey" | "x509Certificate", { readonly rawBytes: string }>>;

/** The verifier of a request: the key itself, or a certificate for it. */
function verifierOf(key: ClientKey, certificate?: Uint8Array): object {
  const named: Partial<Verifier> =
    certificate === undefined
      ? { publicKey: { rawBytes: key.spki.toString("base64") } }
      : { x509Certificate: { rawBytes: Buffer.from(certificate).toString("base64") } };
  return { ...named, keyDetails: "PKIX_ECDSA_P256_SHA_256" };
}

/** A hashedrekord request for this artifact. */
export function artifactRequest(key: ClientKey, artifact: string, certificate?: Uint8Array): object {
  const content = sign("sha256", Buffer.from(artifact), key.privateKey).toString("base64");
  const digest = createHash("sha256").update(artifact).digest("base64");
  return { hashedRekordRequestV002: { digest, signature: { content, verifier: verifierOf(key, certificate) } } };
}

/** A dsse request for an in-toto statement about subjects with these SHA-256 digests, hex. */
export function attestationRequest(key: ClientKey, subjects: readonly string[]): object {
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: subjects.map((sha256, i) => ({ name: `subject ${i}`, digest: { sha256 } })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {},
  };
  const payload = Buffer.from(JSON.stringify(statement));
  const payloadType = "application/vnd.in-toto+json";
  const pae = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
  const sig = sign("sha256", pae, key.privateKey).toString("base64");
  const envelope = { payload: payload.toString("base64"), payloadType, signatures: [{ sig, keyid: "" }] };
  return { dsseRequestV002: { envelope, verifiers: [verifierOf(key)] } };
}

/** Posts an entry. Throws unless the status is 201. */
export async function postEntry(url: string, request: object): Promise<LogEntryJson> {
  const response = await postRaw(url, request);
  if (response.status !== 201) throw new Error(`entry rejected: ${response.status} ${await response.text()}`);
  return (await response.json()) as LogEntryJson;
}

/** Posts an entry and returns the response. */
export const postRaw = (url: string, request: object): Promise<Response> =>
  fetch(`${url}/api/v2/log/entries`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });

/** Posts entries for these artifacts, 32 at a time. */
export async function postArtifacts(
  url: string,
  key: ClientKey,
  artifacts: readonly string[],
): Promise<LogEntryJson[]> {
  const entries: LogEntryJson[] = [];
  for (let at = 0; at < artifacts.length; at += 32) {
    const batch = artifacts.slice(at, at + 32).map((artifact) => postEntry(url, artifactRequest(key, artifact)));
    entries.push(...(await Promise.all(batch)));
  }
  return entries;
}

/** The parts of a checkpoint. */
export interface ParsedCheckpoint {
  readonly origin: string;
  readonly treeSize: number;
  readonly rootHash: Buffer;
  /** The signed text, with its last newline. */
  readonly text: string;
  /** The signature of each line, without the 4 bytes of its key id. */
  readonly signatures: readonly { readonly name: string; readonly keyId: Buffer; readonly signature: Buffer }[];
}

/** Parses a checkpoint without verifying it. */
export function parseNote(note: string): ParsedCheckpoint {
  const [text = "", lines = ""] = note.split("\n\n");
  const [origin = "", size = "", root = ""] = text.split("\n");
  const signatures = lines
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [dash, name = "", base64 = ""] = line.split(" ");
      if (dash !== "—") throw new Error(`no signature line: ${line}`);
      const bytes = Buffer.from(base64, "base64");
      return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
    });
  return { origin, treeSize: Number(size), rootHash: Buffer.from(root, "base64"), text: `${text}\n`, signatures };
}

/** Fetches a checkpoint. @param base the log's URL without a trailing slash */
export async function readCheckpoint(base: string): Promise<ParsedCheckpoint> {
  const response = await fetch(`${base}/checkpoint`);
  if (response.status !== 200) throw new Error(`no checkpoint: ${response.status}`);
  return parseNote(await response.text());
}

/** `tile/<level>/<N>[.p/<W>]` for N below a million. */
export function tilePath(level: number | "entries" | "data", index: number, width = 256): string {
  const digits = String(index).padStart(6, "0");
  const name = index < 1000 ? digits.slice(3) : `x${digits.slice(0, 3)}/${digits.slice(3)}`;
  return `tile/${level}/${name}${width === 256 ? "" : `.p/${width}`}`;
}

/** Reads a URL. Throws unless the status is 200. */
export async function readBytes(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Reads every record of the log up to `treeSize`, without the framing of its bundle. */
export async function readRecords(
  base: string,
  treeSize: number,
  kind: "entries" | "data",
): Promise<readonly Buffer[]> {
  const records: Buffer[] = [];
  for (let index = 0; index * 256 < treeSize; index++) {
    const bundle = await readBytes(`${base}/${tilePath(kind, index, Math.min(256, treeSize - index * 256))}`);
    records.push(...(kind === "entries" ? splitEntries(bundle) : splitTileLeaves(bundle)));
  }
  if (records.length !== treeSize) throw new Error(`${records.length} records instead of ${treeSize}`);
  return records;
}

/** opaque entry<0..2^16-1>, one after the other. */
function splitEntries(bundle: Buffer): readonly Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at)) {
    const end = at + 2 + bundle.readUInt16BE(at);
    if (end > bundle.length) throw new Error("a bundle ends inside an entry");
    entries.push(bundle.subarray(at + 2, end));
  }
  return entries;
}

/** TileLeaf of static-ct-api, one after the other. */
export function splitTileLeaves(bundle: Buffer): readonly Buffer[] {
  const leaves: Buffer[] = [];
  for (let at = 0; at < bundle.length; ) {
    const { end } = tileLeafAt(bundle, at);
    leaves.push(bundle.subarray(at, end));
    at = end;
  }
  return leaves;
}

/** The parts of a TileLeaf. */
export interface ParsedTileLeaf {
  readonly timestamp: number;
  readonly entryType: number;
  readonly issuerKeyHash: Buffer | null;
  readonly signedEntry: Buffer;
  readonly extensions: Buffer;
  readonly precertificate: Buffer | null;
  readonly fingerprints: readonly string[];
  /** The TimestampedEntry. */
  readonly timestampedEntry: Buffer;
}

/** Parses one TileLeaf. */
export const parseTileLeaf = (leaf: Buffer): ParsedTileLeaf => tileLeafAt(leaf, 0).leaf;

function tileLeafAt(bytes: Buffer, start: number): { readonly leaf: ParsedTileLeaf; readonly end: number } {
  let at = start;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error("a tile leaf is truncated");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const vector = (lengthBytes: number): Buffer => take(take(lengthBytes).readUIntBE(0, lengthBytes));
  const timestamp = Number(take(8).readBigUInt64BE());
  const entryType = take(2).readUInt16BE();
  const issuerKeyHash = entryType === 1 ? take(32) : null;
  const signedEntry = vector(3);
  const extensions = vector(2);
  const timestampedEntry = bytes.subarray(start, at);
  const precertificate = entryType === 1 ? vector(3) : null;
  const fingerprints = vector(2).toString("hex").match(/.{64}/g) ?? [];
  const entry = { timestamp, entryType, issuerKeyHash, signedEntry, extensions, timestampedEntry };
  return { leaf: { ...entry, precertificate, fingerprints }, end: at };
}

/** The leaf hash of a record of the certificate log: the hash of its MerkleTreeLeaf. */
export const certificateLeafHash = (record: Buffer): Buffer =>
  plainLeafHash(Buffer.concat([Uint8Array.of(0, 0), parseTileLeaf(record).timestampedEntry]));

/** The root that the entry's own proof leads to from its body; a valid entry names the same root. */
export function rootOfEntry({ canonicalizedBody, inclusionProof }: LogEntryJson): Buffer | null {
  const { logIndex, treeSize, hashes } = inclusionProof;
  const place = { leafIndex: Number(logIndex), treeSize: Number(treeSize) };
  const path = hashes.map((hash) => Buffer.from(hash, "base64"));
  return rootFromProof(plainLeafHash(Buffer.from(canonicalizedBody, "base64")), place, path);
}

/** The root of the first `treeSize` of these records of the signature log. */
export const rootOfRecords = (records: readonly Buffer[], treeSize = records.length): Buffer =>
  naiveRoot(records.slice(0, treeSize).map(plainLeafHash));
