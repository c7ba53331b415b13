// SPDX-License-Identifier: Apache-2.0
// The reference servers, as released, that do what the service does: Fulcio without a log and in front of TesseraCT,
// rekor-tiles on a folder, timestamp-server. Each takes the very requests that the service takes.

import { createPublicKey } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, LISTEN_ADDRESS, localUrl } from "../../cli/address.ts";
import { unixMs } from "../../shared/time.ts";
import { startFulcio } from "../../test/interop/fulcio.ts";
import { makeRekorTiles, makeTesseract, type Pace } from "../../test/interop/reference-logs.ts";
import { startServer } from "../../test/interop/server.ts";
import { makeCaMaterial } from "../../test/support/authority/ca.ts";
import { listenerPid } from "../../test/support/process/listener.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import type { PostRequest } from "../load.ts";
import type { RequestFactory } from "../requests.ts";
import type { BenchStack } from "../stack.ts";

/** The requests that are compared. */
export type Work = "nothing" | "certificates" | "entries" | "timestamps";

/** A server that does some work. */
export interface Contender {
  readonly name: string;
  readonly work: Work;
  readonly port: number;
  /** The processes that do the work, for their processor time and memory. */
  readonly pids: readonly number[];
  readonly make: () => PostRequest;
}

/** The defaults of TesseraCT. rekor-tiles has the same batches and 10 s; 1 s is the least that its help suggests. */
const PACE: Pace = { checkpointInterval: "1.5s", batchMaxAge: "250ms" };
const REKOR_PACE: Pace = { checkpointInterval: "1s", batchMaxAge: "250ms" };

/** Starts all servers, beside a running stack. `stop` ends them, and removes what they wrote. */
export async function startContenders(
  stack: BenchStack,
  requests: RequestFactory,
): Promise<{ readonly contenders: readonly Contender[]; readonly stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-bench-against-"));
  const ends: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { contenders: await startAll({ stack, requests, folder, ends }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Starting {
  readonly stack: BenchStack;
  readonly requests: RequestFactory;
  readonly folder: string;
  /** Ends what has started so far. */
  readonly ends: (() => Promise<void>)[];
}

async function startAll(starting: Starting): Promise<readonly Contender[]> {
  const { stack, requests } = starting;
  const own = { name: "sigedge", port: stack.port, pids: [stack.pid] };
  const rekor = await startRekorTiles(starting);
  const [bare, logged] = await startFulcios(starting);
  const timestamps = await startTimestamps(starting);
  return [
    { ...own, work: "nothing", make: () => NOTHING },
    { ...own, work: "certificates", make: requests.certificate },
    { ...bare, work: "certificates", make: requests.certificate },
    { ...logged, work: "certificates", make: requests.certificate },
    { ...own, work: "entries", make: requests.entry },
    { ...rekor, work: "entries", make: requests.entry },
    { ...own, work: "timestamps", make: requests.timestamp },
    // It answers 201 where RFC 3161 over HTTP has 200.
    { ...timestamps, work: "timestamps", make: () => ({ ...requests.timestamp(), status: 201 }) },
  ];
}

/** A request that the bench's Worker answers before any of our code runs: what the runtime alone does. */
const NOTHING: PostRequest = {
  path: "/bench/nothing",
  status: 200,
  contentType: "application/json",
  body: Buffer.alloc(0),
};

type Started = Pick<Contender, "name" | "port" | "pids">;

function describeStarted(name: string, urls: readonly string[]): Started {
  const ports = urls.map((url) => Number(new URL(url).port));
  const pids = ports.map((port) => {
    const pid = listenerPid(port);
    if (pid === null) throw new Error(`${name} does not listen on port ${port}`);
    return pid;
  });
  return { name, port: ports[0] ?? 0, pids };
}

async function startRekorTiles({ folder, ends }: Starting): Promise<Started> {
  const log = await makeRekorTiles(join(folder, "rekor.key"), LISTEN_ADDRESS, REKOR_PACE);
  mkdirSync(join(folder, "rekor"));
  ends.push(await log.start(join(folder, "rekor")));
  return describeStarted("rekor-tiles", [log.url]);
}

/** Fulcio without a log, and in front of TesseraCT. Both accept the tokens of the stack's own issuer. */
async function startFulcios({ stack, folder, ends }: Starting): Promise<readonly [Started, Started]> {
  const material = makeCaMaterial(unixMs(Date.now()));
  const roots = join(folder, "roots.pem");
  writeFileSync(roots, material.CA_CHAIN.slice(material.CA_CHAIN.lastIndexOf("-----BEGIN")));
  const origin = "ct.example.com/bench";
  const log = await makeTesseract(join(folder, "ct.key"), { origin, roots, pace: PACE });
  mkdirSync(join(folder, "ct"));
  ends.push(await log.start(join(folder, "ct")));
  const issuer = `${localUrl(stack.port)}/oidc`;
  const config = { "oidc-issuers": { [issuer]: { "issuer-url": issuer, "client-id": "sigstore", type: "email" } } };
  const key = createPublicKey({ key: log.spki, format: "der", type: "spki" });
  const publicKey = key.export({ type: "spki", format: "pem" }).toString();
  const bare = await startFulcio({ material, config, log: null });
  ends.push(bare.stop);
  const logged = await startFulcio({ material, config, log: { url: log.url, publicKey } });
  ends.push(logged.stop);
  return [describeStarted("Fulcio, no log", [bare.url]), describeStarted("Fulcio, TesseraCT", [logged.url, log.url])];
}

async function startTimestamps({ ends }: Starting): Promise<Started> {
  const port = String(valueOf(await findFreePort(0)));
  const url = `http://${LISTEN_ADDRESS}:${port}`;
  const flags = { host: LISTEN_ADDRESS, port, "timestamp-signer": "memory", "disable-ntp-monitoring": "true" };
  const program = { file: interopTool("timestamp-server"), command: "serve", flags, healthUrl: `${url}/ping` };
  ends.push(await startServer(program));
  return describeStarted("timestamp-server", [url]);
}
