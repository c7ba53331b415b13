// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";

const TUF = '--tuf-mirror-url "$M" --tuf-root-path root.json --tuf-cache-path tuf-cache';

const attest = (log: string, bundle: string): string =>
  `CI=1 SIGSTORE_ID_TOKEN="$TOKEN" sigstore attest --fulcio-url "$S" ${log} --tsa-server-url "$S" -o ${bundle} statement.json`;

const verify = (bundle: string, identity = '"$I"'): string =>
  `sigstore verify ${bundle} ${TUF} --certificate-issuer "$U" --certificate-identity-email ${identity}`;

const verifyFile = (bundle: string, artifact = "README.md"): string => `${verify(bundle)} --blob-file ${artifact}`;

const OPERATIONS: readonly Operation[] = [
  { name: "attest", shows: "attest", run: attest('--rekor-url "$S"', "cli.json") },
  { name: "initialize", run: 'sigstore initialize --mirror "$M" --root root.json --cache-path tuf-cache --force' },
  { name: "verify", shows: "verify", run: verifyFile("bundle.json") },
  { name: "verify an attestation", shows: "verify attestation", run: verify("cli.json") },
  { name: "verify an attestation of Rekor v2", run: verify("attestation.json") },
  { name: "attest without a log", run: attest("--no-tlog-upload", "unlogged.json") },
  { name: "verify without a log", run: `${verify("unlogged.json")} --tlog-threshold 0` },
  {
    name: "reject another identity",
    run: verify("cli.json", '"$OTHER"'),
    refusedWith: /certificate identity error/,
  },
  {
    name: "reject another artifact",
    run: verifyFile("bundle.json", "other.txt"),
    refusedWith: /signature verification failed/,
  },
  {
    name: "reject an attestation that no log has",
    run: verify("unlogged.json"),
    refusedWith: /expected 1 tlog entries, got 0|not enough/,
  },
];

export const SIGSTORE_CLI: Client = {
  name: "@sigstore/cli",
  signs: "attestations",
  tool: "sigstore-js",
  package: "@sigstore/cli",
  about:
    "The command line of sigstore-js. It writes to a log in the protocol of Rekor v1, as `intoto` entries, which every verifier here reads but sigstore-python (`Integrated time only supported for dsse/hashedrekord 0.0.1 types`), and reads a trusted root over TUF only.",
  transports: ["tuf"],
  operations: () => OPERATIONS,
  conformance: {
    sign: null,
    attest: (_, bundle) => attest('--rekor-url "$S"', bundle),
    attestNotFor: ["sigstore-python"],
    verify: (_, { bundle, artifact }) => verifyFile(bundle, artifact),
    verifyAttestation: (_, { bundle, identity }) => verify(bundle, identity),
  },
};
