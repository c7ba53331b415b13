// SPDX-License-Identifier: Apache-2.0
// Clients that post over connections that stay open, each its next request when its last is answered. Plain node:http: it
// shares the machine with what it measures.

import { Agent, request } from "node:http";

export interface Shot {
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** Any other status is a failure of the bench. */
  readonly status: number;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** `clients` connections to a stack on this machine. */
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

  /** Rejects where the answer breaks off or does not come. */
  async send(method: "GET" | "POST", path: string, content?: Pick<Shot, "body" | "contentType">): Promise<Answer> {
    const headers = {
      // By name, as the service answers for its name only; to the address, as a name may have several.
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

  /** Posts and gives the body of the answer. Rejects with what was answered where it is not what was expected. */
  async post(shot: Shot): Promise<Buffer> {
    const { status, body } = await this.send("POST", shot.path, shot);
    if (status !== shot.status) throw new Error(`${shot.path} answered ${status}: ${body.toString().slice(0, 300)}`);
    return body;
  }
}

export interface LoadResult {
  readonly latenciesMs: readonly number[];
  readonly seconds: number;
}

/** Posts every shot once, all clients taking the next from the same pile. Rejects with the first failure. */
export async function runLoad(clients: Clients, shots: readonly Shot[]): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let shot = shots[next++]; shot !== undefined; shot = shots[next++]) {
      const started = performance.now();
      await clients.post(shot);
      latenciesMs.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: clients.count }, client));
  return { latenciesMs, seconds: (performance.now() - started) / 1000 };
}
