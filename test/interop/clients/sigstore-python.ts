// SPDX-License-Identifier: Apache-2.0

import { type Client, PLAIN, refusals, type Transport, type Verification } from "./client.ts";

const instance = (transport: Transport): string =>
  transport === "files" ? "sigstore --trust-config trust_config.json" : 'sigstore --instance "$M"';

function verify(transport: Transport, { bundle, artifact, identity, trustedRoot }: Verification): string {
  // sigstore-python takes the trusted root and the signing config in one file.
  const other = trustedRoot === PLAIN.trustedRoot ? instance(transport) : "sigstore --trust-config other_config.json";
  return `${other} verify identity --bundle ${bundle} --cert-identity ${identity} --cert-oidc-issuer "$U" ${artifact}`;
}

const sign = (transport: Transport, bundle: string): string =>
  `SIGSTORE_IDENTITY_TOKEN="$TOKEN" ${instance(transport)} sign --overwrite --bundle ${bundle} README.md`;

const attest = (transport: Transport, bundle: string): string =>
  `SIGSTORE_IDENTITY_TOKEN="$TOKEN" ${instance(transport)} attest --overwrite --predicate predicate.json --predicate-type https://slsa.dev/provenance/v1 --bundle ${bundle} README.md`;

export const SIGSTORE_PYTHON: Client = {
  name: "sigstore-python",
  tool: "sigstore-python",
  about: "Without a TUF repository it takes the client trust config, `/client_trust_config.json`.",
  transports: ["files", "tuf"],
  env: (folder) => ({ PYTHONPATH: folder, COLUMNS: "400" }),
  setUp: (transport) =>
    transport === "tuf" ? [{ name: "trust-instance", run: 'sigstore --instance "$M" trust-instance root.json' }] : [],
  operations: (transport) => [
    { name: "sign", shows: "sign", run: sign(transport, "bundle.json") },
    { name: "verify", shows: "verify", run: verify(transport, PLAIN) },
    ...refusals(transport, (verification) => verify(transport, verification), {
      identity: /SANs do not match/,
      artifact: /digest mismatch/,
      proof: /invalid root hash/,
      body: /invalid root hash/,
      trust: /not enough sources of verified time/,
    }),
    { name: "attest", shows: "attest", run: attest(transport, "attestation.json") },
    {
      name: "verify an attestation",
      shows: "verify attestation",
      run: verify(transport, { ...PLAIN, bundle: "attestation.json" }),
    },
    {
      name: "reject an attestation of another artifact",
      run: verify(transport, { ...PLAIN, bundle: "attestation.json", artifact: "other.txt" }),
      refusedWith: /no subject for digest/,
    },
  ],
  conformance: { sign, attest, verify, verifyAttestation: verify },
};
