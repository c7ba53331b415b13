// SPDX-License-Identifier: Apache-2.0
// Reads tiles, bundles and entries of a log: full tiles and bundles from R2, the tail from the sequencer.
// Knows nothing of HTTP. Spec: https://c2sp.org/tlog-tiles; https://c2sp.org/static-ct-api#monitoring-apis

import { concat } from "../../../shared/bytes/bytes.ts";
import { type LogConfig, objectKey } from "../../../shared/logs/config.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../../shared/logs/records.ts";
import { readSidecarLine, sidecarPath } from "../../../shared/rekor/sidecar.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { TailEntry } from "../../../shared/rpc/sequencer.ts";
import { formatTilePath, TILE_WIDTH, type Tile, tileWidth } from "../../../shared/tlog/tile.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Admission, CachedTail, ReadsLimited, TailRead } from "./cached-tail.ts";

export type ReadError =
  | ReadsLimited
  /** The tree is not that large. */
  | { readonly code: "beyond_head" }
  /** The sequencer has published the object, but R2 does not have it. */
  | { readonly code: "object_missing"; readonly key: string }
  /** The object in R2 is not what its key says. */
  | { readonly code: "object_damaged"; readonly key: string };

/** The object store. `get` returns null if the object does not exist. A rejected promise is the platform's failure. */
export interface Objects {
  readonly get: (key: string) => Promise<Uint8Array<ArrayBuffer> | null>;
}

/** One log, as one request may read it; `admit` applies the limit of its sender. */
export interface LogReader {
  readonly log: LogConfig;
  readonly objects: Objects;
  readonly tail: CachedTail;
  readonly admit: Admission;
}

/** Reads a tile or bundle of the given width. Fails with a ReadError. */
export function readTile(reader: LogReader, tile: Tile): Promise<Result<Uint8Array, ReadError>> {
  const key = objectKey(reader.log, formatTilePath({ ...tile, width: TILE_WIDTH }));
  const readStored = async (): Promise<Result<Uint8Array, ReadError> | null> => {
    const object = await reader.objects.get(key);
    if (object === null) return null;
    const bytes = cutTo(reader.log, tile, { bytes: object, width: TILE_WIDTH });
    return bytes === null ? err({ code: "object_damaged", key }) : ok(bytes);
  };
  return readThrough({ key, stored: readStored, tail: () => readTail(reader, tile) });
}

/**
 * Asks for the widest tile that the newest head has, and cuts: the 255 widths of one tile are one question a second.
 * Only a width beyond that head is a question of its own.
 */
async function readTail({ log, tail, admit }: LogReader, tile: Tile): Promise<TailRead<Uint8Array>> {
  const { level, index, width } = tile;
  const head = await tail.readHead(admit);
  if (!head.ok) return head;
  const widest = Math.max(width, tileWidth(head.value.treeSize, typeof level === "number" ? level : 0, index));
  const answer = await (typeof level === "number"
    ? tail.readTile(admit, level, index, widest)
    : tail.readBundle(admit, index, widest));
  if (!answer.ok || answer.value.kind !== "found" || width === widest) return answer;
  const value = cutTo(log, tile, { bytes: answer.value.value, width: widest });
  if (value === null) throw new RangeError("the sequencer's tile has another width");
  return ok({ kind: "found", value });
}

/** Cuts a wider tile or bundle to the given width: a partial one is its prefix. Null if `wider` has another width. */
function cutTo(
  { kind }: LogConfig,
  { level, width }: Tile,
  wider: { readonly bytes: Uint8Array; readonly width: number },
): Uint8Array | null {
  const { bytes } = wider;
  if (typeof level === "number") return bytes.length === 32 * wider.width ? bytes.subarray(0, 32 * width) : null;
  if (width === wider.width) return bytes;
  const { split, frame } = LOG_RECORDS[kind];
  const records = split(bytes);
  return records?.length === wider.width ? concat(...records.slice(0, width).map(frame)) : null;
}

interface Places<T> {
  readonly key: string;
  /** Null if R2 does not have it. */
  readonly stored: () => Promise<Result<T, ReadError> | null>;
  readonly tail: () => Promise<TailRead<T>>;
}

/**
 * Reads R2 first, so that full tiles cost the sequencer nothing. A miss is inconclusive, because only the sequencer
 * knows the head.
 */
async function readThrough<T>({ key, stored, tail }: Places<T>): Promise<Result<T, ReadError>> {
  const published = await stored();
  if (published !== null) return published;
  const answer = await tail();
  if (!answer.ok) return answer;
  switch (answer.value.kind) {
    case "found":
      return ok(answer.value.value);
    case "published":
      // The sequencer published it between the two reads.
      return (await stored()) ?? err({ code: "object_missing", key });
    case "beyond":
      return err({ code: "beyond_head" });
    default:
      return unreachable(answer.value);
  }
}

/** Reads one entry: its record, time and hints. Fails with a ReadError. */
export function readEntry(reader: LogReader, leafIndex: number): Promise<Result<TailEntry, ReadError>> {
  const { log, objects, tail, admit } = reader;
  const { bundleLevel, hasSidecars } = LOG_KINDS[log.kind];
  const index = Math.floor(leafIndex / TILE_WIDTH);
  const key = objectKey(log, formatTilePath({ level: bundleLevel, index, width: TILE_WIDTH }));
  const readStoredObject = async (): Promise<Result<TailEntry, ReadError> | null> => {
    const bundle = await objects.get(key);
    if (bundle === null) return null;
    const place = { key, index, line: leafIndex % TILE_WIDTH };
    return hasSidecars ? readEntryWithSidecar(reader, bundle, place) : entryWithTimestamp(log, bundle, place);
  };
  return readThrough({ key, stored: readStoredObject, tail: () => tail.readEntry(admit, leafIndex) });
}

/**
 * Reads the sidecar of a bundle of a signature log. Fails with a ReadError; with beyond_head also if the bundle is full
 * but not published yet: read its entries one by one.
 */
export async function readSidecar(reader: LogReader, bundleIndex: number): Promise<Result<Uint8Array, ReadError>> {
  const { log, objects, tail, admit } = reader;
  const key = objectKey(log, sidecarPath(bundleIndex));
  const readStored = async (): Promise<Result<Uint8Array, ReadError> | null> => {
    const object = await objects.get(key);
    return object === null ? null : ok(object);
  };
  const readPublished = async (): Promise<TailRead<never>> => {
    const bundle = await tail.readBundle(admit, bundleIndex, TILE_WIDTH);
    if (!bundle.ok) return bundle;
    return ok({ kind: bundle.value.kind === "published" ? "published" : "beyond" });
  };
  return readThrough({ key, stored: readStored, tail: readPublished });
}

/** Where an entry is stored: bundle `index`, whose object is `key`, line `line`. */
interface Place {
  readonly key: string;
  readonly index: number;
  readonly line: number;
}

/** For a kind whose records hold no time: the sequencer writes it into the sidecar, together with the bundle. */
async function readEntryWithSidecar(
  { log, objects }: LogReader,
  bundle: Uint8Array,
  { index, line }: Place,
): Promise<Result<TailEntry, ReadError>> {
  const key = objectKey(log, sidecarPath(index));
  const sidecar = await objects.get(key);
  if (sidecar === null) return err({ code: "object_missing", key });
  const record = LOG_RECORDS[log.kind].split(bundle)?.[line];
  const known = readSidecarLine(sidecar, line);
  return record === undefined || known === null ? err({ code: "object_damaged", key }) : ok({ record, ...known });
}

/** For a kind whose records hold their time. */
function entryWithTimestamp(
  { kind }: LogConfig,
  bundle: Uint8Array,
  { key, line }: Place,
): Result<TailEntry, ReadError> {
  const records = LOG_RECORDS[kind];
  const record = records.split(bundle)?.[line];
  const timestamp = record === undefined ? null : records.timestamp(record);
  if (record === undefined || timestamp === null) return err({ code: "object_damaged", key });
  return ok({ record, timestamp, hints: null });
}
