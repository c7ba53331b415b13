// SPDX-License-Identifier: Apache-2.0
// Reads an entry of a Rekor v1 log, and makes its JSON: an object whose only member is named by the entry's ID.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (LogEntry)

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import type { ProvenEntry } from "../../../shared/rekor/log-entry.ts";
import { formatEntryId, treeIdOf } from "../../../shared/rekor-v1/entry-id.ts";
import { wholeSeconds } from "../../../shared/rekor-v1/promise.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { EntryPromise } from "../../../shared/rpc/sequencer.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import type { LogError } from "../errors.ts";
import type { LogReader } from "../reading/log-reader.ts";
import { proveEntry } from "../reading/proven-entry.ts";
import type { LogSite } from "../sites.ts";
import { readAttestation } from "./attestations.ts";

/** An entry with its promise and its proof. */
export interface PromisedProof extends ProvenEntry {
  readonly promise: EntryPromise;
}

/** The ID of an entry of this log. */
export const entryIdOf = ({ log }: LogSite, body: Uint8Array): string =>
  formatEntryId(treeIdOf(log.baseUrl), leafHash(body));

/**
 * The JSON of an entry. A host has one log of this protocol, so the index over all shards is that in the tree.
 * @param attestation the payload that the log keeps beside the entry, null if it has none
 */
export async function logEntryJson(
  site: LogSite,
  entry: PromisedProof,
  attestation: Uint8Array | null,
): Promise<object> {
  const { body, promise, leafIndex, treeSize, rootHash, proof, checkpoint } = entry;
  return {
    [entryIdOf(site, body)]: {
      ...(attestation && { attestation: { data: encodeBase64(attestation) } }),
      body: encodeBase64(body),
      integratedTime: wholeSeconds(promise.timestamp),
      logID: encodeHex(await site.logId()),
      logIndex: leafIndex,
      verification: {
        inclusionProof: {
          checkpoint,
          hashes: proof.map(encodeHex),
          logIndex: leafIndex,
          rootHash: encodeHex(rootHash),
          treeSize,
        },
        signedEntryTimestamp: encodeBase64(promise.signature),
      },
    },
  };
}

/** Reads the JSON of the entry at an index. Fails like proveEntry, and with record_damaged if it cannot be promised. */
export async function readLogEntry(
  reader: LogReader,
  site: LogSite,
  leafIndex: number,
): Promise<Result<object, LogError>> {
  const found = await proveEntry(reader, site, leafIndex);
  if (!found.ok) return found;
  const { shown, timestamp, promise: signature } = found.value;
  if (signature === null) return err({ code: "record_damaged", log: site.log.name, leafIndex });
  const { body } = shown;
  const attestation = await readAttestation(reader, shown);
  return ok(await logEntryJson(site, { ...found.value, body, promise: { timestamp, signature } }, attestation));
}
