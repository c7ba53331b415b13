// SPDX-License-Identifier: Apache-2.0
// A log of synthetic entries for the bench of `sigedge monitor`, in a thread of its own: a signature log as large as
// asked for, whose bundles are made when they are read. Entries have certificates of 1,000 workflows; nobody verifies
// their signatures. The last entry is by a name that a selector watches.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { rootOf } from "../cli/served-log/tree.ts";
import { encodeBase64 } from "../shared/bytes/base64.ts";
import { concat } from "../shared/bytes/bytes.ts";
import { uint } from "../shared/bytes/writer.ts";
import { bitString, octetString, sequence } from "../shared/der/writer.ts";
import { encodeFulcioExtensions } from "../shared/fulcio/extensions.ts";
import { unixMs } from "../shared/time.ts";
import { EMPTY_EDGE, growEdge } from "../shared/tlog/edge.ts";
import { encodeEntryBundle } from "../shared/tlog/entries.ts";
import { type Hash, hash, leafHash } from "../shared/tlog/hash.ts";
import { encodeTile, formatTilePath, parseTilePath, TILE_WIDTH } from "../shared/tlog/tile.ts";
import { parseCertificate } from "../shared/x509/certificate.ts";
import { encodeExtension } from "../shared/x509/extensions.ts";
import { encodeLeaf } from "../shared/x509/issue.ts";
import { makeCaMaterial } from "../test/support/authority/ca.ts";
import { ecdsaSigner } from "../test/support/logs/served-log.ts";

const ORIGIN = "monitored.example.com";
const WORKFLOWS = 1000;
export const WATCHED = "https://github.com/watched/repository/.github/workflows/release.yaml@refs/heads/main";

/** A running log. */
export interface MonitoredLog {
  readonly url: string;
  readonly vkey: string;
  readonly stop: () => Promise<unknown>;
}

/** Starts a log of this many entries. */
export function startMonitoredLog(size: number): Promise<MonitoredLog> {
  const thread = new Worker(fileURLToPath(import.meta.url), { workerData: { size } });
  return new Promise((resolve, reject) => {
    thread.once("message", (at: Pick<MonitoredLog, "url" | "vkey">) =>
      resolve({ ...at, stop: () => thread.terminate() }),
    );
    thread.once("error", reject);
  });
}

/** The entry with a digest of its own for every index. */
function makeBodies(): (index: number, isWatched: boolean) => Uint8Array {
  const { CA_CHAIN } = makeCaMaterial(unixMs(1_790_000_000_000));
  const [, pem = ""] = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(CA_CHAIN) ?? [];
  const issuer = parseCertificate(Buffer.from(pem, "base64"));
  if (!issuer.ok) throw new Error("the CA cannot be parsed");
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const makeCertificate = (uri: string, serial: number): string => {
    const repository = uri.split("/.github/")[0] ?? "";
    const leaf = encodeLeaf(issuer.value, {
      serial: concat(Uint8Array.of(1), uint(serial, 8), new Uint8Array(11)),
      notBefore: unixMs(1_790_000_000_000),
      notAfter: unixMs(1_790_000_600_000),
      spki,
      subjectAltName: { kind: "uri", value: uri },
      extensions: encodeFulcioExtensions({
        issuer: "https://token.actions.githubusercontent.com",
        issuerV2: "https://token.actions.githubusercontent.com",
        buildConfigUri: uri,
        buildTrigger: "push",
        runnerEnvironment: "github-hosted",
        sourceRepositoryUri: repository,
        sourceRepositoryRef: "refs/heads/main",
        sourceRepositoryOwnerIdentifier: String(serial),
        runInvocationUri: `${repository}/actions/runs/${serial}/attempts/1`,
      }),
      signatureAlgorithm: ECDSA_SHA256,
    });
    const signed = sequence(leaf.finalTbs(SCT_LIST), ECDSA_SHA256, bitString(ANY_SIGNATURE));
    return encodeBase64(signed);
  };
  const uriOf = (i: number): string =>
    `https://github.com/owner-${i}/repository/.github/workflows/release.yaml@refs/heads/main`;
  const certificates = Array.from({ length: WORKFLOWS }, (_, i) => makeCertificate(uriOf(i), i));
  const watched = makeCertificate(WATCHED, WORKFLOWS);
  const digest = Buffer.alloc(32);
  const signature = Buffer.alloc(71, 3).toString("base64");
  return (index, isWatched) => {
    digest.writeUInt32BE(index, 0);
    const certificate = isWatched ? watched : certificates[index % WORKFLOWS];
    return Buffer.from(
      `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"${digest.toString("base64")}"},` +
        `"signature":{"content":"${signature}","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{"rawBytes":"${certificate}"}}}}}}`,
      "latin1",
    );
  };
}

const SCT_LIST = encodeExtension("1.3.6.1.4.1.11129.2.4.2", false, octetString(new Uint8Array(120)));
/** Two numbers, as an ECDSA signature has them. */
const ANY_SIGNATURE = Buffer.from("3006020101020101", "hex");
/** ecdsa-with-SHA256. */
const ECDSA_SHA256 = sequence(Buffer.from("06082a8648ce3d040302", "hex"));

function serve(size: number): void {
  const makeBody = makeBodies();
  const bodyAt = (index: number): Uint8Array => makeBody(index, index === size - 1);
  const tiles = new Map<string, Uint8Array>();
  let edge = EMPTY_EDGE;
  for (let first = 0; first < size; first += TILE_WIDTH) {
    const leaves: Hash[] = [];
    for (let i = first; i < Math.min(size, first + TILE_WIDTH); i++) leaves.push(hash(leafHash(bodyAt(i))));
    const growth = growEdge(edge, leaves);
    edge = growth.edge;
    for (const { level, index, rows } of growth.fullTiles) {
      tiles.set(formatTilePath({ level, index, width: TILE_WIDTH }), encodeTile(rows[0] ?? []));
    }
  }
  for (const [level, rows] of edge.tiles.entries()) {
    const hashes = rows[0] ?? [];
    if (hashes.length === 0) continue;
    const index = Math.floor(size / TILE_WIDTH ** (level + 1));
    tiles.set(formatTilePath({ level, index, width: hashes.length }), encodeTile(hashes));
  }
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = ecdsaSigner(ORIGIN, keys);
  const root = Buffer.from(rootOf(edge));
  const text = `${ORIGIN}\n${size}\n${root.toString("base64")}\n`;
  tiles.set("checkpoint", Buffer.from(`${text}\n${signer.line({ text, size, root })}`));
  const server = createServer((request, response) => {
    const path = (request.url ?? "").slice(1);
    const tile = parseTilePath(path);
    const first = tile.ok ? tile.value.index * TILE_WIDTH : 0;
    const isBundle = tile.ok && tile.value.level === "entries" && first + tile.value.width <= size;
    const bytes = isBundle
      ? encodeEntryBundle(Array.from({ length: tile.value.width }, (_, i) => bodyAt(first + i)))
      : tiles.get(path);
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage({ url: `http://127.0.0.1:${port}`, vkey: signer.vkey });
  });
}

if (!isMainThread) serve((workerData as { readonly size: number }).size);
