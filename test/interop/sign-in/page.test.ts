// SPDX-License-Identifier: Apache-2.0
// A person signs on the page, in Chromium, and clients by others verify it: a file, a statement and a digest, at a
// connector of this site and at one whose provider is another site.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Signer } from "../../browser/signer.ts";
import { ALICE } from "../../support/upstreams/people.ts";
import { PREDICATE } from "../clients/artifacts.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("cosign", "sigstore-python", "sigstore-go");
});
afterAll(() => workplace?.stop());

/** The predicate types of what is chosen on the page; a plain signature has none. */
const TYPES = { statement: "https://slsa.dev/provenance/v1", digest: "https://sigstore.dev/cosign/sign/v1" } as const;
type Kind = "plain" | keyof typeof TYPES;

/** The commands, each with the bundle README.md.sigstore.json. */
function commandsOf(kind: Kind, issuer: string): readonly string[] {
  const bundle = "README.md.sigstore.json";
  const cosign = `--trusted-root trusted_root.json --bundle ${bundle} --certificate-identity ${ALICE} --certificate-oidc-issuer ${issuer} README.md`;
  return [
    kind === "plain"
      ? `cosign verify-blob ${cosign}`
      : `cosign verify-blob-attestation --type ${TYPES[kind]} ${cosign}`,
    `sigstore --trust-config trust_config.json verify identity --bundle ${bundle} --cert-identity ${ALICE} --cert-oidc-issuer ${issuer} README.md`,
    `sigstore-go-verification -trustedrootJSONpath trusted_root.json -artifact README.md -expectedIssuer ${issuer} -expectedSAN ${ALICE} ${bundle}`,
  ];
}

it.each([
  ["plain", "development"],
  ["statement", "development"],
  ["digest", "development"],
  ["plain", "work"],
] as const)("a bundle of the page verifies: %s, at the connector %s", async (kind, connector) => {
  const folder = await workplace.makeFolder();
  const alice = await Signer.open(workplace.chromium, workplace.deployment.stack.url);
  await alice.choose({ "README.md": readFileSync(join(folder, "README.md"), "utf8") });
  if (kind === "statement") {
    await alice.page.select("#kind", TYPES.statement);
    await alice.page.type("#predicate-text", JSON.stringify(PREDICATE));
  }
  if (kind === "digest") await alice.page.select("#kind", kind);
  await alice.signIn(ALICE, "grant", connector);
  await alice.confirm();
  await alice.sees(`You signed 1 file as ${ALICE}`);
  const bundle = await alice.download("README.md");
  writeFileSync(join(folder, "README.md.sigstore.json"), bundle);
  for (const command of commandsOf(kind, workplace.issuerOf(connector))) {
    await workplace.run(command.split(" "), { folder });
  }
  // A forgery, so that success means something.
  copyFileSync(join(folder, "other.txt"), join(folder, "README.md"));
  for (const command of commandsOf(kind, workplace.issuerOf(connector))) {
    const { code } = await (await workplace.start(command.split(" "), { folder })).ended;
    expect(code, command).not.toBe(0);
  }
  await alice.leave();
});
