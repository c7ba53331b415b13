// SPDX-License-Identifier: Apache-2.0
// GET /api/entries/<index>: one entry of a log with the proof that the newest tree holds it, and what is known of it besides.

import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf } from "../../shared/ct/leaf.ts";
import { CACHE_CONTROL, PUBLIC_READ } from "../../shared/http/cache.ts";
import type { LogConfig } from "../../shared/logs.ts";
import { ENTRY_KIND } from "../../shared/rekor/entry.ts";
import { toTransparencyLogEntry } from "../../shared/rekor/log-entry.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { TailEntry } from "../../shared/rpc.ts";
import { formatRfc3339 } from "../../shared/time.ts";
import { leafHash } from "../../shared/tlog/hash.ts";
import { type Config, type LogName, readerOf } from "./env.ts";
import { readEntry } from "./log-reader.ts";
import { proveInclusion } from "./prover.ts";
import { refuseJson } from "./status.ts";

export interface EntryPathError {
  readonly code: "entry_index_invalid" | "entry_log_unknown";
}

/** A record whose bundle is whole, but which is not what its log holds. */
export interface RecordError {
  readonly code: "record_damaged";
  readonly log: string;
  readonly leafIndex: number;
}

interface AskedEntry {
  readonly log: LogName;
  readonly leafIndex: number;
}

/** Answers for the signature log, or with `?log=certificate` for the certificate log. */
export async function entry(request: Request, config: Config): Promise<Response> {
  const asked = parseEntryUrl(new URL(request.url));
  if (!asked.ok) return refuseJson(request, asked.error);
  const { log, leafIndex } = asked.value;
  const reader = readerOf(config, log, request);
  const found = await readEntry(reader, leafIndex);
  if (!found.ok) return refuseJson(request, found.error);
  const shown = toShown(reader.log, found.value);
  if (shown === null) return refuseJson(request, { code: "record_damaged", log, leafIndex });
  const inclusion = await proveInclusion(reader, leafIndex, leafHash(shown.body));
  if (!inclusion.ok) return refuseJson(request, inclusion.error);
  const { head, proof } = inclusion.value;
  const { body, kindVersion, ...details } = shown;
  const logEntry = toTransparencyLogEntry(await config[log].logId(), { ...head, leafIndex, proof, body });
  const json = {
    index: leafIndex,
    log,
    timestamp: formatRfc3339(found.value.timestamp),
    kind: kindVersion.kind,
    entry: { ...logEntry, kindVersion },
    ...details,
  };
  return Response.json(json, { headers: { ...PUBLIC_READ, "cache-control": CACHE_CONTROL.none } });
}

function parseEntryUrl({ pathname, searchParams }: URL): Result<AskedEntry, EntryPathError> {
  const index = pathname.slice(pathname.lastIndexOf("/") + 1);
  if (!/^(0|[1-9]\d{0,15})$/.test(index) || !Number.isSafeInteger(Number(index))) {
    return err({ code: "entry_index_invalid" });
  }
  const log = searchParams.get("log") ?? "signature";
  if (log !== "signature" && log !== "certificate") return err({ code: "entry_log_unknown" });
  return ok({ log, leafIndex: Number(index) });
}

interface ShownEntry {
  /** What the leaf hash covers. */
  readonly body: Uint8Array;
  readonly kindVersion: { readonly kind: string; readonly version: string };
  /** Of an attestation: what its leaf does not hold. Nothing proves it. */
  readonly hints?: TailEntry["hints"];
  /** Of the certificate log, base64 DER: the certificate or precertificate as it was submitted. */
  readonly certificate?: string;
}

/** Null if the record does not parse. */
function toShown({ kind }: LogConfig, { record, hints }: TailEntry): ShownEntry | null {
  if (kind === "signature") return { body: record, kindVersion: ENTRY_KIND, hints };
  const leaves = decodeTileLeaves(record);
  const [leaf] = leaves.ok ? leaves.value : [];
  if (leaf === undefined) return null;
  return {
    body: encodeMerkleTreeLeaf(leaf.entry),
    // MerkleTreeLeaf, version v1 (RFC 6962 §3.4).
    kindVersion: { kind: leaf.entry.entryType, version: "1" },
    certificate: encodeBase64(leaf.precertificate ?? leaf.entry.signedEntry),
  };
}
