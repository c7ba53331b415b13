// SPDX-License-Identifier: Apache-2.0
// An npm registry on this machine, as far as publishing, installing and auditing need one. Like npm's own it keeps the
// provenance of a package and serves it. It checks nothing: anybody may PUT another provenance in its place.
// Spec: https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LISTEN_ADDRESS } from "../../../cli/address.ts";

export interface NpmRegistry {
  readonly url: string;
  readonly stop: () => void;
}

interface Attachment {
  readonly content_type: string;
  readonly data: string;
}

/** The document of a package: `npm publish` sends it, `npm install` reads it. */
interface Packument {
  readonly "dist-tags": Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, { readonly dist: Record<string, unknown> }>>;
  readonly _attachments?: Readonly<Record<string, Attachment>>;
}

const ATTESTATIONS = "/-/npm/v1/attestations/";

/** Starts an empty registry. */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const packuments = new Map<string, Packument>();
  /** Archives by the paths at which they are served, and bundles by NAME@VERSION. */
  const archives = new Map<string, Buffer>();
  const bundles = new Map<string, unknown>();

  const publish = (name: string, { _attachments = {}, ...packument }: Packument): void => {
    const [version = ""] = Object.keys(packument.versions);
    for (const [file, { data }] of Object.entries(_attachments)) {
      if (file.endsWith(".tgz")) archives.set(`/${name}/-/${file}`, Buffer.from(data, "base64"));
      else bundles.set(`${name}@${version}`, JSON.parse(data));
    }
    const dist = packument.versions[version]?.dist;
    if (dist !== undefined && bundles.has(`${name}@${version}`)) {
      dist["attestations"] = { url: `${url}${ATTESTATIONS}${name}@${version}` };
    }
    packuments.set(name, packument);
  };

  const write = (path: string, sent: unknown): void => {
    if (path.startsWith(ATTESTATIONS)) bundles.set(path.slice(ATTESTATIONS.length), sent);
    else publish(path.slice(1), sent as Packument);
  };

  const read = (path: string): unknown => {
    if (path.startsWith(ATTESTATIONS)) {
      const bundle = bundles.get(path.slice(ATTESTATIONS.length));
      return bundle && { attestations: [{ predicateType: "https://slsa.dev/provenance/v0.2", bundle }] };
    }
    return archives.get(path) ?? packuments.get(path.slice(1));
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent(new URL(request.url ?? "/", url).pathname);
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (request.method === "PUT") write(path, JSON.parse(Buffer.concat(chunks).toString()));
    const found = request.method === "PUT" ? {} : read(path);
    response.writeHead(found === undefined ? 404 : 200, {
      "content-type": Buffer.isBuffer(found) ? "application/octet-stream" : "application/json",
    });
    response.end(Buffer.isBuffer(found) ? found : JSON.stringify(found ?? {}));
  };

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, LISTEN_ADDRESS);
  await once(server, "listening");
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
