// SPDX-License-Identifier: Apache-2.0
// Forwards HTTP requests to a server on this machine.

import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { LISTEN_ADDRESS } from "../../../cli/address.ts";

/** Where a request goes. */
interface Target {
  readonly port: number;
  /** The request's target: a path, or a whole address for a proxy. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Forwards a request with its headers, Host included. */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  findTarget: () => Target | Promise<Target>,
): Promise<void> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { port, path, headers } = await findTarget();
    const sent = { ...request.headers, ...headers };
    const target = { host: LISTEN_ADDRESS, port, method: request.method, path, headers: sent, agent: false } as const;
    httpRequest(target, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    })
      .once("error", () => response.destroy())
      .end(Buffer.concat(chunks));
  } catch (error) {
    response.writeHead(530, { "content-type": "text/plain" }).end(`nobody answers here: ${String(error)}\n`);
  }
}
