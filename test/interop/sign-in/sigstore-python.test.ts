// SPDX-License-Identifier: Apache-2.0
// sigstore-python signs people in: in a browser, and by a code that they copy.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOn } from "../../support/sign-in/walk.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { CONNECTORS, grantAt, openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("sigstore-python");
});
afterAll(() => workplace?.stop());

const SIGN = ["sigstore", "--trust-config", "trust_config.json", "sign", "--bundle", "bundle.json"];

const verifyAs = (issuer: string): readonly string[] =>
  `sigstore --trust-config trust_config.json verify identity --bundle bundle.json --cert-identity ${ALICE} --cert-oidc-issuer ${issuer} README.md`.split(
    " ",
  );

describe("sigstore-python", () => {
  it.each(CONNECTORS)("signs in a browser, at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const program = await workplace.start([...SIGN, "README.md"], { folder });
    const alice = await workplace.signIn(await program.opened, connector);
    await alice.grant();
    await alice.sees("successful");
    const { code, output } = await program.ended;
    expect(code, output).toBe(0);
    await alice.leave();
    await workplace.run(verifyAs(workplace.issuerOf(connector)), { folder });
  });

  it.each(CONNECTORS)("signs with a code that the person copies, at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const program = await workplace.start([...SIGN, "--oauth-force-oob", "README.md"], { folder });
    const [url] = await program.says(/http:\/\/localhost\S+\/oidc\/auth\S+/);
    program.type(codeOn(await workplace.walk(url, grantAt(connector))));
    const { code, output } = await program.ended;
    expect(code, output).toBe(0);
    await workplace.run(verifyAs(workplace.issuerOf(connector)), { folder });
  });

  it("ends with what the person decided", async () => {
    const folder = await workplace.makeFolder();
    const program = await workplace.start([...SIGN, "README.md"], { folder });
    await workplace.walk(await program.opened, { connector: "work", address: ALICE, answer: "refuse" });
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining("access_denied")]);
  });

  it("ends with a wrong code", async () => {
    const folder = await workplace.makeFolder();
    const program = await workplace.start([...SIGN, "--oauth-force-oob", "README.md"], { folder });
    await program.says(/http:\/\/localhost\S+\/oidc\/auth\S+/);
    program.type("A".repeat(22));
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining("Token request failed with 400")]);
  });
});
