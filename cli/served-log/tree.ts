// SPDX-License-Identifier: Apache-2.0
// Rebuilds a served tree from its entries: reads every bundle and every tile of every level, and compares each hash
// with the one computed from the level below. If a bundle and its tile disagree, the tile above decides which one is
// wrong, so one wrong file is one finding. Spec: https://c2sp.org/tlog-tiles#merkle-tree

import { equal } from "../../shared/bytes/bytes.ts";
import { LOG_KINDS, type LogKind } from "../../shared/logs/kinds.ts";
import type { SidecarLine } from "../../shared/rekor/sidecar.ts";
import { type Edge, edgeNodes, type Growth, growEdge } from "../../shared/tlog/edge.ts";
import { type Hash, hash } from "../../shared/tlog/hash.ts";
import { rootHash } from "../../shared/tlog/proof.ts";
import {
  decodeTile,
  formatTilePath,
  fullTileRoot,
  nodesAtLevel,
  TILE_WIDTH,
  type Tile,
  tileWidth,
} from "../../shared/tlog/tile.ts";
import type { Finding } from "./findings.ts";
import type { Fetched, LogSource } from "./log-source.ts";
import { type NamedLog, sidecarUrlPath } from "./paths.ts";
import { readSidecarLines } from "./sidecar-lines.ts";

/** A bundle to check. */
export interface BundleTask {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The index of its first entry. */
  readonly firstIndex: number;
  /** The number of entries that it must hold. */
  readonly servedWidth: number;
  /** The number of its entries in the tree of the checkpoint. */
  readonly width: number;
  /** Data that the leaves do not hold; null if it cannot be read, or if this kind of log has none. */
  readonly lines: readonly SidecarLine[] | null;
}

/** The part of a bundle's check that rebuilding needs. */
export interface CheckedBundle {
  /** `width` hashes of 32 bytes, computed from the entries; empty if the bundle is malformed. */
  readonly leafHashes: Uint8Array;
  readonly findings: readonly Finding[];
}

/** Remembers the sidecars of full bundles. */
interface SidecarMemory {
  /** Whether these lines are those that were read before; true the first time. */
  readonly accept: (bundle: number, lines: readonly SidecarLine[]) => boolean;
}

/** A served tree, and the check of its bundles. */
export interface TreeParts<C extends CheckedBundle> {
  readonly source: LogSource;
  readonly kind: LogKind;
  readonly treeSize: number;
  /** The root of the checkpoint. */
  readonly signedRoot: Hash;
  /** Another size whose root is computed: that of the head seen before. */
  readonly markedSize: number | null;
  readonly check: (task: BundleTask) => Promise<C>;
  /** The service that has what leaves do not hold; null if there is no such data, or if the service is not Sigedge. */
  readonly service: ServiceOfLog | null;
  /** The sidecars that were read before. */
  readonly sidecars: SidecarMemory;
}

type Served = TreeParts<CheckedBundle>;

/** The service of a log, and the log in it. */
export interface ServiceOfLog extends NamedLog {
  readonly source: LogSource;
}

/** One bundle with its tile of level 0, as far as they could be read. */
export interface Piece<C extends CheckedBundle> {
  /** The index of its first entry, and how many of its entries are in the tree. */
  readonly firstIndex: number;
  readonly width: number;
  /** The tree including this bundle; null if neither entries nor hashes could be read, which ends the reading. */
  readonly edge: Edge | null;
  readonly check: C | null;
  /** The leaf hashes with which the tree continues; null where `edge` is. */
  readonly leaves: readonly Hash[] | null;
  /** The root at the marked size, if it falls in this bundle. */
  readonly markedRoot: Hash | null;
  readonly findings: readonly Finding[];
}

/** Bundles read ahead: enough to keep cores and network busy. Bundles of up to 16 MiB bound the number. */
const READ_AHEAD = 12;
const MAX_TILE_BYTES = 32 * TILE_WIDTH;
/** Twice 256 entries of 64 KiB. A certificate log could have larger entries, but does not. */
export const MAX_BUNDLE_BYTES = 2 * TILE_WIDTH * 65_537;

/** Yields the tree bundle by bundle, from `start` (whole bundles) to the end. */
export async function* rebuildTree<C extends CheckedBundle>(
  parts: TreeParts<C>,
  start: Edge,
): AsyncGenerator<Piece<C>, void, void> {
  const bundles = Math.ceil(parts.treeSize / TILE_WIDTH);
  let edge = start;
  for await (const loaded of runInOrder(start.treeSize / TILE_WIDTH, bundles, (index) => load(parts, index))) {
    const { leaves, findings } = await settle(parts, edge, loaded);
    const { check, width } = loaded;
    const place = { firstIndex: loaded.index * TILE_WIDTH, width };
    if (leaves === null) {
      yield { ...place, edge: null, check, leaves, markedRoot: null, findings };
      return;
    }
    const marked = leaves.slice(0, Math.max(0, (parts.markedSize ?? 0) - edge.treeSize));
    const isMarkedHere = marked.length > 0 && edge.treeSize + marked.length === parts.markedSize;
    const markedRoot = isMarkedHere ? rootOf(growEdge(edge, marked).edge) : null;
    const growth = growEdge(edge, leaves);
    edge = growth.edge;
    yield {
      ...place,
      edge,
      check,
      leaves,
      markedRoot,
      findings: [...findings, ...(await compareFullTiles(parts, growth))],
    };
  }
}

/** Compares the tiles above level 0 that became full with the served ones. */
async function compareFullTiles(parts: Served, { fullTiles }: Growth): Promise<readonly Finding[]> {
  const compared = fullTiles.map(async ({ level, index, rows: [hashes = []] }) =>
    level === 0 ? [] : await compareTile(parts, { level, index, width: TILE_WIDTH }, hashes),
  );
  return (await Promise.all(compared)).flat();
}

/** Compares the open tiles above level 0 with the served ones. */
export async function compareOpenTiles(parts: Served, { treeSize, tiles }: Edge): Promise<readonly Finding[]> {
  const compared = tiles.map(async ([hashes = []], level) => {
    if (level === 0 || hashes.length === 0) return [];
    const index = Math.floor(nodesAtLevel(treeSize, level) / TILE_WIDTH);
    return compareTile(parts, { level, index, width: hashes.length }, hashes);
  });
  return (await Promise.all(compared)).flat();
}

/** The root of the tree of an edge. */
export const rootOf = (edge: Edge): Hash => rootHash(edge.treeSize, edgeNodes(edge));

/** Calls `run` for each index, a few ahead, and yields the results in order. */
async function* runInOrder<T>(first: number, end: number, run: (index: number) => Promise<T>): AsyncGenerator<T> {
  const ahead: Promise<T>[] = [];
  for (let next = first; next < end || ahead.length > 0; ) {
    while (next < end && ahead.length < READ_AHEAD) {
      const running = run(next++);
      // If the consumer stops early, later failures have no handler.
      running.catch(() => undefined);
      ahead.push(running);
    }
    const oldest = ahead.shift();
    if (oldest !== undefined) yield await oldest;
  }
}

interface Loaded<C extends CheckedBundle> {
  readonly index: number;
  readonly width: number;
  readonly bundlePath: string;
  readonly check: C | null;
  readonly hashes: readonly Hash[] | null;
  readonly findings: readonly Finding[];
}

async function load<C extends CheckedBundle>(parts: TreeParts<C>, index: number): Promise<Loaded<C>> {
  const { source, kind, treeSize, check } = parts;
  const width = tileWidth(treeSize, 0, index);
  const bundle: Tile = { level: LOG_KINDS[kind].bundleLevel, index, width };
  const readBundle = async (): Promise<Pick<Loaded<C>, "check" | "findings">> => {
    const [{ path, servedWidth, fetched }, { lines, findings }] = await Promise.all([
      readTile(source, bundle, MAX_BUNDLE_BYTES),
      readLines(parts, index, width),
    ]);
    if (fetched.kind !== "found") return { check: null, findings: [gap(path, fetched), ...findings] };
    const task = { path, bytes: fetched.bytes, firstIndex: index * TILE_WIDTH, servedWidth, width, lines };
    const checked = await check(task);
    return { check: checked.leafHashes.length > 0 ? checked : null, findings: [...checked.findings, ...findings] };
  };
  const [entries, tile] = await Promise.all([readBundle(), readHashes(source, { level: 0, index, width })]);
  return {
    index,
    width,
    bundlePath: formatTilePath(bundle),
    check: entries.check,
    hashes: tile.hashes,
    findings: [...entries.findings, ...tile.findings],
  };
}

/** Reads what the leaves of a bundle do not hold, for the kinds of log that have more. */
async function readLines(
  { service, kind, sidecars }: Served,
  bundle: number,
  width: number,
): Promise<{ readonly lines: readonly SidecarLine[] | null; readonly findings: readonly Finding[] }> {
  if (service === null || !LOG_KINDS[kind].hasSidecars) return { lines: null, findings: [] };
  const lines = await readSidecarLines(service.source, service, { bundle, width });
  if (lines.ok) {
    const isSame = width < TILE_WIDTH || sidecars.accept(bundle, lines.value);
    return {
      lines: lines.value,
      findings: isSame ? [] : [{ code: "sidecar_changed", path: sidecarUrlPath(bundle, service) }],
    };
  }
  const { path } = lines.error;
  const finding: Finding =
    lines.error.kind === "malformed" ? { code: "sidecar_malformed", path } : gap(path, lines.error);
  return { lines: null, findings: [finding] };
}

/** Decides which leaf hashes the tree continues with, and reports what disagrees with them. */
async function settle(
  parts: Served,
  edge: Edge,
  loaded: Loaded<CheckedBundle>,
): Promise<{ readonly leaves: readonly Hash[] | null; readonly findings: readonly Finding[] }> {
  const { check, hashes, findings, bundlePath, index } = loaded;
  const computed = check === null ? null : decodeTile(check.leafHashes);
  if (computed === null || hashes === null) return { leaves: computed ?? hashes, findings };
  const position = firstDifference(computed, hashes);
  if (position < 0) return { leaves: computed, findings };
  if (await belongToTree(parts, edge, { index, hashes })) {
    const leafIndex = index * TILE_WIDTH + position;
    return { leaves: hashes, findings: [...findings, { code: "entry_not_in_tree", path: bundlePath, leafIndex }] };
  }
  const path = formatTilePath({ level: 0, index, width: loaded.width });
  return { leaves: computed, findings: [...findings, { code: "tile_wrong", path, position }] };
}

const firstDifference = (a: readonly Hash[], b: readonly Hash[]): number =>
  a.findIndex((left, i) => {
    const right = b[i];
    return right === undefined || !equal(left, right);
  });

/** Whether these hashes lead to the tile above or, for the open tile, to the signed root. */
async function belongToTree(
  { source, treeSize, signedRoot }: Served,
  edge: Edge,
  { index, hashes }: { readonly index: number; readonly hashes: readonly Hash[] },
): Promise<boolean> {
  if (hashes.length < TILE_WIDTH) return equal(rootOf(growEdge(edge, hashes).edge), signedRoot);
  const parent = Math.floor(index / TILE_WIDTH);
  const above = await readHashes(source, { level: 1, index: parent, width: tileWidth(treeSize, 1, parent) });
  const root = above.hashes?.[index % TILE_WIDTH];
  return root !== undefined && equal(root, fullTileRoot(hashes));
}

async function compareTile(
  { source }: Served,
  tile: Tile & { readonly level: number },
  rebuilt: readonly Hash[],
): Promise<readonly Finding[]> {
  const { hashes, findings } = await readHashes(source, tile);
  const position = hashes === null ? -1 : firstDifference(rebuilt, hashes);
  return position < 0 ? findings : [...findings, { code: "tile_wrong", path: formatTilePath(tile), position }];
}

/** Reads the hashes of a tile. Null, with findings, if they cannot be read or have another length. */
export async function readHashes(
  source: LogSource,
  tile: Tile & { readonly level: number },
): Promise<{ readonly hashes: readonly Hash[] | null; readonly findings: readonly Finding[] }> {
  const { path, servedWidth, fetched } = await readTile(source, tile, MAX_TILE_BYTES);
  if (fetched.kind !== "found") return { hashes: null, findings: [gap(path, fetched)] };
  const { bytes } = fetched;
  const expectedBytes = 32 * servedWidth;
  if (bytes.length !== expectedBytes) {
    return { hashes: null, findings: [{ code: "tile_malformed", path, bytes: bytes.length, expectedBytes }] };
  }
  const hashes = Array.from({ length: tile.width }, (_, i) => hash(bytes.subarray(32 * i, 32 * i + 32)));
  return { hashes, findings: [] };
}

interface ServedTile {
  readonly path: string;
  readonly servedWidth: number;
  readonly fetched: Fetched;
}

/**
 * Reads a tile. A partial tile may be gone once the full one exists, of which it is a prefix (tlog-tiles, "Partial
 * Tiles").
 */
async function readTile(source: LogSource, tile: Tile, maxBytes: number): Promise<ServedTile> {
  const path = formatTilePath(tile);
  const fetched = await source.read(path, maxBytes);
  if (fetched.kind !== "missing" || tile.width === TILE_WIDTH) return { path, servedWidth: tile.width, fetched };
  const full = await source.read(formatTilePath({ ...tile, width: TILE_WIDTH }), maxBytes);
  return full.kind === "found"
    ? { path, servedWidth: TILE_WIDTH, fetched: full }
    : { path, servedWidth: tile.width, fetched };
}

type Unread = { readonly kind: "missing" } | { readonly kind: "unreadable"; readonly reason: string };

function gap(path: string, fetched: Unread): Finding {
  return fetched.kind === "missing"
    ? { code: "resource_missing", path }
    : { code: "resource_unreadable", path, reason: fetched.reason };
}
