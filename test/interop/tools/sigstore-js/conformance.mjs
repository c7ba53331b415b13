#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Gives the published packages the command line of sigstore-conformance; the project does not publish its own program.
//   sign-bundle [--in-toto] --identity-token T --bundle B (--signing-config S | TUF) FILE
//   verify-bundle [--in-toto] --bundle B --certificate-identity I --certificate-oidc-issuer U
//     (--trusted-root R | TUF) FILE
//   TUF: --tuf-mirror M --tuf-root ROOT.json --tuf-cache DIR

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bundleFromJSON, bundleToJSON } from "@sigstore/bundle";
import { SigningConfig, TrustedRoot } from "@sigstore/protobuf-specs";
import { bundleBuilderFromSigningConfig } from "@sigstore/sign";
import { initTUF } from "@sigstore/tuf";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";

const OPTIONS = [
  "identity-token",
  "bundle",
  "signing-config",
  "trusted-root",
  "certificate-identity",
  "certificate-oidc-issuer",
];
const TUF_OPTIONS = ["tuf-mirror", "tuf-root", "tuf-cache"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "in-toto": { type: "boolean" },
    ...Object.fromEntries([...OPTIONS, ...TUF_OPTIONS].map((name) => [name, { type: "string" }])),
  },
});
const [command, path] = positionals;
const file = readFileSync(path);

async function readTrust(option, target) {
  if (values[option] !== undefined) return JSON.parse(readFileSync(values[option], "utf8"));
  const [mirrorURL, rootPath, cachePath] = TUF_OPTIONS.map((name) => values[name]);
  const tuf = await initTUF({ mirrorURL, rootPath, cachePath, forceInit: true });
  return JSON.parse(await tuf.getTarget(target));
}

async function sign() {
  const builder = bundleBuilderFromSigningConfig({
    signingConfig: SigningConfig.fromJSON(await readTrust("signing-config", "signing_config.v0.2.json")),
    identityProvider: { getToken: async () => values["identity-token"] },
    bundleType: values["in-toto"] ? "dsseEnvelope" : "messageSignature",
  });
  const bundle = await builder.create({
    data: file,
    ...(values["in-toto"] ? { type: "application/vnd.in-toto+json" } : {}),
  });
  writeFileSync(values.bundle, JSON.stringify(bundleToJSON(bundle)));
}

async function verify() {
  const trustedRoot = TrustedRoot.fromJSON(await readTrust("trusted-root", "trusted_root.json"));
  const bundle = bundleFromJSON(JSON.parse(readFileSync(values.bundle, "utf8")));
  if (bundle.content.$case === "dsseEnvelope") expectSubject(bundle.content.dsseEnvelope.payload);
  const identity = values["certificate-identity"].replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  new Verifier(toTrustMaterial(trustedRoot)).verify(toSignedEntity(bundle, file), {
    // The package takes a regular expression, which may match anywhere.
    subjectAlternativeName: `^${identity}$`,
    extensions: { issuer: values["certificate-oidc-issuer"] },
  });
}

// The packages verify an envelope only; the caller compares its statement with the file.
function expectSubject(payload) {
  const { subject } = JSON.parse(payload.toString("utf8"));
  const digest = createHash("sha256").update(file).digest("hex");
  if (!subject.some((one) => one.digest.sha256 === digest)) throw new Error("no subject of the statement is this file");
}

if (command === "sign-bundle") await sign();
else if (command === "verify-bundle") await verify();
else throw new Error(`no command: ${command}`);
