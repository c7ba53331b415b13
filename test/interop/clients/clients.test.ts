// SPDX-License-Identifier: Apache-2.0
// Runs every unmodified Sigstore client that can use a private instance against a running stack: its own operations,
// forgeries that it must reject, and each signer's bundles with each verifier. `npm run interop-table` stores the
// exit codes in results.json and writes the tables of README.md and docs/clients.md from it.

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleToJSON } from "@sigstore/bundle";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInstance, readJson, sign } from "../../../cli/signing/sigstore-js.ts";
import { interopVersion } from "../../../tools/interop-tools.ts";
import { type LoginProvider, startLoginProvider } from "../../support/process/login-provider.ts";
import { startStack, type TestStack } from "../../support/process/stack.ts";
import { ARTIFACT, STATEMENT } from "./artifacts.ts";
import { withChangedBody, withChangedProof } from "./changed-bundles.ts";
import type { Client, Operation, Transport } from "./client.ts";
import { CLIENTS, operationsOf, TRANSPORTS } from "./clients.ts";
import { type Kind, pairsOf } from "./pairs.ts";
import { type Registry, startRegistry } from "./registry.ts";
import { type Results, readResults, writeResults, writeTables } from "./results.ts";
import { type Ended, openWorkbench, SIGNER, type Surroundings, type Workbench } from "./workbench.ts";

const START_TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), "sigedge-clients-"));
/** The exit codes, filled in as the tests run; the shapes of `Results`. */
const operations: Record<Transport, Record<string, Record<string, number>>> = { files: {}, tuf: {} };
const pairs: Record<Transport, Record<Kind, Record<string, Record<string, number>>>> = {
  files: { message: {}, attestation: {} },
  tuf: { message: {}, attestation: {} },
};
let provider: LoginProvider;
let stack: TestStack;
let registry: Registry;
let surroundings: Surroundings;

beforeAll(async () => {
  provider = await startLoginProvider(SIGNER);
  stack = await startStack({
    vars: {
      // cosign also signs with a key pair that it generates, which no policy lists.
      ACCEPT: "open",
      OIDC_PROVIDERS: JSON.stringify([provider.url]),
      ISSUERS: JSON.stringify([provider.row]),
    },
  });
  registry = await startRegistry();
  surroundings = {
    stack,
    provider: provider.url,
    registry: registry.address,
    otherRoot: await readOtherRoot(),
    otherKey: generateKeyPairSync("ec", { namedCurve: "P-256" })
      .publicKey.export({ format: "pem", type: "spki" })
      .toString(),
    ...(await makeBundles()),
  };
}, START_TIMEOUT_MS);

afterAll(async () => {
  provider?.stop();
  registry?.stop();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function readOtherRoot(): Promise<unknown> {
  const other = await startStack();
  const root = await readJson(`${other.url}/trusted_root.json`);
  await other.stop();
  return root;
}

/** Bundles for clients that do not sign, and forgeries made from them. */
async function makeBundles(): Promise<Pick<Surroundings, "bundles">> {
  const instance = await readInstance(stack.url);
  const bundleOf = async (content: string, attestationType: string | null): Promise<unknown> => {
    const identityToken = await stack.token(SIGNER);
    return bundleToJSON(await sign(instance, { identityToken, data: Buffer.from(content), attestationType }));
  };
  const bundle = await bundleOf(ARTIFACT, null);
  return {
    bundles: {
      "bundle.json": bundle,
      "changed-proof.json": withChangedProof(bundle),
      "changed-body.json": withChangedBody(bundle),
      "attestation.json": await bundleOf(STATEMENT, "application/vnd.in-toto+json"),
    },
  };
}

/** Expects success, or failure for the intended reason. */
function expectOutcome({ refusedWith }: Operation, { code, output }: Ended): void {
  if (refusedWith === undefined) {
    expect(code, output).toBe(0);
    return;
  }
  expect(code, output).toBeGreaterThan(0);
  expect(output).toMatch(refusedWith);
}

describe.each(TRANSPORTS)("over %s", (transport) => {
  describe.each(CLIENTS.filter(({ transports }) => transports.includes(transport)))("$name", (client) => {
    let bench: Workbench;

    beforeAll(async () => {
      bench = await openWorkbench(client, transport, join(folder, transport, client.name), surroundings);
    });

    it.each(operationsOf(client, transport))("$name", async (operation) => {
      const ended = await bench.run(operation.run);
      (operations[transport][client.name] ??= {})[operation.name] = ended.code;
      expectOutcome(operation, ended);
    });
  });

  describe("all pairs", () => {
    const benches = new Map<Client, Workbench>();

    /** Runs a script in a folder that all clients share, each with its own environment. */
    const run = async (client: Client, script: string): Promise<Ended> => {
      const shared = join(folder, transport, "pairs");
      const known = benches.get(client);
      const bench = known ?? (await openWorkbench(client, transport, shared, surroundings));
      benches.set(client, bench);
      if (known === undefined) for (const operation of client.setUp?.(transport) ?? []) await bench.run(operation.run);
      return await bench.run(script);
    };

    describe.each<Kind>(["message", "attestation"])("%s", (kind) => {
      const { signers, verifiers } = pairsOf(CLIENTS, transport, kind);

      describe.each(signers)("signed by $client.name", ({ client: signer, sign: script }) => {
        const bundle = `${signer.name}-${kind}.json`;

        it("signs", async () => {
          const { code, output } = await run(signer, script(bundle));
          expect(code, output).toBe(0);
        });

        it.each(verifiers)("verifies with $client.name", async ({ client: verifier, verify }) => {
          const { code, output } = await run(verifier, verify(bundle));
          (pairs[transport][kind][signer.name] ??= {})[verifier.name] = code;
          expect(code, output).toBe(0);
        });
      });
    });
  });
});

it("saw what results.json holds", () => {
  const versions = Object.fromEntries(CLIENTS.map(({ name, tool }) => [name, interopVersion(tool)]));
  const seen: Results = { versions, operations, pairs };
  if (process.env["SIGEDGE_WRITE_TABLES"] === "1") {
    writeResults(seen);
    writeTables(seen);
  } else {
    expect(readResults(), "npm run interop-table writes it").toEqual(seen);
  }
});
