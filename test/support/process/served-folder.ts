// SPDX-License-Identifier: Apache-2.0
// Serves the files of a folder like a web server in front of a log's storage. The folder can be replaced by another.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** A web server of files. */
export interface ServedFolder {
  readonly url: string;
  folder: string;
  readonly stop: () => Promise<void>;
}

/** Starts a server on a free loopback port. */
export async function serveFolder(folder: string): Promise<ServedFolder> {
  const server = createServer((request, response) => {
    const path = join(served.folder, new URL(request.url ?? "/", served.url).pathname);
    readFile(path).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const served: ServedFolder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    folder,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return served;
}
