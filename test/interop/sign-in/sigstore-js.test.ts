// SPDX-License-Identifier: Apache-2.0
// @sigstore/cli signs people in: in a browser only. Its `attest` writes to no log here, as it knows Rekor v1 only.

import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE } from "../../support/upstreams/people.ts";
import { CONNECTORS, openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("sigstore-js");
});
afterAll(() => workplace?.stop());

const token = (): readonly string[] => ["sigstore", "token", "--issuer", workplace.deployment.issuer];

describe("@sigstore/cli", () => {
  it.each(CONNECTORS)("attests as whoever signs in at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const { url } = workplace.deployment.stack;
    const attest = `sigstore attest --fulcio-url ${url} --oidc-issuer ${url}/oidc --no-tlog-upload --tsa-server-url ${url} --timeout 60 -o bundle.json statement.json`;
    const program = await workplace.start(attest.split(" "), { folder });
    const alice = await workplace.signIn(await program.opened, connector);
    await alice.grant();
    const { code, output } = await program.ended;
    expect(code, output).toBe(0);
    await alice.leave();
    const tuf = `--tuf-mirror-url ${url}/tuf --tuf-root-path root.json --tuf-cache-path tuf-cache`;
    const verify = `sigstore verify bundle.json ${tuf} --certificate-issuer ${workplace.issuerOf(connector)} --certificate-identity-email ${ALICE} --tlog-threshold 0`;
    await workplace.run(verify.split(" "), { folder });
  });

  it("gets a token", async () => {
    const program = await workplace.start(token(), { folder: await workplace.makeFolder() });
    await workplace.walk(await program.opened, { connector: "work", address: ALICE, answer: "grant" });
    const { code, stdout, output } = await program.ended;
    expect(code, output).toBe(0);
    const claims = {
      email: ALICE,
      email_verified: true,
      federated_claims: { connector_id: workplace.issuerOf("work") },
    };
    expect(decodeJwt(stdout.trim())).toMatchObject(claims);
  });

  it("ends with what the person decided", async () => {
    const program = await workplace.start(token(), { folder: await workplace.makeFolder() });
    await workplace.walk(await program.opened, { connector: "work", address: ALICE, answer: "refuse" });
    const { code, output } = await program.ended;
    expect(code).not.toBe(0);
    expect(output).toContain("refused or cancelled in the browser");
  });
});
