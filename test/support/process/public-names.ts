// SPDX-License-Identifier: Apache-2.0
// Public host names on this machine: TLS with a certificate that programs are told to trust, and a proxy that leads
// them here, so that unmodified programs and a deployment under its public address meet. Nothing leaves the machine.

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { LISTEN_ADDRESS } from "../../../cli/address.ts";
import { forward } from "./forward.ts";
import { makeSelfSigned } from "./self-signed.ts";

/** Who answers for a name: an address on this machine, below which the paths are. */
type Hosts = Readonly<Record<string, string>>;

/** The names, served. */
export interface PublicNames {
  /** Where all names are, over TLS. */
  readonly port: number;
  /** Leads programs to the names: Go, Node and Python read these variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => void;
}

/** How the servers behind the names are asked: by the public name over TLS, or each by its own. */
type Asked = "by public name" | "by own name";

/** Serves names. @param certificate the file that gets the certificate */
export async function servePublicNames(
  hosts: Hosts,
  certificate: string,
  asked: Asked = "by public name",
): Promise<PublicNames> {
  const { key, cert } = makeSelfSigned(Object.keys(hosts));
  writeFileSync(certificate, cert);
  const server = createTlsServer({ key, cert }, (request, response) => {
    const base = hosts[request.headers.host ?? ""];
    if (base === undefined) {
      response.writeHead(421).end();
      return;
    }
    const { host, port, pathname } = new URL(base);
    const path = `${pathname.replace(/\/$/, "")}${request.url}`;
    const headers = asked === "by own name" ? { host } : { "x-forwarded-proto": "https" };
    void forward(request, response, () => ({ port: Number(port), path, headers }));
  });
  const port = await listen(server);
  const proxy = createServer((_, response) => response.writeHead(405).end());
  const tunnels = new Set<Duplex>();
  proxy.on("connect", ({ url = "" }, socket: Duplex) => {
    const [host = "", wanted] = url.split(":");
    if (host !== LISTEN_ADDRESS && host !== "localhost" && !(host in hosts)) {
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      return;
    }
    const there = connect(host in hosts ? port : Number(wanted), LISTEN_ADDRESS, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      socket.pipe(there).pipe(socket);
    });
    for (const [end, other] of [
      [socket, there],
      [there, socket],
    ] as const) {
      tunnels.add(end);
      end.on("error", () => other.destroy());
      end.on("close", () => tunnels.delete(end));
    }
  });
  const proxyUrl = `http://${LISTEN_ADDRESS}:${await listen(proxy)}`;
  return {
    port,
    env: {
      HTTPS_PROXY: proxyUrl,
      NO_PROXY: `${LISTEN_ADDRESS},localhost`,
      NODE_USE_ENV_PROXY: "1",
      NODE_EXTRA_CA_CERTS: certificate,
      SSL_CERT_FILE: certificate,
    },
    stop: () => {
      for (const socket of tunnels) socket.destroy();
      for (const one of [server, proxy]) {
        one.closeAllConnections();
        one.close();
      }
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, LISTEN_ADDRESS);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
