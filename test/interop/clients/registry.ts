// SPDX-License-Identifier: Apache-2.0
// An OCI registry on this machine: the in-memory registry of go-containerregistry.

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort, LISTEN_ADDRESS } from "../../../cli/address.ts";
import { interopTool } from "../../../tools/interop-tools.ts";

export interface Registry {
  /** localhost:port: clients use plain HTTP for localhost. */
  readonly address: string;
  readonly stop: () => void;
}

const READY_WITHIN_MS = 10_000;

/** Starts a registry and waits until it answers. */
export async function startRegistry(): Promise<Registry> {
  const port = await findFreePort(0);
  if (!port.ok) throw new Error(port.error);
  const listen = `${LISTEN_ADDRESS}:${port.value}`;
  const child = spawn(interopTool("crane"), ["registry", "serve", "--address", listen], { stdio: "ignore" });
  const address = `localhost:${port.value}`;
  for (const end = Date.now() + READY_WITHIN_MS; !(await isUp(`http://${address}/v2/`)); await sleep(50)) {
    if (Date.now() > end) throw new Error("the registry did not answer within 10 seconds");
  }
  return { address, stop: () => void child.kill() };
}

const isUp = async (url: string): Promise<boolean> =>
  await fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
