// SPDX-License-Identifier: Apache-2.0
// Every program in Go signs people in with sigstore's oauthflow. What it gets is a token with which the CA makes a
// certificate that names the connector.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInstance, sign, verify } from "../../../cli/signing/sigstore-js.ts";
import { interopTool } from "../../../tools/interop-tools.ts";
import type { Program } from "../../support/sign-in/program.ts";
import { codeOn } from "../../support/sign-in/walk.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { CONNECTORS, grantAt, openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("oauthflow");
});
afterAll(() => workplace?.stop());

const begin = async (...flags: readonly string[]): Promise<Program> =>
  workplace.start([interopTool("oauthflow"), ...flags, workplace.deployment.issuer], {
    folder: await workplace.makeFolder(),
  });

async function expectSignature(program: Program, issuer: string): Promise<void> {
  const { code, stdout, output } = await program.ended;
  expect(code, output).toBe(0);
  expect(output).toContain(`subject ${ALICE}`);
  const instance = await readInstance(workplace.deployment.stack.url);
  const data = Buffer.from("signed by a person");
  const bundle = await sign(instance, { identityToken: stdout.trim(), data, attestationType: null });
  expect(verify(instance, bundle, { identity: ALICE, issuer, data })).toBe(ALICE);
}

describe("oauthflow", () => {
  it.each(CONNECTORS)("gets a token by its listener, at the connector %s", async (connector) => {
    const program = await begin();
    const alice = await workplace.signIn(await program.opened, connector);
    await alice.grant();
    await expectSignature(program, workplace.issuerOf(connector));
    await alice.leave();
  });

  it.each(CONNECTORS)("gets a token by the connector that it names: %s", async (connector) => {
    const program = await begin("-connector", workplace.issuerOf(connector));
    await workplace.walk(await program.opened, grantAt(connector));
    await expectSignature(program, workplace.issuerOf(connector));
  });

  it.each(CONNECTORS)("gets a token by a code that the person copies, at the connector %s", async (connector) => {
    const program = await begin("-no-browser");
    const [, link = ""] = await program.says(/Go to the following link in a browser:\s+(\S+)/);
    program.type(codeOn(await workplace.walk(link, grantAt(connector))));
    await expectSignature(program, workplace.issuerOf(connector));
  });

  it.concurrent.each(CONNECTORS)("gets a token by a code that it shows, at the connector %s", async (connector) => {
    const program = await begin("-device");
    const [, link = ""] = await program.says(/in your browser at: (\S+)/);
    await workplace.walk(link, grantAt(connector));
    await expectSignature(program, workplace.issuerOf(connector));
  });
});

describe("oauthflow says why there is no token", () => {
  it("for a connector that is unknown", async () => {
    const program = await begin("-connector", "https://elsewhere.example");
    await fetch(await program.opened);
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining("invalid_grant")]);
  });
});
