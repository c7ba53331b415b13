// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";

/** Makes a package and an archive of it. */
const pack = (name: string): string => `mkdir -p ${name} && cp README.md ${name}/
echo '{"name": "${name}", "version": "1.0.0", "license": "Apache-2.0"}' > ${name}/package.json
npm pack --silent ./${name}`;

/** Lets npm use a registry, and makes it believe that GitLab runs it. */
const JOB = `npm config set registry "$PACKAGES" && npm config set "//\${PACKAGES#http://}/:_authToken" secret
export CI=true GITLAB_CI=true SIGSTORE_ID_TOKEN="$TOKEN" CI_PROJECT_URL=https://gitlab.example.com/alice/app`;

/**
 * Leads npm to the instance by the names of the public one, and gives it the root of the instance: its cache of TUF
 * repositories is a folder for each host.
 */
const NAMES = `export HTTPS_PROXY="$PUBLIC_NAMES" NO_PROXY=localhost NODE_USE_ENV_PROXY=1 NODE_EXTRA_CA_CERTS="$PUBLIC_NAMES_CERTIFICATE"
for cache in "$(npm config get cache)/_tuf" "$HOME/.local/share/sigstore-js"; do
  mkdir -p "$cache/tuf-repo-cdn.sigstore.dev" && cp root.json "$cache/tuf-repo-cdn.sigstore.dev/"
done`;

/** Replaces the provenance that the registry has. */
const replaceProvenance = (change: string): string =>
  `curl -fsS "$PACKAGES/-/npm/v1/attestations/app@1.0.0" | node -p 'const { bundle } = JSON.parse(require("fs").readFileSync(0)).attestations[0]; ${change}; JSON.stringify(bundle)' > app.sigstore
curl -fsS -X PUT --data @app.sigstore "$PACKAGES/-/npm/v1/attestations/app@1.0.0"`;

const install = (name: string): string => `mkdir -p user && cd user && npm install --silent --no-audit ${name}`;
const AUDIT = `${JOB}\n${NAMES}\ncd user && npm audit signatures`;

const OPERATIONS: readonly Operation[] = [
  { name: "make a package", run: pack("app") },
  {
    name: "publish with libnpmpublish",
    shows: "attest",
    run: `${JOB}\npublish.mjs --registry "$PACKAGES" --token secret --fulcioURL "$S" --rekorURL "$S" app app-1.0.0.tgz`,
  },
  { name: "npm install", run: `${JOB}\n${install("app")}` },
  { name: "npm audit signatures", shows: "verify attestation", run: AUDIT },
  { name: "make another package", run: pack("library") },
  {
    name: "npm publish --provenance",
    run: `${JOB}\n${NAMES}\nnpm publish --provenance --access public ./library-1.0.0.tgz`,
  },
  { name: "npm install of both", run: `${JOB}\n${install("library")}` },
  { name: "make a third package", run: pack("forged") },
  {
    name: "reject the provenance of another package",
    run: `${replaceProvenance("")}\n${JOB}\n${NAMES}\nnpm publish --provenance-file app.sigstore --access public ./forged-1.0.0.tgz`,
    refusedWith: /Provenance subject pkg:npm\/app@1\.0\.0 does not match the package/,
  },
  {
    name: "reject a time that the log did not promise",
    run: `${replaceProvenance('bundle.verificationMaterial.tlogEntries[0].integratedTime = "1800000000"')}\n${AUDIT}`,
    refusedWith: /invalid.* attestation/,
  },
];

export const NPM: Client = {
  name: "npm",
  signs: "packages",
  tool: "npm",
  about:
    "`npm publish --provenance` and `npm audit signatures`, as GitLab runs them: [npm packages](integrations/npm.md). libnpmpublish, the library of `npm publish`, takes the addresses of an instance as options. The command line has no setting for an address, so the suite leads it to the instance by the names of the public one: a proxy in `HTTPS_PROXY`, a certificate in `NODE_EXTRA_CA_CERTS`, and the root of the instance in npm's cache.",
  transports: ["tuf"],
  operations: () => OPERATIONS,
};
