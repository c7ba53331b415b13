// SPDX-License-Identifier: Apache-2.0
// Entries as R2 has them: what the search index receives of an entry whose row is gone.

import { objectKey } from "../../../shared/logs/config.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { LOG_RECORDS } from "../../../shared/logs/records.ts";
import { openSidecar, type SidecarLine, sidecarPath } from "../../../shared/rekor/sidecar.ts";
import type { IndexedEntry } from "../../../shared/search/index-writes.ts";
import { formatTilePath, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { PublishDeps } from "./publish.ts";

/** A full bundle with its sidecar, of which entries are read one by one. */
interface StoredBundle {
  readonly index: number;
  readonly records: readonly Uint8Array[];
  /** Null for a kind whose records hold their times. */
  readonly line: ((at: number) => SidecarLine | null) | null;
}

/** Reads published entries. Keeps the newest bundle, at most, so that its 256 entries cost two reads of R2. */
export class StoredEntries {
  readonly #deps: Omit<PublishDeps, "storage">;
  #bundle: StoredBundle | null = null;

  constructor(deps: Omit<PublishDeps, "storage">) {
    this.#deps = deps;
  }

  /**
   * Reads at most `count` entries from `from` on, none beyond the end of their bundle. Rejects if R2 fails, and if an
   * object is missing or malformed: the log published it, so it is there.
   */
  async read(from: number, count: number): Promise<readonly IndexedEntry[]> {
    const index = Math.floor(from / TILE_WIDTH);
    if (this.#bundle?.index !== index) this.#bundle = await this.#open(index);
    const bundle = this.#bundle;
    const end = Math.min(from + count, (index + 1) * TILE_WIDTH);
    return Array.from({ length: end - from }, (_, i) => this.#entry(bundle, from + i));
  }

  async #open(index: number): Promise<StoredBundle> {
    const { kind } = this.#deps.config;
    const { bundleLevel, hasSidecars } = LOG_KINDS[kind];
    const path = formatTilePath({ level: bundleLevel, index, width: TILE_WIDTH });
    const records = LOG_RECORDS[kind].split(await this.#get(path));
    if (records?.length !== TILE_WIDTH) throw new RangeError(`${path} is not a full bundle`);
    const line = hasSidecars ? openSidecar(await this.#get(sidecarPath(index))) : null;
    return { index, records, line };
  }

  async #get(path: string): Promise<Uint8Array> {
    const key = objectKey(this.#deps.config, path);
    const bytes = await this.#deps.objects.get(key);
    if (bytes === null) throw new RangeError(`${key} is gone from R2`);
    return bytes;
  }

  #entry({ records, line }: StoredBundle, leafIndex: number): IndexedEntry {
    const { config, format } = this.#deps;
    const at = leafIndex % TILE_WIDTH;
    const record = records[at] ?? new Uint8Array(0);
    const stored = line === null ? null : line(at);
    const timestamp = stored?.timestamp ?? LOG_RECORDS[config.kind].timestamp(record);
    const search = format.readSearchRow(record, stored?.hints ?? null);
    if (timestamp === null || search === null) throw new RangeError(`entry ${leafIndex} in R2 does not parse`);
    return { leafIndex, timestamp, search };
  }
}
