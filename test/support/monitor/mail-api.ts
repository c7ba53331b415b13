// SPDX-License-Identifier: Apache-2.0
// A mail API on this machine, of the form that MAIL_BODY has by default.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A mail as the API got it. */
interface SentMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The header with which the sender authenticates. */
  readonly authorization: string;
}

/** A running API. */
export interface MailApi {
  readonly url: string;
  readonly mails: readonly SentMail[];
  readonly stop: () => Promise<void>;
}

/** Starts an API. */
export async function startMailApi(): Promise<MailApi> {
  const mails: SentMail[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const mail = JSON.parse(Buffer.concat(chunks).toString()) as SentMail;
      mails.push({ ...mail, authorization: request.headers.authorization ?? "" });
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/emails`,
    mails,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
