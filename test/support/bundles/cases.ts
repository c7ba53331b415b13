// SPDX-License-Identifier: Apache-2.0
// Bundles by others, each with the trusted root of its instance, its signer, its artifact and the verdict that it
// deserves. test/vectors has the files and says where they come from.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const VECTORS = join(import.meta.dirname, "../../vectors");

/** The identity that signs the bundles of sigstore-conformance. */
export const BEACON =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
export const GITHUB_ACTIONS = "https://token.actions.githubusercontent.com";
const GITHUB_LOGIN = "https://github.com/login/oauth";
/** The signed files that are text: the bundle of each names its digest. */
const TEXTS = [
  'DO NOT MODIFY ME!\n\nthis is "a.txt", a sample input for sigstore-conformance\'s test suite.\n\nDO NOT MODIFY ME!\n',
  'DO NOT MODIFY ME!\n\nthis is "staging-rekor-v2.txt", a sample input for sigstore-python\'s unit tests.\n\nDO NOT MODIFY ME!\n',
  "test content for cosign\n",
];
const BEACON_ARTIFACT = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";

/** A bundle, and everything that a verifier is told about it. */
export interface BundleCase {
  readonly name: string;
  readonly bundle: Uint8Array;
  readonly root: Uint8Array;
  /** A certificate's identity and issuer; null for a bundle of a bare key. */
  readonly signer: { readonly identity: string; readonly issuer: string } | null;
  /** PEM of the key; null if the caller gives none. */
  readonly key: string | null;
  /** SHA-256, hex; null for an attestation whose artifact is not at hand. */
  readonly artifact: string | null;
  readonly isGood: boolean;
}

/** The trusted root of Sigstore's public-good instance. */
export const PUBLIC_GOOD_ROOT = join(VECTORS, "sigstore-rust/trusted-roots/public-good.json");

interface Row {
  readonly file: string;
  readonly root: string;
  readonly signer?: readonly [identity: string, issuer: string];
  readonly key?: string;
  readonly artifact?: string;
  readonly isGood: boolean;
}

const RUST = "sigstore-rust";
const CONFORMANCE = "sigstore-conformance";

type RustRow = Omit<Row, "isGood">;

function toRows(isGood: boolean, rows: readonly RustRow[]): readonly Row[] {
  return rows.map(({ file, root, ...rest }) => ({
    ...rest,
    file: `${RUST}/bundles/${file}.json`,
    root: `${RUST}/trusted-roots/${root}.json`,
    isGood,
  }));
}

const ROWS: readonly Row[] = [
  {
    file: `${CONFORMANCE}/rekor2-happy-path.json`,
    root: `${CONFORMANCE}/rekor2-happy-path.trusted_root.json`,
    signer: [BEACON, GITHUB_ACTIONS],
    artifact: BEACON_ARTIFACT,
    isGood: true,
  },
  {
    file: `${CONFORMANCE}/rekor2-dsse-happy-path.json`,
    root: `${RUST}/trusted-roots/staging.json`,
    signer: [BEACON, GITHUB_ACTIONS],
    artifact: BEACON_ARTIFACT,
    isGood: true,
  },
  ...toRows(true, [
    { file: "bundle-v3", root: "staging", signer: ["william@yossarian.net", GITHUB_LOGIN] },
    {
      file: "bundle_v3_github",
      root: "public-good",
      signer: [
        "https://github.com/trailofbits/rfc8785.py/.github/workflows/release.yml@refs/tags/v0.1.2",
        GITHUB_ACTIONS,
      ],
    },
    { file: "conda-attestation-rekor2", root: "staging", signer: ["jku@goto.fi", GITHUB_LOGIN] },
    {
      file: "conda-attestation",
      root: "public-good",
      signer: [
        "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main",
        GITHUB_ACTIONS,
      ],
      artifact: "54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f",
    },
    {
      file: "cosign-v3-blob",
      root: "public-good",
      signer: ["w.vollprecht@gmail.com", GITHUB_LOGIN],
      artifact: "e194b99df6639501325c5f44da79fe3a8efae6f239bd79443a19787e06fb1764",
    },
    { file: "happy-path-dsse", root: "public-good", signer: [BEACON, GITHUB_ACTIONS], artifact: BEACON_ARTIFACT },
    {
      file: "sigstore.js-2.0.0-provenance",
      root: "public-good",
      signer: ["https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main", GITHUB_ACTIONS],
    },
    {
      file: "sct-multi-intermediate",
      root: "sct-multi-intermediate",
      signer: [
        "https://github.com/sigstore/root-signing-staging/.github/workflows/custom-test.yml@refs/heads/main",
        GITHUB_ACTIONS,
      ],
    },
    { file: "staging-rekor-v2-dsse", root: "staging", signer: [BEACON, GITHUB_ACTIONS], artifact: BEACON_ARTIFACT },
    {
      file: "staging-rekor-v2",
      root: "staging",
      signer: ["jku@goto.fi", GITHUB_LOGIN],
      artifact: "15f67246115921bb7c1de0e7e9e9275c8016dc254a0c009888944b7ed3644aaa",
    },
    { file: "timestamps", root: "timestamps", signer: [BEACON, GITHUB_ACTIONS], artifact: BEACON_ARTIFACT },
    { file: "othername", root: "scaffolding", signer: ["foo!oidc.local", "http://oidc.local:8080"] },
    { file: "invalid-ct-key", root: "public-good", signer: [BEACON, GITHUB_ACTIONS], artifact: BEACON_ARTIFACT },
    { file: "managed-key", root: "public-good", key: "managed-key.pub", artifact: BEACON_ARTIFACT },
  ]),
  ...toRows(false, [
    { file: "bundle_cve_2022_36056", root: "staging", signer: ["william@yossarian.net", GITHUB_LOGIN] },
    { file: "bundle_invalid_version", root: "staging", signer: ["william@yossarian.net", GITHUB_LOGIN] },
    { file: "bundle_no_cert_v1", root: "staging", signer: ["william@yossarian.net", GITHUB_LOGIN] },
    { file: "bundle_no_checkpoint", root: "public-good", signer: ["william@yossarian.net", GITHUB_LOGIN] },
    {
      file: "bundle_no_log_entry",
      root: "public-good",
      signer: ["alex.cameron@trailofbits.com", "https://accounts.google.com"],
    },
    { file: "bundle_v3_no_signed_time", root: "public-good", signer: ["william@yossarian.net", GITHUB_LOGIN] },
    { file: "dsse-2sigs", root: "public-good", signer: [BEACON, GITHUB_ACTIONS] },
    { file: "dsse", root: "public-good", signer: [BEACON, GITHUB_ACTIONS] },
    { file: "github-private-attestation", root: "public-good", signer: [BEACON, GITHUB_ACTIONS] },
    { file: "invalid-ct-key", root: "invalid-ct-key", signer: [BEACON, GITHUB_ACTIONS], artifact: BEACON_ARTIFACT },
    { file: "managed-key", root: "public-good", artifact: BEACON_ARTIFACT },
  ]),
];

/** The signed file of a case; null if it is not at hand. */
export function artifactOf({ artifact }: BundleCase): Buffer | null {
  const texts = TEXTS.map((text) => Buffer.from(text));
  return texts.find((text) => createHash("sha256").update(text).digest("hex") === artifact) ?? null;
}

/** Reads every case. */
export const readBundleCases = (): readonly BundleCase[] =>
  ROWS.map(({ file, root, signer, key, artifact, isGood }) => ({
    name: `${file.replace(/^.*\//, "")} with ${root.replace(/^.*\//, "")}`,
    bundle: readFileSync(join(VECTORS, file)),
    root: readFileSync(join(VECTORS, root)),
    signer: signer === undefined ? null : { identity: signer[0], issuer: signer[1] },
    key: key === undefined ? null : readFileSync(join(VECTORS, RUST, "bundles", key), "utf8"),
    artifact: artifact ?? null,
    isGood,
  }));
