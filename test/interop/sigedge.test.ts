// SPDX-License-Identifier: Apache-2.0
// `sigedge sign` and `sigedge verify` beside the clients of others: what one signs, the other verifies.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { type Client, PLAIN } from "./clients/client.ts";
import { COSIGN } from "./clients/cosign.ts";
import { SIGSTORE_GO } from "./clients/sigstore-go.ts";
import { SIGSTORE_JS } from "./clients/sigstore-js.ts";
import { SIGSTORE_PYTHON } from "./clients/sigstore-python.ts";
import { OPEN_TIMEOUT_MS, type OpenSurroundings, openSurroundings } from "./clients/surroundings.ts";
import { openWorkbench, type Workbench } from "./clients/workbench.ts";

const SIGEDGE = `node ${join(ROOT, "cli/sigedge.mjs")}`;
const VERIFY = `${SIGEDGE} verify --identity "$I" --issuer "$U" --url "$S"`;

const folder = mkdtempSync(join(tmpdir(), "sigedge-client-"));
let surroundings: OpenSurroundings;
beforeAll(async () => {
  surroundings = await openSurroundings();
}, OPEN_TIMEOUT_MS);
afterAll(async () => {
  await surroundings?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function succeed(bench: Workbench, script: string): Promise<string> {
  const { code, output } = await bench.run(script);
  expect(code, output).toBe(0);
  return output;
}

describe.each<Client>([COSIGN, SIGSTORE_GO, SIGSTORE_PYTHON, SIGSTORE_JS])("$name", (client) => {
  let bench: Workbench;
  beforeAll(async () => {
    bench = await openWorkbench(client, "files", join(folder, client.name), surroundings);
    for (const operation of client.setUp?.("files") ?? []) await bench.run(operation.run);
  });

  it("verifies a file that sigedge signed", async () => {
    await succeed(bench, `${SIGEDGE} sign README.md other.txt --url "$S" --identity-token token.txt`);
    await succeed(bench, `${VERIFY} README.md && ${VERIFY} other.txt`);
    const verification = { ...PLAIN, bundle: "README.md.sigstore.json" };
    await succeed(bench, client.conformance?.verify?.("files", verification) ?? "false");
  });

  it("verifies an attestation that sigedge signed", async () => {
    const sign = `${SIGEDGE} sign README.md --predicate predicate.json --type https://slsa.dev/provenance/v1`;
    await succeed(bench, `${sign} --overwrite --url "$S" --identity-token token.txt`);
    await succeed(bench, `${VERIFY} README.md`);
    const verification = { ...PLAIN, bundle: "README.md.sigstore.json" };
    await succeed(bench, client.conformance?.verifyAttestation?.("files", verification) ?? "false");
  });

  it("signs what sigedge verifies, and sigedge rejects it for another file and another signer", async () => {
    await succeed(bench, client.conformance?.sign?.("files", "theirs.json") ?? "false");
    expect(await succeed(bench, `${VERIFY} --bundle theirs.json README.md`)).toContain("good");
    expect(await bench.run(`${VERIFY} --bundle theirs.json other.txt`)).toMatchObject({ code: 1 });
    const other = `${SIGEDGE} verify --identity "$OTHER" --issuer "$U" --url "$S" --bundle theirs.json README.md`;
    expect(await bench.run(other)).toMatchObject({ code: 1, output: expect.stringContaining("identity") });
  });

  it("attests what sigedge verifies", async () => {
    await succeed(bench, client.conformance?.attest?.("files", "attestation.json") ?? "false");
    await succeed(bench, `${VERIFY} --bundle attestation.json README.md`);
    expect(await bench.run(`${VERIFY} --bundle attestation.json other.txt`)).toMatchObject({ code: 1 });
  });
});
