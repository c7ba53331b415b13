// SPDX-License-Identifier: Apache-2.0
// Sends requests as they are, many at once, over connections that stay open.

import { Agent, type IncomingHttpHeaders, request as send } from "node:http";
import type { Draft } from "./mutations.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A server discards up to this much of an unread body before it closes the connection. */
const DISCARDED_BYTES = 64 * 1024;
/** No answer takes as long on any machine; without one, a request that hangs would end the run without its name. */
const TIMEOUT_MS = 60_000;

/** A client of one server. */
export class Client {
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Resolves to null if the server answered and closed the connection before it had read a long body. */
  async send(draft: Draft): Promise<Answer | null> {
    try {
      return await this.#send(draft);
    } catch (error) {
      if (isClosedEarly(error, draft)) return null;
      // The server has closed a connection that was idle, in the moment in which it was used again.
      if (error instanceof StaleConnectionError) return await this.#send(draft);
      throw error;
    }
  }

  #send({ method, path, headers, body }: Draft): Promise<Answer> {
    const { host, port } = this.#url;
    const hasBody = body !== null && method !== "GET" && method !== "HEAD";
    const length = hasBody ? { "content-length": body.length } : {};
    return new Promise((resolve, reject) => {
      const options = { port, method, path, agent: this.#agent, headers: { host, ...headers, ...length } };
      const outgoing = send(options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
        });
      });
      outgoing.on("error", (error) =>
        reject(outgoing.reusedSocket && isReset(error) ? new StaleConnectionError() : error),
      );
      outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error(`no answer after ${TIMEOUT_MS / 1000} s`)));
      outgoing.end(hasBody ? body : undefined);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

class StaleConnectionError extends Error {}

const isReset = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ECONNRESET");

const isClosedEarly = (error: unknown, { body }: Draft): boolean =>
  (error instanceof StaleConnectionError || isReset(error)) && (body?.length ?? 0) > DISCARDED_BYTES;
