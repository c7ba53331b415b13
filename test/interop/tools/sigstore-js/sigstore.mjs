#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Gives the functions of the npm package `sigstore` a command line. Each option is one of the package, as it spells it.
//   sign | attest [--fulcioURL … --rekorURL … --tsaServerURL … --identityToken …] FILE > BUNDLE
//   verify [--tufMirrorURL … --tufRootPath … --tufCachePath … --certificateIssuer … --certificateIdentityEmail …]
//     BUNDLE [FILE]

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { attest, sign, verify } from "sigstore";

const OPTIONS = [
  "fulcioURL",
  "rekorURL",
  "tsaServerURL",
  "identityToken",
  "tufMirrorURL",
  "tufRootPath",
  "tufCachePath",
  "certificateIssuer",
  "certificateIdentityEmail",
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(OPTIONS.map((name) => [name, { type: "string" }])),
});
const [command, ...paths] = positionals;
const [first, second] = paths.map((path) => readFileSync(path));
const options = { ...values };
const print = (bundle) => process.stdout.write(JSON.stringify(bundle));

if (command === "sign") print(await sign(first, options));
else if (command === "attest") print(await attest(first, "application/vnd.in-toto+json", options));
else if (command === "verify") await verify(JSON.parse(first.toString("utf8")), ...(second ? [second] : []), options);
else throw new Error(`no command: ${command}`);
