// SPDX-License-Identifier: Apache-2.0
// The load generator: clients that post over persistent connections, each sending its next request once the last is
// answered. It uses plain node:http, because it shares the machine with the service it measures.

import { Agent, type IncomingHttpHeaders, request } from "node:http";

/** A prepared request. */
export interface PostRequest {
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** The expected status; any other fails the benchmark. */
  readonly status: number;
}

/** A request of any kind. */
export interface SentRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The expected status; any other fails the benchmark. */
  readonly status: number;
}

/** A response. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
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
    const headers = content === undefined ? {} : { "content-type": content.contentType };
    return await this.#exchange({ method, path, headers, ...(content && { body: content.body }) });
  }

  async #exchange({ method, path, headers, body }: Omit<SentRequest, "status">): Promise<Answer> {
    const complete = {
      ...headers,
      // The service answers only for its host name, but the name may resolve to several addresses.
      host: `localhost:${this.#port}`,
      ...(body && { "content-length": body.length }),
    };
    return await new Promise((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port: this.#port, method, path, headers: complete, agent: this.#agent },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => {
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) });
          });
          answer.on("error", reject);
        },
      );
      sent.setTimeout(20_000, () => sent.destroy(new Error(`${path}: no answer within 20 s`)));
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /** Sends the request. Rejects with the response if its status is not the expected one. */
  async request(expected: SentRequest): Promise<Answer> {
    const answer = await this.#exchange(expected);
    if (answer.status === expected.status) return answer;
    throw new Error(`${expected.path} answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`);
  }

  /** Posts the request and returns the response's body. Rejects like `request`. */
  async post({ path, status, contentType, body }: PostRequest): Promise<Buffer> {
    return (await this.request({ method: "POST", path, status, body, headers: { "content-type": contentType } })).body;
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
