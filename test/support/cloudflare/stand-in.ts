// SPDX-License-Identifier: Apache-2.0
// A stand-in for Cloudflare on this machine: the API that wrangler deploys through, and the deployed Workers, which
// really run. Tests deploy with the unmodified wrangler; the uploaded bundle then answers with the uploaded settings,
// secrets and bindings.

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LISTEN_ADDRESS, localUrl } from "../../../cli/address.ts";
import { forward } from "../process/forward.ts";
import { Account, Refusal } from "./account.ts";
import { answerCall } from "./api.ts";
import { createRuntime, type Outside } from "./runtime.ts";

/** Options of the stand-in. */
export interface StandInOptions {
  /** The folder for storage. */
  readonly state: string;
  /** Chooses the Worker that answers at `url`, like the routes of the platform. */
  readonly front: (account: Account) => string;
  /** Answers what the Workers ask of others; by default the network does. */
  readonly outside?: Outside;
}

/** A running stand-in. */
export interface StandIn {
  /** The address of the deployed Worker. */
  readonly url: string;
  readonly account: Account;
  /** The environment that points wrangler here. */
  readonly env: Readonly<Record<string, string>>;
  readonly token: string;
  /** Every API call, as `METHOD path`. */
  readonly calls: readonly string[];
  /** Calls that the API does not know. */
  readonly unknownCalls: readonly string[];
  /** The lines that the Workers wrote to their consoles. */
  readonly logs: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Starts the API and the front on free ports. */
export async function startStandIn({ state, front, outside }: StandInOptions): Promise<StandIn> {
  const account = new Account();
  const calls: string[] = [];
  const unknownCalls: string[] = [];
  const logs: string[] = [];
  const token = randomBytes(20).toString("hex");
  const accountId = randomBytes(16).toString("hex");
  const runtime = createRuntime({ account, state, outside, log: (message) => logs.push(message) });
  const api = { account, accountId, subdomain: "example", query: runtime.query };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const url = new URL(request.url ?? "/", localUrl(0));
    calls.push(`${request.method} ${url.pathname}`);
    try {
      const headers = new Headers(request.headers as Record<string, string>);
      if (headers.get("authorization") !== `Bearer ${token}`) throw new Refusal(403, 10000, "Authentication error");
      const result = await answerCall(api, { method: request.method ?? "GET", url, headers, body });
      reply(response, 200, { success: true, errors: [], messages: [], result });
    } catch (error) {
      const { status, code, message } = error instanceof Refusal ? error : new Refusal(500, 1, String(error));
      if (code === 7003 || status >= 500) unknownCalls.push(`${request.method} ${url.pathname}: ${message}`);
      reply(response, status, { success: false, errors: [{ code, message }], messages: [], result: null });
    }
  };
  const apiServer = createServer((request, response) => void answer(request, response));
  const frontServer = createServer((request, response) => {
    const { "x-forwarded-proto": scheme = "http", host = "" } = request.headers;
    const path = `${String(scheme)}://${host}${request.url}`;
    void forward(request, response, async () => ({ port: await runtime.portOf(front(account)), path }));
  });
  const [apiPort, frontPort] = [await listen(apiServer), await listen(frontServer)];
  return {
    url: localUrl(frontPort),
    account,
    env: {
      CLOUDFLARE_API_BASE_URL: `http://${LISTEN_ADDRESS}:${apiPort}/client/v4`,
      CLOUDFLARE_API_TOKEN: token,
      CLOUDFLARE_ACCOUNT_ID: accountId,
    },
    token,
    calls,
    unknownCalls,
    logs,
    stop: async () => {
      await Promise.all([apiServer, frontServer].map(close));
      await runtime.stop();
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new Uint8Array(Buffer.concat(chunks));
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, LISTEN_ADDRESS, () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => void server.close(() => resolve()));
}
