// SPDX-License-Identifier: Apache-2.0
// gitsign signs people in, in a browser, when git signs a commit; it can name the connector. It cannot verify what it
// signs over Rekor v2, so openssl and sigstore-go do.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Program } from "../../support/sign-in/program.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { CANNOT_VERIFY, CONFIGURE, ENVIRONMENT, KEYS, openssl, sigstoreGo, take } from "../clients/gitsign.ts";
import { CONNECTORS, type ConnectorSlug, grantAt, openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("gitsign", "sigstore-go");
});
afterAll(() => workplace?.stop());

/** @param issuer `$U` of the scripts: first the provider that signs in, then the one that certificates name */
const environment = (issuer: string): Readonly<Record<string, string>> => ({
  S: workplace.deployment.stack.url,
  U: issuer,
  I: ALICE,
  HERE: new URL("../clients", import.meta.url).pathname,
  GIT_CONFIG_NOSYSTEM: "1",
});

/** A repository with a file that is not committed yet. @param settings further lines of its configuration */
async function makeRepository(settings = ""): Promise<string> {
  const folder = await workplace.makeFolder();
  const script = `set -euo pipefail\n${KEYS}\n${CONFIGURE}\n${settings}\ncp ../README.md . && git add README.md`;
  await workplace.run(["bash", "-c", script], { folder, env: environment(workplace.deployment.issuer) });
  return folder;
}

const commit = (folder: string): Promise<Program> =>
  workplace.start(["bash", "-c", `${ENVIRONMENT}\ngit commit -S -m signed`], {
    folder,
    // git shows nothing of what gitsign says.
    env: { ...environment(workplace.deployment.issuer), GITSIGN_LOG: join(folder, "gitsign.log") },
  });

async function expectSignature(program: Program, folder: string, connector: ConnectorSlug): Promise<void> {
  const { code, output } = await program.ended;
  expect(code, output).toBe(0);
  const script = ["set -euo pipefail", ENVIRONMENT, take("HEAD"), openssl('"$I"'), sigstoreGo('"$I"')].join("\n");
  await workplace.run(["bash", "-c", script], { folder, env: environment(workplace.issuerOf(connector)) });
}

describe("gitsign", () => {
  it.each(CONNECTORS)("signs a commit as whoever signs in at the connector %s", async (connector) => {
    const folder = await makeRepository();
    const program = await commit(folder);
    const alice = await workplace.signIn(await program.opened, connector);
    await alice.grant();
    await alice.sees("successful");
    await expectSignature(program, folder, connector);
    await alice.leave();
  });

  it("signs a commit at the connector that its configuration names", async () => {
    const folder = await makeRepository(`git config gitsign.connectorID ${workplace.issuerOf("github")}`);
    const program = await commit(folder);
    await workplace.walk(await program.opened, grantAt("github"));
    await expectSignature(program, folder, "github");
    const verify = `${ENVIRONMENT}\ngitsign verify --certificate-identity="$I" --certificate-oidc-issuer="$U" HEAD`;
    const verified = await workplace.start(["bash", "-c", verify], {
      folder,
      env: environment(workplace.issuerOf("github")),
    });
    const { code, output } = await verified.ended;
    expect([code, output]).toStrictEqual([expect.any(Number), expect.stringMatching(CANNOT_VERIFY.refusedWith)]);
    expect(code).not.toBe(0);
  });

  it("leaves no commit if the person cancels", async () => {
    const folder = await makeRepository();
    const program = await commit(folder);
    await workplace.walk(await program.opened, { connector: "work", address: ALICE, answer: "refuse" });
    const { code, output } = await program.ended;
    expect(code, output).toBe(128);
    expect(readFileSync(join(folder, "gitsign.log"), "utf8")).toContain("refused or cancelled in the browser");
    const log = await workplace.start(["git", "-C", "repository", "log"], { folder });
    expect((await log.ended).output).toContain("does not have any commits yet");
  });
});
