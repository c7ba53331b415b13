// SPDX-License-Identifier: Apache-2.0
// dex, the provider of Sigstore's public instance, as it is published: the provider behind a connector of ours, and the
// reference beside ours. It keeps everything in memory, and knows one person by a password.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findFreePort } from "../../../cli/address.ts";
import { interopTool } from "../../../tools/interop-tools.ts";
import { valueOf } from "../value-of.ts";

export const DEX_PASSWORD = "password";
/** bcrypt of the password, from dex's own example. */
const HASH = "$2a$10$2b2cU8CPhOTaGrs1HRQuAueS7JTT5ZHsHSzYiFPm1leZck7Mc8T4W";
const START_MS = 30_000;

/** The clients of dex, beside the public client `sigstore`. */
interface DexOptions {
  /** The address of the person who has a password; null if nobody signs in with one. */
  readonly address: string | null;
  /** A confidential client. */
  readonly client?: { readonly id: string; readonly secret: string; readonly redirectUri: string };
  /** Rows of its configuration. @param issuer of this dex */
  readonly connectors?: (issuer: string) => readonly object[];
}

/** A running dex. */
export interface Dex {
  readonly issuer: string;
  readonly stop: () => void;
}

/** Starts dex, configured as Sigstore's own example does. Throws if it does not serve within 30 seconds. */
export async function startDex({ address, client, connectors = () => [] }: DexOptions): Promise<Dex> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-dex-"));
  const host = `127.0.0.1:${valueOf(await findFreePort(0))}`;
  const issuer = `http://${host}/oidc`;
  const confidential =
    client === undefined
      ? []
      : [{ id: client.id, secret: client.secret, redirectURIs: [client.redirectUri], name: "Sigedge" }];
  const config = {
    issuer,
    web: { http: host },
    oauth2: { skipApprovalScreen: true },
    staticClients: [{ id: "sigstore", name: "sigstore", public: true }, ...confidential],
    staticPasswords: address === null ? [] : [{ email: address, hash: HASH, username: "alice", userID: "1" }],
    connectors: connectors(issuer),
  };
  writeFileSync(join(folder, "dex.json"), JSON.stringify(config));
  const child = spawn(interopTool("dex"), [join(folder, "dex.json")], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stop = (): void => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  await waitUntilServing(child, issuer).catch((error: unknown) => {
    stop();
    throw error;
  });
  return { issuer, stop };
}

async function waitUntilServing(child: ChildProcess, issuer: string): Promise<void> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (said += part));
  const exited = once(child, "exit").then(() => "exited" as const);
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`).catch(() => null);
    if (answer?.ok === true) return;
    if ((await Promise.race([exited, wait(50)])) === "exited") break;
  }
  throw new Error(`dex does not serve:\n${said}`);
}
