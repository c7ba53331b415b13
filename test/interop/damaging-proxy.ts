// SPDX-License-Identifier: Apache-2.0
// Serves a log with one resource changed, as an attacker would; a checker must notice.

import { createServer } from "node:http";
import { LISTEN_ADDRESS } from "../../cli/address.ts";

export interface Damage {
  /** The path of the resource, as requested. */
  readonly path: string;
  /** Returns what is served in its place; null for a 404. */
  readonly change: (body: Buffer) => Buffer | null;
}

export interface DamagedLog {
  readonly url: string;
  /** Counts how often the damaged resource was served. */
  readonly served: () => number;
  readonly stop: () => Promise<void>;
}

/** Flips a bit in the middle. */
export function flipBit(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const at = changed.length >> 1;
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}

export async function serveDamaged(url: string, { path, change }: Damage): Promise<DamagedLog> {
  let served = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const answer = await fetch(`${url}${request.url}`);
      const body = Buffer.from(await answer.arrayBuffer());
      const isHit = request.url === path && answer.ok;
      if (isHit) served++;
      const sent = isHit ? change(body) : body;
      response.writeHead(sent === null ? 404 : answer.status).end(sent ?? "not found");
    })();
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: LISTEN_ADDRESS }, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://${LISTEN_ADDRESS}:${port}`,
    served: () => served,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
