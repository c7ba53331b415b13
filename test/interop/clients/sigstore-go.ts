// SPDX-License-Identifier: Apache-2.0

import { type Client, type Conformance, PLAIN, refusals, type Transport, type Verification } from "./client.ts";

const trust = (transport: Transport, root: string): string =>
  transport === "files" ? `-trustedrootJSONpath ${root}` : '-tufRootURL "$M" -tufTrustedRoot root.json';

const verify = (transport: Transport, { bundle, artifact, identity, trustedRoot }: Verification): string =>
  `sigstore-go-verification ${trust(transport, trustedRoot)} -artifact ${artifact} -expectedIssuer "$U" -expectedSAN ${identity} ${bundle}`;

/**
 * The example prints the key, then the bundle on one line. It takes files only:
 * examples/sigstore-go-signing/main.go:44-53.
 */
const sign = (kind: string, file: string, bundle: string): string =>
  `sigstore-go-signing -id-token "$TOKEN" -t trusted_root.json -s signing_config.json -rekor -tsa${kind} ${file} | tail -n 1 > ${bundle}`;

/**
 * The conformance program takes files, or the TUF repositories of the public instances:
 * test/conformance/main.go:47-78.
 */
const conformance: Conformance = {
  sign: (_, bundle) =>
    `conformance sign-bundle --identity-token "$TOKEN" --signing-config signing_config.json --trusted-root trusted_root.json --bundle ${bundle} README.md`,
  attest: (_, bundle) =>
    `conformance sign-bundle --in-toto --identity-token "$TOKEN" --signing-config signing_config.json --trusted-root trusted_root.json --bundle ${bundle} statement.json`,
  verify: (_, { bundle, artifact, identity, trustedRoot }) =>
    `conformance verify-bundle --bundle ${bundle} --certificate-identity ${identity} --certificate-oidc-issuer "$U" --trusted-root ${trustedRoot} ${artifact}`,
  verifyAttestation: (transport, verification) => conformance.verify?.(transport, verification) ?? "",
};

export const SIGSTORE_GO: Client = {
  name: "sigstore-go",
  tool: "sigstore-go",
  about:
    "The two examples and the conformance program of its module. Signing takes files only. Verification rebuilds the log entry from what it verifies (`pkg/verify/tlog.go:293`) and never reads the copy in the bundle, so the suite has no changed log entry for it to reject.",
  transports: ["files", "tuf"],
  operations: (transport) => [
    { name: "sign", shows: "sign", run: sign("", "README.md", "bundle.json") },
    { name: "verify", shows: "verify", run: verify(transport, PLAIN) },
    ...refusals(transport, (verification) => verify(transport, verification), {
      identity: /expected SAN value/,
      artifact: /could not verify message: invalid signature/,
      proof: /does not match expected root/,
      body: null,
      trust: /not enough verified log entries/,
    }),
    { name: "attest", shows: "attest", run: sign(" -in-toto", "statement.json", "attestation.json") },
    {
      name: "verify an attestation",
      shows: "verify attestation",
      run: verify(transport, { ...PLAIN, bundle: "attestation.json" }),
    },
    {
      name: "reject an attestation of another artifact",
      run: verify(transport, { ...PLAIN, bundle: "attestation.json", artifact: "other.txt" }),
      refusedWith: /artifact digests do not match/,
    },
    ...(transport === "files"
      ? [
          { name: "conformance sign-bundle", run: conformance.sign?.(transport, "conformance.json") ?? "" },
          {
            name: "conformance verify-bundle",
            run: conformance.verify?.(transport, { ...PLAIN, bundle: "conformance.json" }) ?? "",
          },
        ]
      : []),
  ],
  conformance,
};
