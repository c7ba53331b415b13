// SPDX-License-Identifier: Apache-2.0

import { type Client, type Operation, PLAIN, refusals, type Transport, type Verification } from "./client.ts";

const trust = (transport: Transport, root: string): string =>
  transport === "files" ? `--trusted-root ${root}` : '--instance "$M" --tuf-root root.json';

const verify = (transport: Transport, { bundle, artifact, identity, trustedRoot }: Verification): string =>
  `verify_bundle ${trust(transport, trustedRoot)} --certificate-identity ${identity} --certificate-oidc-issuer "$U" ${artifact} ${bundle}`;

const sign = (_: Transport, bundle: string): string =>
  `sign_blob --instance "$M" --tuf-root root.json --v2 --token "$TOKEN" --output ${bundle} README.md`;

/** `sign_blob` supports TUF only. */
const signing = (transport: Transport): readonly Operation[] =>
  transport === "tuf" ? [{ name: "sign", shows: "sign", run: sign(transport, "bundle.json") }] : [];

export const SIGSTORE_RUST: Client = {
  name: "sigstore-rust",
  tool: "sigstore-rust",
  about:
    "The examples of the published crates `sigstore-verify` and `sigstore-sign`. `sign_blob` takes an instance over TUF only, and `sign_attestation` supports the public instances only.",
  transports: ["files", "tuf"],
  operations: (transport) => [
    ...signing(transport),
    { name: "verify", shows: "verify", run: verify(transport, PLAIN) },
    ...refusals(transport, (verification) => verify(transport, verification), {
      identity: /identity mismatch/,
      artifact: /artifact mismatch/,
      proof: /root hash mismatch/,
      body: /root hash mismatch/,
      trust: /does not match any trusted TSA certificate/,
    }),
  ],
  conformance: { signOver: ["tuf"], sign, attest: null, verify, verifyAttestation: verify },
};
