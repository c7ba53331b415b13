// SPDX-License-Identifier: Apache-2.0

import { createHash, generateKeyPairSync } from "node:crypto";
import type { LogDescription } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";

/** Makes the description of a log with one entry and a new key. @param createdAt in ms */
export function makeLogDescription(createdAt: number): LogDescription {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  return {
    origin: "",
    spki,
    logId: new Uint8Array(createHash("sha256").update(spki).digest()),
    createdAt: unixMs(createdAt),
    frozenAt: null,
    creation: null,
    storageBytes: 0,
    storageLimitBytes: 1,
    vkeys: [],
    treeSize: 1,
    publishedEntries: 0,
    indexedEntries: 1,
    headTimestamp: null,
    witnessedSize: null,
    state: "running",
    reason: null,
  };
}
