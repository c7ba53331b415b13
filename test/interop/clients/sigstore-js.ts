// SPDX-License-Identifier: Apache-2.0

import { type Client, type Operation, PLAIN, refusals, type Transport, type Verification } from "./client.ts";

const TUF = '--tuf-mirror "$M" --tuf-root root.json --tuf-cache tuf-cache';
/** The same flags as `@sigstore/cli` spells them. */
const CLI_TUF = '--tuf-mirror-url "$M" --tuf-root-path root.json --tuf-cache-path tuf-cache';

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

const cliAttest = (log: string): string =>
  `CI=1 SIGSTORE_ID_TOKEN="$TOKEN" sigstore attest --fulcio-url "$S" ${log} --tsa-server-url "$S" -o cli.json statement.json`;

const cliVerify = (bundle: string, identity: string): string =>
  `sigstore verify ${bundle} ${CLI_TUF} --certificate-issuer "$U" --certificate-identity-email ${identity}`;

/** @sigstore/cli writes to Rekor v1 logs only, and reads a trusted root over TUF only. */
const commandLine = (transport: Transport): readonly Operation[] => [
  { name: "cli: attest without a log", run: cliAttest("--no-tlog-upload") },
  { name: "cli: attest", run: cliAttest('--rekor-url "$S"') },
  ...(transport === "files"
    ? []
    : [
        {
          name: "cli: initialize",
          run: 'sigstore initialize --mirror "$M" --root root.json --cache-path tuf-cache --force',
        },
        { name: "cli: verify without a log", run: `${cliVerify("cli.json", '"$I"')} --tlog-threshold 0` },
        { name: "cli: verify", run: `${cliVerify("bundle.json", '"$I"')} --blob-file README.md` },
        { name: "cli: verify an attestation", run: cliVerify("attestation.json", '"$I"') },
        {
          name: "cli: reject another identity",
          run: cliVerify("attestation.json", '"$OTHER"'),
          refusedWith: /certificate identity error/,
        },
        {
          name: "cli: reject another artifact",
          run: `${cliVerify("bundle.json", '"$I"')} --blob-file other.txt`,
          refusedWith: /signature verification failed/,
        },
      ]),
];

export const SIGSTORE_JS: Client = {
  name: "sigstore-js",
  tool: "sigstore-js",
  about:
    "The packages `@sigstore/sign`, `@sigstore/verify` and `@sigstore/tuf`, called by our own program, `test/interop/tools/sigstore-js/conformance.mjs`; and `@sigstore/cli` itself.",
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
    ...commandLine(transport),
  ],
  conformance: { sign, attest, verify, verifyAttestation: verify },
};
