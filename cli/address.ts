// SPDX-License-Identifier: Apache-2.0
// The address and the port of a local stack.

import { createServer } from "node:net";
import { err, ok, type Result } from "../shared/result.ts";

/** Loopback: the development issuer gives everyone who reaches it a token for any name. */
export const LISTEN_ADDRESS = "127.0.0.1";

/** Every address. In a container, loopback is out of reach for the port that its engine publishes. */
const EVERY_ADDRESS = "0.0.0.0";

/** The container image sets it to 1: there, the engine decides who reaches the port. */
const CONTAINER_VARIABLE = "SIGEDGE_IN_CONTAINER";

/** Checks the value of --listen. Accepts EVERY_ADDRESS in a container only. The error is a line for the operator. */
export function parseListenAddress(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): Result<string, string> {
  if (text === LISTEN_ADDRESS) return ok(text);
  if (text !== EVERY_ADDRESS) return err(`--listen ${text} is unknown; give ${LISTEN_ADDRESS} or ${EVERY_ADDRESS}`);
  if (environment[CONTAINER_VARIABLE] === "1") return ok(text);
  return err(
    `--listen ${text} would give tokens for any name to other machines; it is accepted in a container only (docs/install.md)`,
  );
}

/** The URL of a local stack, which its PUBLIC_URL must equal: the default port is not written. */
export const localUrl = (port: number): string => new URL(`http://localhost:${port}`).origin;

/** Finds a port to listen on: `port`, or any free port for 0. The error is the reason why the port cannot be used. */
export function findFreePort(port: number, host: string = LISTEN_ADDRESS): Promise<Result<number, string>> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(err(REASONS.get(error.code ?? "") ?? error.message)));
    probe.listen({ port, host, exclusive: true }, () => {
      const address = probe.address();
      const given = typeof address === "object" && address !== null ? address.port : port;
      probe.close(() => resolve(ok(given)));
    });
  });
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "it is in use"],
  ["EACCES", "it requires administrator rights"],
]);
