// SPDX-License-Identifier: Apache-2.0
// The table `edge`: the open tiles of level 1 and above, and full ones that R2 does not have yet.

import { blob, buffer, integer } from "../../../shared/sql/columns.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { decodeTile, encodeTile, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { SizedStorage } from "../platform/durable-storage.ts";

/** A tile of level 1 or above. */
export interface EdgeRow {
  readonly level: number;
  readonly tileIndex: number;
  readonly hashes: readonly Hash[];
}

/** The storage that holds the table. */
type Sql = Pick<SizedStorage, "exec">;

/** Writes a tile in place of a narrower one. */
export function writeEdge(storage: Sql, { level, tileIndex, hashes }: EdgeRow): void {
  storage.exec("INSERT OR REPLACE INTO edge VALUES (?, ?, ?)", level, tileIndex, buffer(encodeTile(hashes)));
}

/** Every tile, by level and index. */
export function readEdge(storage: Sql): readonly EdgeRow[] {
  return storage.exec("SELECT * FROM edge ORDER BY level, tile").map((row) => ({
    level: integer(row, "level"),
    tileIndex: integer(row, "tile"),
    hashes: decodeTile(blob(row, "hashes")),
  }));
}

/** The hashes of a tile, null if it is not here. */
export function readEdgeTile(storage: Sql, level: number, tileIndex: number): readonly Hash[] | null {
  const [row] = storage.exec("SELECT hashes FROM edge WHERE level = ? AND tile = ?", level, tileIndex);
  return row === undefined ? null : decodeTile(blob(row, "hashes"));
}

/** Deletes the tiles that R2 has. */
export function pruneEdge(storage: Sql, publishedTiles: number): void {
  for (const { level, tileIndex } of readEdge(storage)) {
    if ((tileIndex + 1) * TILE_WIDTH ** level > publishedTiles) continue;
    storage.exec("DELETE FROM edge WHERE level = ? AND tile = ?", level, tileIndex);
  }
}
