// SPDX-License-Identifier: Apache-2.0
// sigstore-rust signs people in, in a browser and by a code that they copy. It asks for no discovery document: `/auth`
// and `/token` are below the issuer. Its listener takes one connection, so a browser must not open a second one.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Program } from "../../support/sign-in/program.ts";
import { codeOn } from "../../support/sign-in/walk.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { CONNECTORS, type ConnectorSlug, grantAt, openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("sigstore-rust");
});
afterAll(() => workplace?.stop());

const sign = (folder: string, browser: "opens" | "fails" = "opens"): Promise<Program> =>
  workplace.start(
    `sign_blob --instance ${workplace.deployment.stack.url}/tuf --tuf-root root.json --v2 --output bundle.json README.md`.split(
      " ",
    ),
    { folder, browser },
  );

async function expectSignature(program: Program, folder: string, connector: ConnectorSlug): Promise<void> {
  const { code, output } = await program.ended;
  expect(code, output).toBe(0);
  const verify = `verify_bundle --trusted-root trusted_root.json --certificate-identity ${ALICE} --certificate-oidc-issuer ${workplace.issuerOf(connector)} README.md bundle.json`;
  await workplace.run(verify.split(" "), { folder });
}

describe("sigstore-rust", () => {
  it.each(CONNECTORS)("signs in a browser, at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const program = await sign(folder);
    const alice = await workplace.signIn(await program.opened, connector);
    await alice.grant();
    await expectSignature(program, folder, connector);
    await alice.leave();
  });

  it.each(CONNECTORS)("signs with a code that the person copies, at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const program = await sign(folder, "fails");
    const [url] = await program.says(/http:\/\/localhost\S+\/oidc\/auth\S+/);
    program.type(codeOn(await workplace.walk(url, grantAt(connector))));
    await expectSignature(program, folder, connector);
  });

  it("ends with what the person decided", async () => {
    const program = await sign(await workplace.makeFolder());
    await workplace.walk(await program.opened, { connector: "work", address: ALICE, answer: "refuse" });
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining("refused or cancelled in the browser")]);
  });
});
