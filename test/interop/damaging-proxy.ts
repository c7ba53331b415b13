// SPDX-License-Identifier: Apache-2.0
// A log as somebody would serve it who changes one resource of it: what a checker must notice.

import { createServer } from "node:http";
import { LISTEN_ADDRESS } from "../../cli/address.ts";

export interface Damage {
  /** Path of the resource, as it is asked for. */
  readonly path: string;
  /** What is served in its place; null for a 404. */
  readonly change: (body: Buffer) => Buffer | null;
}

export interface DamagedLog {
  readonly url: string;
  /** How often the damaged resource was served. */
  readonly served: () => number;
  readonly stop: () => Promise<void>;
}

/** The bit in the middle. */
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
