// SPDX-License-Identifier: Apache-2.0
// The surroundings of the clients: a running instance that names an OpenID provider, a registry, another instance's
// trusted root, and bundles with forgeries made from them. Also a test's expectations of an operation.

import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { bundleToJSON } from "@sigstore/bundle";
import { expect } from "vitest";
import { readInstance, readJson, sign } from "../../../cli/signing/sigstore-js.ts";
import { startLoginProvider } from "../../support/process/login-provider.ts";
import { servePublicNames } from "../../support/process/public-names.ts";
import { startStack, type TestStack } from "../../support/process/stack.ts";
import { ARTIFACT, STATEMENT } from "./artifacts.ts";
import { withChangedBody, withChangedProof } from "./changed-bundles.ts";
import type { Operation } from "./client.ts";
import { startNpmRegistry } from "./npm-registry.ts";
import { startRegistry } from "./registry.ts";
import { type Ended, SIGNER, type Surroundings } from "./workbench.ts";

/** How long openSurroundings may take. */
export const OPEN_TIMEOUT_MS = 120_000;

export interface OpenSurroundings extends Surroundings {
  readonly stop: () => Promise<void>;
}

/** Starts everything that the commands of the clients need. */
export async function openSurroundings(): Promise<OpenSurroundings> {
  const provider = await startLoginProvider(SIGNER);
  const stack = await startStack({
    vars: {
      // cosign also signs with a key pair that it generates, which no policy lists.
      ACCEPT: "open",
      // model-signing looks for a provider even if it is given a token.
      OIDC_PROVIDERS: JSON.stringify([provider.url]),
      ISSUERS: JSON.stringify([provider.row]),
    },
  });
  const registry = await startRegistry();
  const packages = await startNpmRegistry();
  const certificate = join(stack.state, "public-names.pem");
  const names = await servePublicNames(
    {
      "fulcio.sigstore.dev": stack.url,
      "rekor.sigstore.dev": stack.url,
      "tuf-repo-cdn.sigstore.dev": `${stack.url}/tuf`,
    },
    certificate,
    "by own name",
  );
  return {
    stack,
    provider: provider.url,
    registry: registry.address,
    packages: packages.url,
    publicNames: { proxy: names.env["HTTPS_PROXY"] ?? "", certificate },
    otherRoot: await readOtherRoot(),
    otherKey: generateKeyPairSync("ec", { namedCurve: "P-256" })
      .publicKey.export({ format: "pem", type: "spki" })
      .toString(),
    bundles: await makeBundles(stack),
    stop: async () => {
      provider.stop();
      registry.stop();
      packages.stop();
      names.stop();
      await stack.stop();
    },
  };
}

async function readOtherRoot(): Promise<unknown> {
  const other = await startStack();
  const root = await readJson(`${other.url}/trusted_root.json`);
  await other.stop();
  return root;
}

/** Makes bundles for clients that do not sign, and forgeries of them. */
async function makeBundles(stack: TestStack): Promise<Surroundings["bundles"]> {
  const instance = await readInstance(stack.url);
  const bundleOf = async (content: string, attestationType: string | null): Promise<unknown> => {
    const identityToken = await stack.token(SIGNER);
    return bundleToJSON(await sign(instance, { identityToken, data: Buffer.from(content), attestationType }));
  };
  const bundle = await bundleOf(ARTIFACT, null);
  return {
    "bundle.json": bundle,
    "changed-proof.json": withChangedProof(bundle),
    "changed-body.json": withChangedBody(bundle),
    "attestation.json": await bundleOf(STATEMENT, "application/vnd.in-toto+json"),
  };
}

/** Expects success, or failure for the intended reason. */
export function expectOutcome({ refusedWith }: Operation, { code, output }: Ended): void {
  if (refusedWith === undefined) {
    expect(code, output).toBe(0);
    return;
  }
  expect(code, output).toBeGreaterThan(0);
  expect(output).toMatch(refusedWith);
}
