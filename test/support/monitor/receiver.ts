// SPDX-License-Identifier: Apache-2.0
// A receiver of webhooks on this machine, which answers as a test says and verifies signatures by node's own HMAC.

import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A message as it was sent. */
interface Received {
  /** `webhook-id`. */
  readonly id: string;
  readonly type: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the signature is that of the receiver's secret. */
  readonly isSigned: boolean;
}

/** A running receiver. */
export interface Receiver {
  readonly url: string;
  /** As WATCH_SECRETS has it. */
  readonly secret: string;
  /** Every message, also those that were not accepted. */
  readonly received: readonly Received[];
  /** The ids of the messages that were accepted. */
  readonly accepted: readonly string[];
  /** Answers the following messages; null accepts them. */
  readonly answer: (how: ((response: ServerResponse) => void) | null) => void;
  readonly stop: () => Promise<void>;
}

/** Starts a receiver. */
export async function startReceiver(): Promise<Receiver> {
  const key = Buffer.alloc(32, 7);
  const received: Received[] = [];
  const accepted: string[] = [];
  let how: ((response: ServerResponse) => void) | null = null;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = request.headers;
      const expected = createHmac("sha256", key)
        .update(`${String(id)}.${String(time)}.${body}`)
        .digest("base64");
      const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> };
      received.push({ id: String(id), type, details: data, isSigned: signature === `v1,${expected}` });
      if (how !== null) return how(response);
      accepted.push(String(id));
      response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    secret: `whsec_${key.toString("base64")}`,
    received,
    accepted,
    answer: (next) => {
      how = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
