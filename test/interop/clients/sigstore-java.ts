// SPDX-License-Identifier: Apache-2.0

import { type Client, PLAIN, refusals, type Transport, type Verification } from "./client.ts";

const trust = (transport: Transport, root: string): string =>
  transport === "files" ? `--trusted-root ${root}` : '--tuf-mirror "$M" --tuf-root root.json --tuf-cache tuf-cache';

const verify = (transport: Transport, { bundle, artifact, identity, trustedRoot }: Verification): string =>
  `sigstore-java verify-bundle --bundle ${bundle} --certificate-identity ${identity} --certificate-oidc-issuer "$U" ${trust(transport, trustedRoot)} ${artifact}`;

const services = (transport: Transport): string =>
  transport === "files"
    ? "--trusted-root trusted_root.json --signing-config signing_config.json"
    : trust(transport, PLAIN.trustedRoot);

export const SIGSTORE_JAVA: Client = {
  name: "sigstore-java",
  tool: "sigstore-java",
  about:
    "The library from Maven Central, called by our own main class, `test/interop/tools/sigstore-java/SigstoreJava.java`: the project publishes no program.",
  transports: ["files", "tuf"],
  operations: (transport) => [
    { name: "verify", shows: "verify", run: verify(transport, PLAIN) },
    ...refusals(transport, (verification) => verify(transport, verification), {
      identity: /No provided certificate identities matched/,
      artifact: /artifact digest does not match/,
      proof: /Inclusion proof verification failed/,
      body: /does not match digest in log entry/,
      trust: /not verifiable against CAs/,
    }),
    {
      name: "verify an attestation",
      shows: "verify attestation",
      run: verify(transport, { ...PLAIN, bundle: "attestation.json" }),
      refusedWith: /Expecting type dsse:0.0.2, but found hashedrekord:0.0.2/,
      because:
        "2.0.0, the newest on Maven Central, expects the log's former entry type for attestations: KeylessVerifier.java:460, RekorTypes.java:102",
    },
    {
      name: "sign",
      shows: "sign",
      run: `sigstore-java sign-bundle --identity-token "$TOKEN" --bundle bundle.json ${services(transport)} README.md`,
      refusedWith: /FulcioClientGrpc/,
      because:
        "the client calls the CA over gRPC only, and a Worker cannot send gRPC trailers: FulcioClientGrpc.java:123, from KeylessSigner.java:612",
    },
  ],
  conformance: { sign: null, attest: null, verify, verifyAttestation: null },
};
