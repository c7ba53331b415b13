// SPDX-License-Identifier: Apache-2.0
// A deployment's folder and a local stack that runs what it says, as `sigedge deploy` would.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { findFreePort, localUrl } from "../../../cli/address.ts";
import { createDeployment } from "../../../cli/deployment/create.ts";
import { readDeployment, workerSettings, writeDeployment } from "../../../cli/deployment/deployment.ts";
import { type Instance, readInstanceOverTuf } from "../../../cli/signing/sigstore-js.ts";
import { runStack, type Stack } from "../../../local/stack.ts";
import { parsePublicUrl } from "../../../shared/http/public-url.ts";
import { valueOf } from "../value-of.ts";
import { PASSPHRASE, runRotate } from "./rotating-deployment.ts";

/** A deployment on this machine. */
export interface DeployedFolder {
  readonly url: string;
  /** Reads a file of the folder. */
  readonly read: (...path: readonly string[]) => string;
  /** Runs `sigedge rotate`, which must succeed, and deploys. */
  readonly rotate: (...args: readonly string[]) => Promise<void>;
  /** A client that fetches everything now. */
  readonly client: () => Promise<Instance>;
  readonly stop: () => Promise<void>;
}

/** Creates a deployment with these settings in its deployment.json, and runs it. */
export async function deployFolder(settings: Readonly<Record<string, string>>): Promise<DeployedFolder> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-deployed-"));
  const deployment = join(folder, "deployment");
  const state = join(folder, "state");
  mkdirSync(state);
  const port = valueOf(await findFreePort(0));
  const url = localUrl(port);
  const publicUrl = valueOf(parsePublicUrl(url));
  const options = { folder: deployment, name: "sigedge-test", publicUrl, issuers: "none" } as const;
  const created = valueOf(await createDeployment({ ...options, passphrase: PASSPHRASE }));
  writeDeployment({ ...created, settings: { ...created.settings, ...settings } });
  let stack: Stack | null = null;
  const deploy = async (): Promise<void> => {
    await stack?.stop();
    const read = valueOf(readDeployment(deployment)) ?? expect.fail("no deployment");
    const { secrets, vars } = valueOf(workerSettings(read));
    const trust = { TRUST_FILE: readFileSync(join(deployment, "trust.json"), "utf8") };
    stack = await runStack({ port, state, settings: { ...vars, ...secrets, ...trust }, log: () => undefined });
  };
  await deploy();
  return {
    url,
    read: (...path) => readFileSync(join(deployment, ...path), "utf8"),
    rotate: async (...args) => {
      vi.stubEnv("SIGEDGE_PASSPHRASE", PASSPHRASE);
      const ended = await runRotate(deployment, ...args);
      vi.unstubAllEnvs();
      expect(ended).toMatchObject({ code: 0, error: "" });
      await deploy();
    },
    client: () => readInstanceOverTuf(url, mkdtempSync(join(folder, "client-"))),
    stop: async () => {
      await stack?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
