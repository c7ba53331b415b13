// SPDX-License-Identifier: Apache-2.0

import { type Client, PLAIN, refusals, type Transport, type Verification } from "./client.ts";

const TUF = '--tuf-mirror "$M" --tuf-root root.json --tuf-cache tuf-cache';

const services = (transport: Transport): string =>
  transport === "files" ? "--signing-config signing_config.json" : TUF;

const verify = (transport: Transport, { bundle, artifact, identity, trustedRoot }: Verification): string =>
  `conformance.mjs verify-bundle --bundle ${bundle} --certificate-identity ${identity} --certificate-oidc-issuer "$U" ${
    transport === "files" ? `--trusted-root ${trustedRoot}` : TUF
  } ${artifact}`;

const sign = (transport: Transport, bundle: string): string =>
  `conformance.mjs sign-bundle --identity-token "$TOKEN" --bundle ${bundle} ${services(transport)} README.md`;

const attest = (transport: Transport, bundle: string): string =>
  `conformance.mjs sign-bundle --in-toto --identity-token "$TOKEN" --bundle ${bundle} ${services(transport)} statement.json`;

export const SIGSTORE_JS: Client = {
  name: "sigstore-js",
  tool: "sigstore-js",
  package: "@sigstore/sign",
  about:
    "The packages `@sigstore/sign`, `@sigstore/verify` and `@sigstore/tuf`, called by our own program, `test/interop/tools/sigstore-js/conformance.mjs`.",
  transports: ["files", "tuf"],
  operations: (transport) => [
    { name: "sign", shows: "sign", run: sign(transport, "bundle.json") },
    { name: "verify", shows: "verify", run: verify(transport, PLAIN) },
    ...refusals(transport, (verification) => verify(transport, verification), {
      identity: /certificate identity error/,
      artifact: /signature verification failed/,
      proof: /TLOG_INCLUSION_PROOF_ERROR/,
      body: /TLOG_INCLUSION_PROOF_ERROR/,
      trust: /timestamp could not be verified/,
    }),
    { name: "attest", shows: "attest", run: attest(transport, "attestation.json") },
    {
      name: "verify an attestation",
      shows: "verify attestation",
      run: verify(transport, { ...PLAIN, bundle: "attestation.json" }),
    },
  ],
  conformance: { sign, attest, verify, verifyAttestation: verify },
};
