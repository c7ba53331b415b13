// SPDX-License-Identifier: Apache-2.0
// A log as files behind a web server, to test readers: tiles, bundles and signed checkpoint, written exactly as their
// specs say over node:crypto, without our code. Any file can be damaged.
// Spec: https://c2sp.org/tlog-tiles, https://c2sp.org/signed-note, https://c2sp.org/static-ct-api,
// https://c2sp.org/tlog-cosignature

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tilePath } from "./log-client.ts";
import { naiveRoot, naiveTile } from "./naive-tree.ts";
import { plainLeafHash } from "./tree-hashes.ts";

const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const uint64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

// ---- signers ----

/** A tree head to sign. */
export interface SignedHead {
  readonly text: string;
  readonly size: number;
  readonly root: Buffer;
}

/** Signs checkpoints. */
export interface NoteSigner {
  readonly vkey: string;
  /** The whole signature line. */
  readonly line: (head: SignedHead) => string;
}

/** The time of every cosignature and tree head: later than any entry. */
export const SIGNED_AT_MS = 1_790_100_000_000;

interface KeyOfSigner {
  readonly name: string;
  readonly type: number;
  readonly key: Uint8Array;
  /** The hash that starts with the key id. */
  readonly id: Buffer;
}

function noteSigner({ name, type, key, id }: KeyOfSigner, make: (head: SignedHead) => Buffer): NoteSigner {
  const keyId = id.subarray(0, 4);
  return {
    vkey: `${name}+${keyId.toString("hex")}+${Buffer.concat([Buffer.of(type), key]).toString("base64")}`,
    line: (head) => `— ${name} ${Buffer.concat([keyId, make(head)]).toString("base64")}\n`,
  };
}

const spkiOf = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });
const idOfType = (name: string, type: number, key: Uint8Array): Buffer => sha256(`${name}\n`, Buffer.of(type), key);

/** The keys of a signer; a new pair unless somebody else's are given. */
export interface SignerKeys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const p256Keys = (): SignerKeys => generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Type 01. */
export function ed25519Signer(name: string, keys: SignerKeys = generateKeyPairSync("ed25519")): NoteSigner {
  const { publicKey, privateKey } = keys;
  const key = spkiOf(publicKey).subarray(-32);
  return noteSigner({ name, type: 1, key, id: idOfType(name, 1, key) }, ({ text }) =>
    sign(null, Buffer.from(text), privateKey),
  );
}

/** Type 02. */
export function ecdsaSigner(name: string, keys: SignerKeys = p256Keys()): NoteSigner {
  const { publicKey, privateKey } = keys;
  const spki = spkiOf(publicKey);
  return noteSigner({ name, type: 2, key: spki, id: sha256(spki) }, ({ text }) =>
    sign("sha256", Buffer.from(text), privateKey),
  );
}

/** Type 04: a witness. */
export function witnessSigner(name: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = spkiOf(publicKey).subarray(-32);
  const seconds = SIGNED_AT_MS / 1000;
  return noteSigner({ name, type: 4, key, id: idOfType(name, 4, key) }, ({ text }) =>
    Buffer.concat([uint64(seconds), sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`), privateKey)]),
  );
}

/** Type 06: ML-DSA-44, of a log (`name` is its origin) or of a witness. Node 24.6 and newer. */
export function mlDsaSigner(name: string, origin: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync("ml-dsa-44");
  const key = spkiOf(publicKey).subarray(-1312);
  const seconds = SIGNED_AT_MS / 1000;
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  return noteSigner({ name, type: 6, key, id: idOfType(name, 6, key) }, ({ size, root }) => {
    const subtree = [text(name), uint64(seconds), text(origin), uint64(0), uint64(size), root];
    const message = Buffer.concat([Buffer.from("subtree/v1\n\0"), ...subtree]);
    return Buffer.concat([uint64(seconds), sign(null, message, privateKey)]);
  });
}

/** Type 05: a certificate log. @param at when it signs, in ms */
export function treeHeadSigner(name: string, keys: SignerKeys = p256Keys(), at = SIGNED_AT_MS): NoteSigner {
  const { publicKey, privateKey } = keys;
  const spki = spkiOf(publicKey);
  return noteSigner({ name, type: 5, key: spki, id: idOfType(name, 5, sha256(spki)) }, ({ size, root }) => {
    const treeHead = Buffer.concat([Buffer.of(0, 1), uint64(at), uint64(size), root]);
    const signature = sign("sha256", treeHead, privateKey);
    return Buffer.concat([uint64(at), Buffer.of(4, 3, 0, signature.length), signature]);
  });
}

// ---- the log ----

/** A record and its leaf hash. */
export interface ServedRecord {
  /** The record's bytes in its bundle. */
  readonly framed: Buffer;
  readonly leafHash: Buffer;
}

/** A log whose files are served. */
export class ServedLog {
  readonly origin: string;
  readonly bundles: "entries" | "data";
  readonly signers: readonly NoteSigner[];
  readonly files = new Map<string, Buffer>();
  /** Statuses by path, returned instead of the file. */
  readonly answers = new Map<string, number>();
  /** The requested paths, in order. */
  readonly asked: string[] = [];
  readonly #records: ServedRecord[] = [];
  #server: Server | null = null;

  constructor(origin: string, bundles: "entries" | "data", signers: readonly NoteSigner[]) {
    this.origin = origin;
    this.bundles = bundles;
    this.signers = signers;
  }

  get size(): number {
    return this.#records.length;
  }

  /** Appends records and signs the new tree. */
  append(records: readonly ServedRecord[]): void {
    this.#records.push(...records);
    this.#writeTiles();
    this.sign();
  }

  /** Makes another history of the same log: replaces its records from `index` on. */
  rewrite(index: number, records: readonly ServedRecord[]): void {
    this.#records.length = index;
    this.append(records);
  }

  /** Writes the checkpoint; by default the tree's. */
  sign(change: Partial<SignedHead & { readonly origin: string; readonly signers: readonly NoteSigner[] }> = {}): void {
    const size = change.size ?? this.size;
    const root = change.root ?? naiveRoot(this.#records.slice(0, size).map(({ leafHash }) => leafHash));
    const text = change.text ?? `${change.origin ?? this.origin}\n${size}\n${root.toString("base64")}\n`;
    const lines = (change.signers ?? this.signers).map(({ line }) => line({ text, size, root }));
    this.files.set("checkpoint", Buffer.from(`${text}\n${lines.join("")}`));
  }

  #writeTiles(): void {
    const leaves = this.#records.map(({ leafHash }) => leafHash);
    for (let level = 0; 256 ** level <= leaves.length; level++) {
      for (let index = 0; index * 256 ** (level + 1) < leaves.length; index++) {
        const hashes = naiveTile(leaves, level, index);
        if (hashes.length > 0) this.files.set(tilePath(level, index, hashes.length), Buffer.concat(hashes));
      }
    }
    for (let index = 0; index * 256 < leaves.length; index++) {
      const framed = this.#records.slice(index * 256, (index + 1) * 256).map((record) => record.framed);
      this.files.set(tilePath(this.bundles, index, framed.length), Buffer.concat(framed));
    }
  }

  /** Changes one file, or deletes it without `change`. */
  damage(path: string, change?: (bytes: Buffer) => Buffer): void {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw new Error(`there is no ${path}`);
    if (change === undefined) this.files.delete(path);
    else this.files.set(path, change(Buffer.from(bytes)));
  }

  /** Starts a web server and returns its URL. */
  async serve(): Promise<string> {
    const server = createServer((request, response) => {
      const path = (request.url ?? "").slice(1);
      this.asked.push(path);
      const bytes = this.files.get(path);
      const status = this.answers.get(path) ?? (bytes === undefined ? 404 : 200);
      response
        .writeHead(status, { "content-type": "application/octet-stream" })
        .end(status === 200 ? bytes : undefined);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    this.#server = server;
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }
}

/** A record of a tlog-tiles log: any bytes. */
export const entryRecord = (entry: Uint8Array): ServedRecord => ({
  framed: Buffer.concat([Buffer.of(entry.length >> 8, entry.length & 0xff), entry]),
  leafHash: plainLeafHash(entry),
});

// ---- entries ----

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** The canonical body of a hashedrekord entry by a bare P-256 key, as the specification spells it. */
export function makeRekordBody(key: KeyObject, spki: Uint8Array, message: string): Buffer {
  return rekorBody(sha256(message), sign("sha256", Buffer.from(message), key), spki);
}

/** The canonical body of a hashedrekord entry. */
export const rekorBody = (digest: Uint8Array, signature: Uint8Array, spki: Uint8Array): Buffer =>
  Buffer.from(
    `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"${base64(digest)}"},` +
      `"signature":{"content":"${base64(signature)}","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"${base64(spki)}"}}}}}}`,
  );

/** The parts of a certificate log record. */
export interface LeafParts {
  readonly timestamp: number;
  readonly leafIndex: number;
  /** Null for an x509_entry. */
  readonly precertificate: Buffer | null;
  readonly issuerKeyHash: Buffer;
  /** The certificate, or the TBS without the poison. */
  readonly signedEntry: Buffer;
  readonly fingerprints: readonly Buffer[];
  /** Replaces the leaf_index extension. */
  readonly extensions?: Buffer;
}

const vector = (data: Buffer, lengthBytes: number): Buffer =>
  Buffer.concat([uint64(data.length).subarray(8 - lengthBytes), data]);

/** A record of a certificate log: TileLeaf. */
export function leafRecord(parts: LeafParts): ServedRecord {
  const { timestamp, leafIndex, precertificate, issuerKeyHash, signedEntry, fingerprints } = parts;
  const extensions = parts.extensions ?? Buffer.concat([Buffer.of(0, 0, 5), uint64(leafIndex).subarray(3)]);
  const type = precertificate === null ? Buffer.of(0, 0) : Buffer.concat([Buffer.of(0, 1), issuerKeyHash]);
  const entry = Buffer.concat([uint64(timestamp), type, vector(signedEntry, 3), vector(extensions, 2)]);
  const submitted = precertificate === null ? Buffer.alloc(0) : vector(precertificate, 3);
  return {
    framed: Buffer.concat([entry, submitted, vector(Buffer.concat(fingerprints), 2)]),
    leafHash: plainLeafHash(Buffer.concat([Buffer.of(0, 0), entry])),
  };
}
