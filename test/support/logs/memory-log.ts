// SPDX-License-Identifier: Apache-2.0
// A log outside workerd, over SQLite and stores in memory.

import { generateKeyPairSync } from "node:crypto";
import { parseEd25519Signer } from "#private-key";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { parsePublicUrl } from "../../../shared/http/public-url.ts";
import { type LogConfig, openLog } from "../../../shared/logs/config.ts";
import { type LogKind, mapKinds } from "../../../shared/logs/kinds.ts";
import { termKey } from "../../../shared/search/terms.ts";
import type { Witnessing } from "../../../workers/sequencer/deps.ts";
import type { LogFormat, Submission } from "../../../workers/sequencer/kinds/kind.ts";
import { SEQUENCER_KINDS } from "../../../workers/sequencer/kinds/kinds.ts";
import { parseLogSigner } from "../../../workers/sequencer/kinds/log-keys.ts";
import { signatureSubmission } from "../../../workers/sequencer/kinds/signature.ts";
import { Log } from "../../../workers/sequencer/log.ts";
import { LogStorage } from "../../../workers/sequencer/storage.ts";
import { MemoryAnchor, MemoryHost, MemoryIndex, MemoryObjects } from "./memory-stores.ts";
import { searchRow } from "./search-rows.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

/** A log and all its parts. */
export interface MemoryLog {
  readonly log: Log;
  readonly config: LogConfig;
  readonly format: LogFormat;
  readonly storage: SqliteStorage;
  readonly objects: MemoryObjects;
  readonly index: MemoryIndex;
  readonly anchor: MemoryAnchor;
  readonly host: MemoryHost;
  /** Restarts the log: its memory is lost, the stores stay unless `stores` replaces them. */
  readonly restart: (stores?: Partial<Stores>) => MemoryLog;
}

interface Stores {
  readonly storage: SqliteStorage;
  readonly objects: MemoryObjects;
  readonly index: MemoryIndex;
  readonly anchor: MemoryAnchor;
  readonly host: MemoryHost;
  readonly config: LogConfig;
  readonly format: LogFormat;
  readonly witnessing: Witnessing | null;
  readonly maxStorageBytes: number;
}

/** The log that a frozen log sends writers to. */
export const SUCCESSOR = "https://next.example.com";

const pkcs8 = (key: ReturnType<typeof generateKeyPairSync>["privateKey"]): string =>
  String(key.export({ format: "pem", type: "pkcs8" }));

const ecdsa = parseLogSigner(pkcs8(generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey));
const ed25519 = parseEd25519Signer(pkcs8(generateKeyPairSync("ed25519").privateKey));
const url = parsePublicUrl("https://log.example.com");
if (!ecdsa.ok || !ed25519.ok || !url.ok) throw new Error("test keys");
/** The logs' ECDSA key. */
export const testEcdsa = ecdsa.value;
/** A log of each kind behind https://log.example.com. */
export const testLogs = mapKinds((kind) => openLog({ name: kind, kind, url: url.value }));

/** Every key of the logs. */
export const testKeys = { ecdsa: ecdsa.value, ed25519: ed25519.value };

/** A log in memory. `stores` replaces any of its parts. */
export function memoryLog(kind: LogKind, stores: Partial<Stores> = {}): MemoryLog {
  const config = stores.config ?? testLogs[kind];
  const { createFormat, createGenesis } = SEQUENCER_KINDS[kind];
  const all: Stores = {
    storage: new SqliteStorage(),
    objects: new MemoryObjects(),
    index: new MemoryIndex(),
    anchor: new MemoryAnchor(),
    host: new MemoryHost(),
    config,
    // The bodies of test submissions are texts.
    format: { ...createFormat(config.origin, testKeys), readSearchRow: () => SEARCH },
    witnessing: null,
    maxStorageBytes: Number.MAX_SAFE_INTEGER,
    ...stores,
  };
  const log = new Log({
    ...all,
    storage: new LogStorage(all.storage),
    genesis: createGenesis(config.origin, testKeys),
    backupEveryMs: 600_000,
    successor: () => SUCCESSOR,
  });
  return { ...all, log, restart: (other = {}) => memoryLog(kind, { ...all, ...other }) };
}

const SEARCH = searchRow({ terms: [termKey("digest", "sha256:00")], digest: "sha256:00" });

/** A submission whose body is only a text. The sequencer does not parse bodies. */
export const textSubmission = (text: string): Submission =>
  signatureSubmission({ body: encodeUtf8(text), search: SEARCH, hints: null, otherForms: [], budget: null });

/** Appends `count` more entries, 64 per round, and waits for the maintenance. */
export async function grow(memory: MemoryLog, count: number): Promise<void> {
  const before = memory.log.state?.treeSize ?? 0;
  for (let from = 0; from < count; from += 64) {
    const texts = Array.from({ length: Math.min(64, count - from) }, (_, i) => `entry ${before + from + i}`);
    await Promise.all(texts.map(async (text) => await memory.log.append(textSubmission(text))));
  }
  await memory.host.settle();
}

/** A new signature log at rest, with `count` entries after the genesis entry. */
export async function growLog(count: number): Promise<MemoryLog> {
  const memory = memoryLog("signature");
  await memory.log.open();
  await grow(memory, count);
  await memory.log.catchUp();
  return memory;
}
