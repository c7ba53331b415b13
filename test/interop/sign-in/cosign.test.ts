// SPDX-License-Identifier: Apache-2.0
// cosign signs people in: in a browser, by a code that they copy, and by a code that it shows.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Program } from "../../support/sign-in/program.ts";
import { codeOn } from "../../support/sign-in/walk.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { CONNECTORS, grantAt, openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("cosign");
});
afterAll(() => workplace?.stop());

const SIGN =
  "cosign sign-blob -y --signing-config signing_config.json --trusted-root trusted_root.json --bundle bundle.json --fulcio-auth-flow";

const sign = (flow: "normal" | "device", folder: string, browser: "opens" | "fails" = "opens"): Promise<Program> =>
  workplace.start([...SIGN.split(" "), flow, "README.md"], { folder, browser });

async function expectSignature(program: Program, folder: string, issuer: string): Promise<void> {
  const { code, output } = await program.ended;
  expect(code, output).toBe(0);
  const verify = `cosign verify-blob --trusted-root trusted_root.json --bundle bundle.json --certificate-identity ${ALICE} --certificate-oidc-issuer ${issuer} README.md`;
  await workplace.run(verify.split(" "), { folder });
}

const linkOf = async (program: Program): Promise<string> => {
  const [, link = ""] = await program.says(/Go to the following link in a browser:\s+(\S+)/);
  return link;
};

const deviceOf = async (program: Program): Promise<string> => {
  const [, link = ""] = await program.says(/Enter the verification code \S+ in your browser at: (\S+)/);
  return link;
};

describe("cosign", () => {
  it.each(CONNECTORS)("signs in a browser, at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const program = await sign("normal", folder);
    const alice = await workplace.signIn(await program.opened, connector);
    await alice.grant();
    await alice.sees("successful");
    await expectSignature(program, folder, workplace.issuerOf(connector));
    expect(workplace.complaintsOf(alice)).toStrictEqual([]);
    await alice.leave();
  });

  it.concurrent.each(CONNECTORS)("signs with a code that the person copies, at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const program = await sign("normal", folder, "fails");
    program.type(codeOn(await workplace.walk(await linkOf(program), grantAt(connector))));
    await expectSignature(program, folder, workplace.issuerOf(connector));
  });

  it.concurrent.each(CONNECTORS)("signs with a code that it shows, at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const program = await sign("device", folder);
    await workplace.walk(await deviceOf(program), grantAt(connector));
    await expectSignature(program, folder, workplace.issuerOf(connector));
  });
});

describe("cosign says why it did not sign", () => {
  const refused = { connector: "work", address: ALICE, answer: "refuse" } as const;

  it("when the person cancels in the browser", async () => {
    const program = await sign("normal", await workplace.makeFolder());
    await workplace.walk(await program.opened, refused);
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([
      1,
      expect.stringMatching(/invalid_grant.*refused or cancelled in the browser/),
    ]);
  });

  it("when the code is a wrong one", async () => {
    const program = await sign("normal", await workplace.makeFolder(), "fails");
    await linkOf(program);
    program.type("A".repeat(22));
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining('"invalid_grant" "the code is unknown')]);
  });

  it("when the person says that the device is not theirs", async () => {
    const program = await sign("device", await workplace.makeFolder());
    await workplace.walk(await deviceOf(program), refused);
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining("access_denied")]);
  });
});
