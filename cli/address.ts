// SPDX-License-Identifier: Apache-2.0
// Where a stack on this machine listens.

import { createServer } from "node:net";
import { err, ok, type Result } from "../shared/result.ts";

/** Only this machine: the development issuer gives out tokens for every name. */
export const LISTEN_ADDRESS = "127.0.0.1";

/** The address of a stack on this machine: what its PUBLIC_URL must be. */
export const localUrl = (port: number): string => `http://localhost:${port}`;

/** A port on which a stack could listen: `port`, or any free one for 0. Fails with the system's word for why not. */
export function freePort(port: number): Promise<Result<number, string>> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(err(REASONS[error.code ?? ""] ?? error.message)));
    probe.listen({ port, host: LISTEN_ADDRESS, exclusive: true }, () => {
      const address = probe.address();
      const given = typeof address === "object" && address !== null ? address.port : port;
      probe.close(() => resolve(ok(given)));
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is in use",
  EACCES: "only the system's administrator may",
};
