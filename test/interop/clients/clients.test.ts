// SPDX-License-Identifier: Apache-2.0
// Runs every unmodified Sigstore client that can use a private instance against a running stack: its own operations,
// forgeries that it must reject, and each signer's bundles with each verifier. `npm run interop-table` stores the
// exit codes in results.json and writes the tables of README.md and docs/clients.md from it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interopVersion } from "../../../tools/interop-tools.ts";
import type { Client, Transport } from "./client.ts";
import { CLIENTS, operationsOf, TRANSPORTS } from "./clients.ts";
import { canRead, type Kind, pairsOf } from "./pairs.ts";
import { type Results, readResults, writeResults, writeTables } from "./results.ts";
import { expectOutcome, OPEN_TIMEOUT_MS, type OpenSurroundings, openSurroundings } from "./surroundings.ts";
import { type Ended, openWorkbench, type Workbench } from "./workbench.ts";

const folder = mkdtempSync(join(tmpdir(), "sigedge-clients-"));
/** The exit codes, filled in as the tests run; the shapes of `Results`. */
const operations: Record<Transport, Record<string, Record<string, number>>> = { files: {}, tuf: {} };
const pairs: Record<Transport, Record<Kind, Record<string, Record<string, number>>>> = {
  files: { message: {}, attestation: {} },
  tuf: { message: {}, attestation: {} },
};
let surroundings: OpenSurroundings;

beforeAll(async () => {
  surroundings = await openSurroundings();
}, OPEN_TIMEOUT_MS);

afterAll(async () => {
  await surroundings?.stop();
  rmSync(folder, { recursive: true, force: true });
});

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
        const bundle = `${signer.name.replaceAll(/\W/g, "")}-${kind}.json`;

        it("signs", async () => {
          const { code, output } = await run(signer, script(bundle));
          expect(code, output).toBe(0);
        });

        const readers = verifiers.filter(({ client }) => canRead(signer, client, kind));
        it.each(readers)("verifies with $client.name", async ({ client: verifier, verify }) => {
          const { code, output } = await run(verifier, verify(bundle));
          (pairs[transport][kind][signer.name] ??= {})[verifier.name] = code;
          expect(code, output).toBe(0);
        });
      });
    });
  });
});

it("saw what results.json holds", () => {
  const versions = Object.fromEntries(
    CLIENTS.map((client) => [client.name, interopVersion(client.tool, client.package)]),
  );
  const seen: Results = { versions, operations, pairs };
  if (process.env["SIGEDGE_WRITE_TABLES"] === "1") {
    writeResults(seen);
    writeTables(seen);
  } else {
    expect(readResults(), "npm run interop-table writes it").toEqual(seen);
  }
});
