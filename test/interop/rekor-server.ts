// SPDX-License-Identifier: Apache-2.0
// Runs rekor-server, as released, with Trillian and a MariaDB of its own, to compare its answers with those of our
// Rekor v1 log.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort, LISTEN_ADDRESS } from "../../cli/address.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import { valueOf } from "../support/value-of.ts";
import { startProcess, startServer } from "./server.ts";

/** Whether there is a database, without which the reference cannot run. `.ci/run` demands one. */
export const hasMariaDb = findMariaDb();

function findMariaDb(): boolean {
  if (spawnSync("mariadbd", ["--version"]).status === 0) return true;
  if (process.env["SIGEDGE_CI_RUN"] !== undefined) throw new Error("no mariadbd: install Debian's mariadb-server");
  return false;
}

/** A running rekor-server. */
export interface RekorServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const USER = "trillian";
const START_TIMEOUT_MS = 30_000;

const findPort = async (): Promise<string> => String(valueOf(await findFreePort(0)));

/** Starts a server with an empty log, and all that it needs. */
export async function startRekor(): Promise<RekorServer> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-rekor-"));
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [port, log, logHttp, signer, signerHttp] = await Promise.all(Array.from({ length: 5 }, findPort));
    const database = await startMariaDb(folder, (end) => stops.push(end));
    const storage = {
      storage_system: "mysql",
      quota_system: "noop",
      mysql_uri: `${USER}:${USER}@tcp(${database})/trillian`,
    };
    const trillian = async (program: string, rpc = "", http = "", flags = {}): Promise<void> => {
      const endpoints = { rpc_endpoint: `${LISTEN_ADDRESS}:${rpc}`, http_endpoint: `${LISTEN_ADDRESS}:${http}` };
      const healthUrl = `http://${endpoints.http_endpoint}/healthz`;
      const file = interopTool("trillian", program);
      stops.push(await startServer({ file, flags: { ...storage, ...endpoints, ...flags }, healthUrl }));
    };
    await trillian("trillian_log_server", log, logHttp);
    await trillian("trillian_log_signer", signer, signerHttp, { force_master: "true", sequencer_interval: "50ms" });
    const tree = execFileSync(interopTool("trillian", "createtree"), [`--admin_server=${LISTEN_ADDRESS}:${log}`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const url = `http://${LISTEN_ADDRESS}:${port}`;
    const flags = {
      "trillian_log_server.address": LISTEN_ADDRESS,
      "trillian_log_server.port": log ?? "",
      "trillian_log_server.tlog_id": tree.toString().trim(),
      "rekor_server.address": LISTEN_ADDRESS,
      "rekor_server.signer": "memory",
      "rekor_server.hostname": "localhost",
      port: port ?? "",
      "search_index.storage_provider": "mysql",
      "search_index.mysql.dsn": `${USER}:${USER}@tcp(${database})/search`,
      enable_attestation_storage: "true",
      attestation_storage_bucket: "mem://",
    };
    const file = interopTool("rekor", "rekor-server");
    stops.push(await startServer({ file, command: "serve", flags, healthUrl: `${url}/ping` }));
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a database with the tables of Trillian. Resolves to its address. */
async function startMariaDb(folder: string, onStop: (end: () => Promise<void>) => void): Promise<string> {
  const data = join(folder, "data");
  const socket = join(folder, "socket");
  const port = await findPort();
  const common = ["--no-defaults", `--datadir=${data}`];
  execFileSync("mariadb-install-db", [...common, "--auth-root-authentication-method=normal", "--skip-test-db"], {
    stdio: "ignore",
  });
  const listen = [`--socket=${socket}`, `--port=${port}`, `--bind-address=${LISTEN_ADDRESS}`];
  onStop(startProcess("mariadbd", [...common, "--user=root", ...listen]));
  const query = (sql: string): boolean =>
    spawnSync("mariadb", ["--no-defaults", "--user=root", `--socket=${socket}`], { input: sql }).status === 0;
  for (const deadline = Date.now() + START_TIMEOUT_MS; !query("SELECT 1"); await sleep(100)) {
    if (Date.now() > deadline) throw new Error("mariadbd does not answer");
  }
  const tables = readFileSync(interopTool("trillian", "storage.sql"), "utf8");
  const users = ["%", "localhost"].map((host) => `GRANT ALL ON *.* TO '${USER}'@'${host}' IDENTIFIED BY '${USER}';`);
  const created = query(`CREATE DATABASE search; CREATE DATABASE trillian; ${users.join(" ")} USE trillian; ${tables}`);
  if (!created) throw new Error("the tables of Trillian cannot be created");
  return `${LISTEN_ADDRESS}:${port}`;
}
