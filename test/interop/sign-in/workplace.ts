// SPDX-License-Identifier: Apache-2.0
// Where unmodified clients sign people in: a deployment with two connectors, and a folder for each client.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { interopFolder, interopPath } from "../../../tools/interop-tools.ts";
import { type SignInDeployment, startSignInDeployment } from "../../support/sign-in/deployment.ts";
import { type Program, type ProgramOptions, startProgram } from "../../support/sign-in/program.ts";
import { ARTIFACTS } from "../clients/artifacts.ts";

export const ALICE = "alice@example.com";
export const CONNECTORS = ["development", "work"] as const;

/** A deployment, and the programs that were started at it. */
export interface Workplace {
  readonly deployment: SignInDeployment;
  /** The id of a connector, which certificates name as their issuer. */
  readonly issuerOf: (connector: (typeof CONNECTORS)[number]) => string;
  /** A folder with the artifacts and the documents of the instance. */
  readonly makeFolder: () => Promise<string>;
  readonly start: (command: readonly string[], options: StartOptions) => Promise<Program>;
  /** Runs a command that needs no person, and expects it to succeed. Returns its output. */
  readonly run: (command: readonly string[], options: StartOptions) => Promise<string>;
  readonly stop: () => Promise<void>;
}

type StartOptions = Pick<ProgramOptions, "folder" | "env" | "browser">;

const DOCUMENTS = {
  "trusted_root.json": "/trusted_root.json",
  "signing_config.json": "/signing_config.json",
  "trust_config.json": "/client_trust_config.json",
  "root.json": "/tuf/root.json",
} as const;

/** Opens a workplace for the programs of these tools. */
export async function openWorkplace(...tools: readonly string[]): Promise<Workplace> {
  const root = mkdtempSync(join(tmpdir(), "sigedge-sign-in-"));
  const deployment = await startSignInDeployment();
  const programs: Program[] = [];
  const start = async (command: readonly string[], options: StartOptions): Promise<Program> => {
    const program = await startProgram(command, {
      ...options,
      path: tools.flatMap(interopPath),
      env: tools.includes("sigstore-python")
        ? { PYTHONPATH: interopFolder("sigstore-python"), COLUMNS: "400", ...options.env }
        : { ...options.env },
    });
    programs.push(program);
    return program;
  };
  return {
    deployment,
    issuerOf: (connector) => deployment.connectors[connector],
    makeFolder: async () => {
      const folder = mkdtempSync(join(root, "client-"));
      for (const [name, content] of Object.entries(ARTIFACTS)) writeFileSync(join(folder, name), content);
      for (const [name, path] of Object.entries(DOCUMENTS)) {
        writeFileSync(join(folder, name), await (await fetch(`${deployment.stack.url}${path}`)).text());
      }
      return folder;
    },
    start,
    run: async (command, options) => {
      const { code, output } = await (await start(command, options)).ended;
      expect(code, output).toBe(0);
      return output;
    },
    stop: async () => {
      for (const program of programs) program.stop();
      await deployment.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
