// SPDX-License-Identifier: Apache-2.0
// A thousand auditors who read every full tile and bundle of both logs, 64 at a time: what that costs the objects.

import { formatTilePath, TILE_WIDTH } from "../../shared/tlog/tile.ts";
import type { Bench } from "../bench.ts";
import { Clients } from "../load.ts";
import { CLIENTS } from "../plan.ts";
import { percentile } from "../statistics.ts";

const READERS = 1000;

/** The load of the readers, as it was counted. */
export interface Readers {
  readonly readers: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Calls of objects, which a reader of immutable tiles must not make. */
  readonly objectRequests: number;
  /** Reads of R2: what passed no cache, of which a local stack has none. A cache leaves one for each of the paths. */
  readonly r2ClassB: number;
  readonly paths: number;
}

const LOGS = [
  { base: "", bundle: "entries" },
  { base: "/ct", bundle: "data" },
] as const;

/** The paths of all full tiles and bundles of both logs. */
async function listPaths({ stack }: Bench): Promise<readonly string[]> {
  const paths = await Promise.all(
    LOGS.map(async ({ base, bundle }) => {
      const { body } = await stack.client.send("GET", `${base}/checkpoint`);
      const full = Math.floor(Number(body.toString().split("\n")[1]) / TILE_WIDTH);
      return Array.from({ length: full }, (_, index) =>
        ([bundle, 0] as const).map((level) => `${base}/${formatTilePath({ level, index, width: TILE_WIDTH })}`),
      ).flat();
    }),
  );
  return paths.flat();
}

/** Measures the load. Throws if a tile is missing. */
export async function measureReaders(bench: Bench): Promise<Readers> {
  const paths = await listPaths(bench);
  const clients = new Clients(bench.stack.port, CLIENTS);
  const latenciesMs: number[] = [];
  let next = 0;
  const read = async (): Promise<void> => {
    while (next < READERS * paths.length) {
      const path = paths[next++ % paths.length] ?? "";
      const sent = performance.now();
      await clients.request({ method: "GET", path, headers: {}, status: 200 });
      latenciesMs.push(performance.now() - sent);
    }
  };
  await bench.stack.waitUntilQuiet();
  const before = await bench.stack.readCounts();
  const started = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, read));
  const seconds = (performance.now() - started) / 1000;
  const after = await bench.stack.readCounts();
  clients.close();
  return {
    readers: READERS,
    requests: latenciesMs.length,
    perSecond: latenciesMs.length / seconds,
    p99Ms: percentile(latenciesMs, 0.99),
    objectRequests: after.objectRequests - before.objectRequests,
    r2ClassB: after.r2ClassB - before.r2ClassB,
    paths: paths.length,
  };
}
