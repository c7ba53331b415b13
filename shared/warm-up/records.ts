// SPDX-License-Identifier: Apache-2.0
// A record of each first kind of log, with which the services warm up their pages and reads (fixture.ts says why):
// a workflow's signature, and the certificate with which it was made.

import { sha256 } from "#sha256";
import { encodeTileLeaf } from "../ct/leaf.ts";
import { encodeFulcioExtensions } from "../fulcio/extensions.ts";
import type { FirstKind } from "../logs/kinds.ts";
import { encodeEntry } from "../rekor/entry.ts";
import { unixMs } from "../time.ts";
import { encodeSubjectAltName } from "../x509/subject-alt-name.ts";
import { warmUpCertificate } from "./fixture.ts";

const REPOSITORY = "https://github.com/warm-up/warm-up";
const REF = "refs/tags/v1";
const COMMIT = "0".repeat(40);

/** The workflow that signed. */
export const WARM_UP_WORKFLOW = `${REPOSITORY}/.github/workflows/release.yml@${REF}`;

/** The issuer that vouched for it. */
export const WARM_UP_ISSUER = "https://token.actions.githubusercontent.com";

const EXTENSIONS = encodeFulcioExtensions({
  issuer: WARM_UP_ISSUER,
  issuerV2: WARM_UP_ISSUER,
  buildSignerUri: WARM_UP_WORKFLOW,
  buildSignerDigest: COMMIT,
  runnerEnvironment: "github-hosted",
  sourceRepositoryUri: REPOSITORY,
  sourceRepositoryDigest: COMMIT,
  sourceRepositoryRef: REF,
  sourceRepositoryIdentifier: "1",
  sourceRepositoryOwnerUri: "https://github.com/warm-up",
  sourceRepositoryOwnerIdentifier: "1",
  buildConfigUri: WARM_UP_WORKFLOW,
  buildConfigDigest: COMMIT,
  buildTrigger: "push",
  runInvocationUri: `${REPOSITORY}/actions/runs/1/attempts/1`,
  sourceRepositoryVisibilityAtSigning: "public",
});

/** Encodes the record of each first kind, as a bundle holds it without its length. The signature is zeros. */
export function warmUpRecords(): Readonly<Record<FirstKind, Uint8Array>> {
  const name = encodeSubjectAltName({ kind: "uri", value: WARM_UP_WORKFLOW });
  const certificate = warmUpCertificate([name, ...EXTENSIONS]);
  const verifier = {
    kind: "x509Certificate",
    rawBytes: certificate,
    keyDetails: "PKIX_ECDSA_P256_SHA_256",
  } as const;
  const entry = {
    entryType: "x509_entry",
    signedEntry: certificate,
    timestamp: unixMs(0),
    extensions: new Uint8Array(0),
  } as const;
  return {
    signature: encodeEntry({ digest: new Uint8Array(32), signature: new Uint8Array(64), verifier }),
    certificate: encodeTileLeaf({ entry, precertificate: null, chainFingerprints: [sha256(certificate)] }),
  };
}
