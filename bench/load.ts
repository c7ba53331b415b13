// SPDX-License-Identifier: Apache-2.0
// The load generator: clients that post over persistent connections, each sending its next request once the last is
// answered. It uses plain node:http, because it shares the machine with the service it measures.

import { Agent, request } from "node:http";

/** A prepared request. */
export interface PostRequest {
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** The expected status; any other fails the benchmark. */
  readonly status: number;
}

/** A response. */
interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** A pool of connections to a stack on this machine. */
export class Clients {
  readonly #port: number;
  readonly #agent: Agent;
  readonly count: number;

  constructor(port: number, count: number) {
    this.#port = port;
    this.count = count;
    this.#agent = new Agent({ keepAlive: true, maxSockets: count });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Sends one request. Rejects if the response is cut off or does not arrive within 20 s. */
  async send(
    method: "GET" | "POST",
    path: string,
    content?: Pick<PostRequest, "body" | "contentType">,
  ): Promise<Answer> {
    const headers = {
      // The service answers only for its host name, but the name may resolve to several addresses.
      host: `localhost:${this.#port}`,
      ...(content && { "content-type": content.contentType, "content-length": content.body.length }),
    };
    return await new Promise((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port: this.#port, method, path, headers, agent: this.#agent },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) }));
          answer.on("error", reject);
        },
      );
      sent.setTimeout(20_000, () => sent.destroy(new Error(`${path}: no answer within 20 s`)));
      sent.on("error", reject);
      sent.end(content?.body);
    });
  }

  /**
   * Posts the request and returns the response's body. Rejects with the response if its status is not the expected one.
   */
  async post(expected: PostRequest): Promise<Buffer> {
    const { path } = expected;
    const { status, body } = await this.send("POST", path, expected);
    if (status !== expected.status) throw new Error(`${path} answered ${status}: ${body.toString().slice(0, 300)}`);
    return body;
  }
}

interface LoadResult {
  readonly latenciesMs: readonly number[];
  readonly seconds: number;
}

/** Posts every request once; all clients take the next one from one queue. Rejects with the first failure. */
export async function runLoad(clients: Clients, requests: readonly PostRequest[]): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const runClient = async (): Promise<void> => {
    for (let item = requests[next++]; item !== undefined; item = requests[next++]) {
      const started = performance.now();
      await clients.post(item);
      latenciesMs.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: clients.count }, runClient));
  return { latenciesMs, seconds: (performance.now() - started) / 1000 };
}
