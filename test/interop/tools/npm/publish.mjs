#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Publishes a package with libnpmpublish, the library of `npm publish`, which passes its options on to the package
// `sigstore`: they name the instance. Each flag is an option, as the packages spell it.
//   publish.mjs --registry R --token T --fulcioURL F --rekorURL L [--tsaServerURL A] FOLDER PACKAGE.tgz

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { publish } from "libnpmpublish";

const OPTIONS = ["registry", "token", "fulcioURL", "rekorURL", "tsaServerURL"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(OPTIONS.map((name) => [name, { type: "string" }])),
});
const [folder, archive] = positionals;
const { token, ...options } = values;
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
await publish(manifest, readFileSync(archive), {
  ...options,
  forceAuth: { token },
  access: "public",
  provenance: true,
});
