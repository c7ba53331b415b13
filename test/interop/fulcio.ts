// SPDX-License-Identifier: Apache-2.0
// Runs Fulcio, as released, with the keys of one of our CAs, to compare its answers with ours.

import { createPrivateKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { findFreePort, LISTEN_ADDRESS } from "../../cli/address.ts";
import { withSeparatedAliases } from "../../cli/deployment/issuers-file.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import type { CaMaterial } from "../support/authority/ca.ts";
import { valueOf } from "../support/value-of.ts";
import { startServer } from "./server.ts";

/** The configuration of the public instance, from Fulcio's repository. */
export const publicConfig = (): string => readFileSync(interopTool("fulcio", "config.yaml"), "utf8");

/** Its tables of CI providers, by name. */
export const publicMetadata = (): Readonly<Record<string, unknown>> =>
  (parse(withSeparatedAliases(publicConfig())) as { readonly "ci-issuer-metadata": Readonly<Record<string, unknown>> })[
    "ci-issuer-metadata"
  ];

export interface FulcioOptions {
  readonly material: CaMaterial;
  /** The content of its config.yaml. */
  readonly config: object;
  /** A certificate log's submission prefix, and the key (PEM) that verifies its SCTs; null for no log. */
  readonly log: { readonly url: string; readonly publicKey: string } | null;
}

export interface Fulcio {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts Fulcio on free ports, and waits until it serves. */
export async function startFulcio({ material, config, log }: FulcioOptions): Promise<Fulcio> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-fulcio-"));
  const write = (name: string, text: string | Buffer): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const key = createPrivateKey(material.CA_KEY);
  const passphrase = "fulcio";
  const encrypted = key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase });
  const [port, grpcPort, metricsPort] = (await Promise.all([findFreePort(0), findFreePort(0), findFreePort(0)])).map(
    valueOf,
  );
  const flags = {
    host: LISTEN_ADDRESS,
    port: String(port),
    "grpc-host": LISTEN_ADDRESS,
    "grpc-port": String(grpcPort),
    "metrics-port": String(metricsPort),
    "legacy-unix-domain-socket": join(folder, "legacy"),
    ca: "fileca",
    "fileca-cert": write("chain.pem", material.CA_CHAIN),
    "fileca-key": write("key.pem", encrypted),
    "fileca-key-passwd": passphrase,
    "fileca-watch": "false",
    "config-path": write("config.yaml", stringify(config)),
    "ct-log-url": log?.url ?? "",
    ...(log === null ? {} : { "ct-log-public-key-path": write("log.pem", log.publicKey) }),
  };
  const url = `http://${LISTEN_ADDRESS}:${port}`;
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  const program = { file: interopTool("fulcio", "fulcio"), command: "serve", flags, healthUrl: `${url}/healthz` };
  const stopServer = await startServer(program).catch((error: unknown) => {
    removeFolder();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await stopServer();
    removeFolder();
  };
  return { url, stop };
}
