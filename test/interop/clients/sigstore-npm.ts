// SPDX-License-Identifier: Apache-2.0

import { type Client, type Operation, PLAIN, refusals, type Verification } from "./client.ts";

const SERVICES = '--fulcioURL "$S" --rekorURL "$S" --identityToken "$TOKEN"';

/** Others may require a timestamp, which the package adds if it is told to. */
const TIMESTAMPED = `${SERVICES} --tsaServerURL "$S"`;

const sign = (services: string, bundle: string): string => `sigstore.mjs sign ${services} README.md > ${bundle}`;
const attest = (services: string, bundle: string): string =>
  `sigstore.mjs attest ${services} statement.json > ${bundle}`;

const verify = ({ bundle, identity }: Verification, artifact: string): string =>
  `sigstore.mjs verify --tufMirrorURL "$M" --tufRootPath root.json --tufCachePath tuf-cache --certificateIssuer "$U" --certificateIdentityEmail ${identity} ${bundle}${artifact}`;

const verifyFile = (verification: Verification): string => verify(verification, ` ${verification.artifact}`);
const verifyAttestation = (verification: Verification): string => verify(verification, "");

const OPERATIONS: readonly Operation[] = [
  { name: "sign", shows: "sign", run: sign(SERVICES, "signed.json") },
  { name: "verify", shows: "verify", run: verifyFile({ ...PLAIN, bundle: "signed.json" }) },
  ...refusals("tuf", verifyFile, {
    identity: /certificate identity error/,
    artifact: /signature verification failed/,
    proof: /TLOG_INCLUSION_PROOF_ERROR/,
    body: /TLOG_INCLUSION_PROOF_ERROR/,
    trust: /timestamp could not be verified/,
  }),
  { name: "attest", shows: "attest", run: attest(SERVICES, "attested.json") },
  {
    name: "verify an attestation",
    shows: "verify attestation",
    run: verifyAttestation({ ...PLAIN, bundle: "attested.json" }),
  },
];

export const SIGSTORE_NPM: Client = {
  name: "sigstore (npm)",
  tool: "sigstore-js",
  package: "sigstore",
  about:
    "The npm package `sigstore`, which the npm command line uses: `sign()`, `attest()` and `verify()`, called by `test/interop/tools/sigstore-js/sigstore.mjs`, which gives each option of the package a flag. It writes to a log in the protocol of Rekor v1, as `hashedrekord` and `dsse` entries, and reads a trusted root over TUF only.",
  transports: ["tuf"],
  operations: () => OPERATIONS,
  conformance: {
    sign: (_, bundle) => sign(TIMESTAMPED, bundle),
    attest: (_, bundle) => attest(TIMESTAMPED, bundle),
    verify: (_, verification) => verifyFile(verification),
    verifyAttestation: (_, verification) => verifyAttestation(verification),
  },
};
