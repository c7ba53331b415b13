// SPDX-License-Identifier: Apache-2.0
// Deploys, as far as a dry run goes, from a copy that create-cloudflare made. Version 2.74.0 downloads the files
// without their history, names the Worker in wrangler.toml after the folder, adds upload_source_maps, and does not
// offer to deploy a Worker with bindings.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createCheckout } from "../../support/process/checkout.ts";

const copy = createCheckout();

afterAll(() => copy.remove());

it("uses one name for Worker and resources, the deployment's, whatever the folder is called", async () => {
  const path = join(copy.folder, "wrangler.toml");
  const renamed = readFileSync(path, "utf8").replace('name = "sigedge"', 'name = "my-signer"');
  expect(renamed).toContain("my-signer");
  writeFileSync(path, renamed);
  writeFileSync(join(copy.folder, "passphrase.txt"), "correct horse battery staple\n");
  const init = await copy.run("npx sigedge init --url https://sign.example.com --passphrase-file passphrase.txt");
  expect([init.code, init.stderr]).toEqual([0, ""]);
  const config = JSON.parse(readFileSync(join(copy.folder, ".sigedge-deploy", "wrangler.json"), "utf8")) as object;
  expect(config).toMatchObject({ name: "sigedge", upload_source_maps: true, topLevelName: "sigedge" });
  const built = await copy.run("npx sigedge deploy --dry-run");
  expect([built.code, built.stderr]).toEqual([0, ""]);
  expect(built.stdout).toContain("Nothing was sent");
});
