// SPDX-License-Identifier: Apache-2.0
// Sigstore's own logs, as released, on folders: rekor-tiles' POSIX server and TesseraCT's. Each writes into a folder
// that somebody else serves, and starts again on another folder with the same key.

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { findFreePort, LISTEN_ADDRESS } from "../../cli/address.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import { ed25519Signer, treeHeadSigner } from "../support/logs/served-log.ts";
import { valueOf } from "../support/value-of.ts";
import { startServer } from "./server.ts";

/** A log's key, and what starts its server on a folder: at one URL, which takes entries, and serves none. */
export interface ReferenceLog {
  readonly url: string;
  readonly vkey: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** Resolves to what stops the server. */
  readonly start: (folder: string) => Promise<() => Promise<void>>;
}

/** How often a log signs a checkpoint, and how long an entry waits for others at most. */
export interface Pace {
  readonly checkpointInterval: string;
  readonly batchMaxAge: string;
}

/** The fastest that the servers take without a warning, for tests. */
const FAST: Pace = { checkpointInterval: "100ms", batchMaxAge: "50ms" };

const findPort = async (): Promise<string> => String(valueOf(await findFreePort(0)));
const spkiOf = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

/** Makes a signature log with a new key, which is written into a file. @param origin as in its checkpoints */
export async function makeRekorTiles(keyFile: string, origin: string, pace: Pace = FAST): Promise<ReferenceLog> {
  const keys = generateKeyPairSync("ed25519");
  writeFileSync(keyFile, keys.privateKey.export({ type: "pkcs8", format: "pem" }));
  const [http, grpc, metrics] = await Promise.all([findPort(), findPort(), findPort()]);
  const url = `http://${LISTEN_ADDRESS}:${http}`;
  const flags = {
    "http-port": http,
    "grpc-port": grpc,
    "http-metrics-port": metrics,
    hostname: origin,
    "signer-filepath": keyFile,
    "checkpoint-interval": pace.checkpointInterval,
    "batch-max-age": pace.batchMaxAge,
  };
  const program = { file: interopTool("rekor-tiles-posix"), command: "serve", healthUrl: `${url}/healthz` };
  const start: ReferenceLog["start"] = (folder) =>
    startServer({ ...program, flags: { ...flags, "storage-dir": folder } });
  return { url, vkey: ed25519Signer(origin, keys).vkey, spki: spkiOf(keys.publicKey), start };
}

/** Makes a certificate log with a new key, which is written into a file. @param roots a file with the CAs to accept */
export async function makeTesseract(
  keyFile: string,
  { origin, roots, pace = FAST }: { readonly origin: string; readonly roots: string; readonly pace?: Pace },
): Promise<ReferenceLog> {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(keyFile, keys.privateKey.export({ type: "sec1", format: "pem" }));
  const address = `${LISTEN_ADDRESS}:${await findPort()}`;
  const url = `http://${address}`;
  const flags = {
    http_endpoint: address,
    origin,
    private_key: keyFile,
    roots_pem_file: roots,
    ext_key_usages: "CodeSigning",
    checkpoint_interval: pace.checkpointInterval,
    batch_max_age: pace.batchMaxAge,
  };
  const program = { file: interopTool("tesseract-posix"), healthUrl: `${url}/ct/v1/get-roots` };
  const start: ReferenceLog["start"] = (folder) =>
    startServer({ ...program, flags: { ...flags, storage_dir: folder } });
  return { url, vkey: treeHeadSigner(origin, keys).vkey, spki: spkiOf(keys.publicKey), start };
}
