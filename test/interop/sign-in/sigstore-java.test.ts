// SPDX-License-Identifier: Apache-2.0
// sigstore-java signs people in, in a browser only. It is the strictest about types: one wrong key in the key set, or
// an `email_verified` that is no boolean, ends it. Its signer needs gRPC, so another client signs with the token.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleToJSON } from "@sigstore/bundle";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInstance, sign, verify } from "../../../cli/signing/sigstore-js.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { ARTIFACT } from "../clients/artifacts.ts";
import { CONNECTORS, openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("sigstore-java");
});
afterAll(() => workplace?.stop());

describe("sigstore-java", () => {
  it.each(CONNECTORS)("gets a token in a browser, at the connector %s", async (connector) => {
    const folder = await workplace.makeFolder();
    const program = await workplace.start(["sigstore-java", "token", "--issuer", workplace.deployment.issuer], {
      folder,
    });
    const [url] = await program.says(/http:\/\/localhost\S+\/oidc\/auth\S+/);
    const alice = await workplace.signIn(url, connector);
    await alice.grant();
    const { code, stdout, output } = await program.ended;
    expect(code, output).toBe(0);
    await alice.leave();
    const [, identityToken = ""] = /^token (\S+)$/m.exec(stdout) ?? [];
    const instance = await readInstance(workplace.deployment.stack.url);
    const data = Buffer.from(ARTIFACT);
    const bundle = await sign(instance, { identityToken, data, attestationType: null });
    expect(verify(instance, bundle, { identity: ALICE, issuer: workplace.issuerOf(connector), data })).toBe(ALICE);
    if (connector !== "work") return;
    writeFileSync(join(folder, "bundle.json"), JSON.stringify(bundleToJSON(bundle)));
    const command = `sigstore-java verify-bundle --bundle bundle.json --certificate-identity ${ALICE} --certificate-oidc-issuer ${workplace.issuerOf(connector)} --trusted-root trusted_root.json README.md`;
    await workplace.run(command.split(" "), { folder });
  });
});
