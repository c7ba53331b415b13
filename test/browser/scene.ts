// SPDX-License-Identifier: Apache-2.0
// Everything that a test of the pages needs: a deployment, Chromium, and programs that sign people in.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { expect } from "vitest";
import { interopTool } from "../../tools/interop-tools.ts";
import { type SignInDeployment, startSignInDeployment } from "../support/sign-in/deployment.ts";
import { type Program, startProgram } from "../support/sign-in/program.ts";
import { startChromium } from "./chromium.ts";
import type { Person } from "./person.ts";

export const ALICE = "alice@example.com";

/** Everything that a test of the pages needs. */
export interface Scene {
  readonly deployment: SignInDeployment;
  /** Somebody with a browser of their own. */
  readonly invite: () => Promise<Person>;
  /** Starts Go's oauthflow at the deployment. */
  readonly start: (...flags: readonly string[]) => Promise<Program>;
  /** The claims of a token for ALICE. */
  readonly granted: (connector: "development" | "work") => Readonly<Record<string, unknown>>;
  /** Ends all programs. */
  readonly clear: () => void;
  readonly stop: () => Promise<void>;
}

/** Opens a scene. */
export async function openScene(): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), "sigedge-browser-"));
  const deployment = await startSignInDeployment();
  const chromium = await startChromium();
  const programs: Program[] = [];
  const clear = (): void => {
    for (const program of programs.splice(0)) program.stop();
  };
  return {
    deployment,
    invite: chromium.invite,
    start: async (...flags) => {
      const folder = mkdtempSync(join(root, "program-"));
      const program = await startProgram([interopTool("oauthflow"), ...flags, deployment.issuer], { folder });
      programs.push(program);
      return program;
    },
    granted: (connector) => ({
      iss: deployment.issuer,
      aud: "sigstore",
      email: ALICE,
      email_verified: true,
      federated_claims: { connector_id: deployment.connectors[connector] },
    }),
    clear,
    stop: async () => {
      clear();
      await chromium.stop();
      await deployment.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The claims of the token that a program got. */
export async function claimsOf(program: Program): Promise<Readonly<Record<string, unknown>>> {
  const { code, stdout, output } = await program.ended;
  expect(code, output).toBe(0);
  return decodeJwt(stdout.trim());
}
