// SPDX-License-Identifier: Apache-2.0
// Every Sigstore client that can be pointed at an instance, unmodified, against a running stack: its own operations, forgeries that
// it must refuse, and the bundles of each before the verifier of each. The tables of README.md and docs/clients.md are what was seen here.
// `npm run interop-table` writes them.

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleToJSON } from "@sigstore/bundle";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../../cli/root.ts";
import { readInstance, readJson, sign } from "../../../cli/signing/sigstore-js.ts";
import { interopVersion } from "../../../tools/interop-tools.ts";
import { startStack, type TestStack } from "../../support/process/stack.ts";
import { ARTIFACT, STATEMENT } from "./artifacts.ts";
import { withChangedBody, withChangedProof } from "./changed-bundles.ts";
import type { Client, Operation, Transport } from "./client.ts";
import { COSIGN } from "./cosign.ts";
import { GITSIGN } from "./gitsign.ts";
import { type Kind, pairsOf } from "./pairs.ts";
import { type Registry, startRegistry } from "./registry.ts";
import { type Outcome, type PairOutcome, type Results, renderDetails, renderSummary, withSection } from "./results.ts";
import { SIGSTORE_GO } from "./sigstore-go.ts";
import { SIGSTORE_JAVA } from "./sigstore-java.ts";
import { SIGSTORE_JS } from "./sigstore-js.ts";
import { SIGSTORE_PYTHON } from "./sigstore-python.ts";
import { SIGSTORE_RUST } from "./sigstore-rust.ts";
import { TIMESTAMP_CLI } from "./timestamp-cli.ts";
import { type Ended, openWorkbench, SIGNER, type Surroundings, type Workbench } from "./workbench.ts";

const CLIENTS = [
  COSIGN,
  SIGSTORE_GO,
  SIGSTORE_PYTHON,
  SIGSTORE_JS,
  GITSIGN,
  TIMESTAMP_CLI,
  SIGSTORE_JAVA,
  SIGSTORE_RUST,
];
const TRANSPORTS: readonly Transport[] = ["files", "tuf"];
const START_TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), "sigedge-clients-"));
const outcomes: Outcome[] = [];
const pairs: PairOutcome[] = [];
let stack: TestStack;
let registry: Registry;
let surroundings: Surroundings;

beforeAll(async () => {
  // A key of cosign's own making is among those that sign.
  stack = await startStack({ vars: { ACCEPT: "open" } });
  registry = await startRegistry();
  surroundings = {
    stack,
    registry: registry.address,
    otherRoot: await rootOfAnother(),
    otherKey: generateKeyPairSync("ec", { namedCurve: "P-256" })
      .publicKey.export({ format: "pem", type: "spki" })
      .toString(),
    ...(await peerBundles()),
  };
}, START_TIMEOUT_MS);

afterAll(async () => {
  registry?.stop();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function rootOfAnother(): Promise<unknown> {
  const other = await startStack();
  const root = await readJson(`${other.url}/trusted_root.json`);
  await other.stop();
  return root;
}

/** Bundles for clients that do not sign, and what others have made of them. */
async function peerBundles(): Promise<Pick<Surroundings, "bundles">> {
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

const setUpOf = ({ setUp }: Client, transport: Transport): readonly Operation[] => setUp?.(transport) ?? [];

/** Expects what an operation must end with, and that a refusal is the one that is meant. */
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

    it.each([...setUpOf(client, transport), ...client.operations(transport)])("$name", async (operation) => {
      const ended = await bench.run(operation.run);
      outcomes.push({ transport, client: client.name, operation, code: ended.code });
      expectOutcome(operation, ended);
    });
  });

  describe("all pairs", () => {
    const benches = new Map<Client, Workbench>();

    /** One folder, in which every client runs with its own environment. */
    const run = async (client: Client, script: string): Promise<Ended> => {
      const shared = join(folder, transport, "pairs");
      const known = benches.get(client);
      const bench = known ?? (await openWorkbench(client, transport, shared, surroundings));
      benches.set(client, bench);
      if (known === undefined) for (const operation of setUpOf(client, transport)) await bench.run(operation.run);
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
          pairs.push({ transport, kind, signer: signer.name, verifier: verifier.name, code });
          expect(code, output).toBe(0);
        });
      });
    });
  });
});

describe("the tables", () => {
  const results = (): Results => ({
    clients: CLIENTS,
    versions: Object.fromEntries(CLIENTS.map(({ name, tool }) => [name, interopVersion(tool)])),
    transports: TRANSPORTS,
    outcomes,
    pairs,
  });

  it.each([
    ["README.md", renderSummary],
    ["docs/clients.md", renderDetails],
  ])("of %s are what was seen", (file, render) => {
    const path = join(ROOT, file);
    const text = readFileSync(path, "utf8");
    const current = withSection(text, "clients", render(results()));
    if (process.env["SIGEDGE_WRITE_TABLES"] === "1") writeFileSync(path, current);
    else expect(text, "npm run interop-table writes them").toBe(current);
  });
});
