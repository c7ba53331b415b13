// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { leafNamed } from "../../test/support/authority/signing-chain.ts";
import { encodePem } from "../bytes/pem.ts";
import type { TermName } from "./parameters.ts";
import { SPELLINGS } from "./spellings.ts";
import { understand } from "./understand.ts";

const HEX = { 40: "1a".repeat(20), 64: "2b".repeat(32), 96: "3c".repeat(48), 128: "4d".repeat(64) };
const base64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");
const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
const REPOSITORY = "https://github.com/o/r";
const certificate = leafNamed("email");
const spki = sha256(certificate.spki);
const signature = Buffer.alloc(70, 7).toString("base64");

/** `what: name=value&…`, `entry: index` or `nothing: what` for each meaning. */
const meaningsOf = (text: string): readonly string[] =>
  understand(text).map((meaning) => {
    if (meaning.kind === "entry") return `entry: ${meaning.index}`;
    if (meaning.kind === "nothing") return `nothing: ${meaning.what}`;
    const terms = Object.entries(meaning.terms).map(([name, value]) => `${name}=${value}`);
    return `${meaning.what}: ${terms.join("&")}`;
  });

describe("one meaning", () => {
  it.each<[string, string]>([
    [`sha256:${HEX[64]}`, `a SHA-256 digest: digest=sha256:${HEX[64]}`],
    [`SHA512:${HEX[128]}`, `a SHA-512 digest: digest=SHA512:${HEX[128]}`],
    [`sha1:${HEX[40]}`, `a SHA-1 digest: digest=sha1:${HEX[40]}`],
    [`gitCommit:${HEX[40]}`, `the digest of a Git object: digest=gitCommit:${HEX[40]}`],
    [` ${HEX[96]}\n`, `a SHA-384 digest: digest=${HEX[96]}`],
    [HEX[128], `a SHA-512 digest: digest=${HEX[128]}`],
    [`sha384-${base64(HEX[96])}`, `a SHA-384 digest: digest=sha384-${base64(HEX[96])}`],
    [base64(HEX[64]), `a SHA-256 digest in base64: digest=sha256:${HEX[64]}`],
    [
      `ghcr.io/o/app:v1@sha256:${HEX[64]}`,
      `a container image by its digest: digest=ghcr.io/o/app:v1@sha256:${HEX[64]}`,
    ],
    [`pkg:oci/app@sha256:${HEX[64]}?tag=1`, `a package by its digest: digest=sha256:${HEX[64]}`],
    ["pkg:github/o/r@v1", "a GitHub repository: repository=o/r"],
    ["Alice+CI@Example.com", "an e-mail address: identity=Alice+CI@Example.com"],
    ["spiffe://example.com/ns/a/sa/b", "a SPIFFE ID: identity=spiffe://example.com/ns/a/sa/b"],
    ["alice!example.com", "a name in a certificate: identity=alice!example.com"],
    [REPOSITORY, `a GitHub repository: repository=${REPOSITORY}`],
    ["github.com/o/r", `a GitHub repository: repository=${REPOSITORY}`],
    ["git@github.com:o/r.git", `a GitHub repository: repository=${REPOSITORY}`],
    ["https://www.github.com/o/r.git/", `a GitHub repository: repository=${REPOSITORY}`],
    [`${REPOSITORY}/issues/3`, `a GitHub repository: repository=${REPOSITORY}`],
    ["https://github.com/o", "a GitHub user or organization: owner=https://github.com/o"],
    ["@o", "a GitHub user or organization: owner=o"],
    [`${REPOSITORY}/commit/${HEX[40]}`, `a commit of a GitHub repository: repository=${REPOSITORY}&commit=${HEX[40]}`],
    [`${REPOSITORY}/actions/runs/77/attempts/2`, `a run of a GitHub workflow: run=${REPOSITORY}/actions/runs/77`],
    [`${REPOSITORY}/actions/runs/77/job/5`, `a run of a GitHub workflow: run=${REPOSITORY}/actions/runs/77`],
    [
      `${REPOSITORY}/blob/main/.github/workflows/w.yml`,
      `a GitHub workflow: workflow=${REPOSITORY}/.github/workflows/w.yml`,
    ],
    [`${REPOSITORY}/actions/workflows/w.yml`, `a GitHub workflow: workflow=${REPOSITORY}/.github/workflows/w.yml`],
    ["o/r/.github/workflows/w.yml", `a GitHub workflow: workflow=${REPOSITORY}/.github/workflows/w.yml`],
    [
      `${REPOSITORY}/releases/tag/v1.2`,
      `a release of a GitHub repository: repository=${REPOSITORY}&ref=refs/tags/v1.2`,
    ],
    [`${REPOSITORY}/tree/main`, `a branch or tag of a GitHub repository: repository=${REPOSITORY}&ref=main`],
    [
      `${REPOSITORY}/pull/9/files`,
      `a pull request of a GitHub repository: repository=${REPOSITORY}&ref=refs/pull/9/merge`,
    ],
    [
      `https://gitlab.example/g/s/p/-/commit/${HEX[40]}`,
      `a commit of a GitLab project: repository=https://gitlab.example/g/s/p&commit=${HEX[40]}`,
    ],
    ["https://gitlab.com/g/p/-/jobs/12", "a job of GitLab: run=https://gitlab.com/g/p/-/jobs/12"],
    ["https://gitlab.com/g/p/-/pipelines/3", "a GitLab project: repository=https://gitlab.com/g/p"],
    ["https://gitlab.com/g", "a GitLab user or group: owner=https://gitlab.com/g"],
    ["https://github.com/o/*", "everything under a URL: under=https://github.com/o/"],
    ["refs/heads/main", "a Git ref: ref=refs/heads/main"],
    [`${"0".repeat(16)}${HEX[64]}`, `a UUID of Rekor: leaf=${"0".repeat(16)}${HEX[64]}`],
    [signature, `a signature: signature=sha256:${sha256(Buffer.from(signature, "base64"))}`],
    ["https://search.sigstore.dev/?email=a%40b.example", "an e-mail address: identity=a@b.example"],
    [encodePem("PUBLIC KEY", certificate.spki), `a public key: publicKey=${spki}`],
    [Buffer.from(certificate.spki).toString("base64"), `a public key: publicKey=${spki}`],
  ])("%s", (text, meaning) => expect(meaningsOf(text)).toEqual([meaning]));
});

describe("several meanings, the likeliest first", () => {
  const der = sha256(certificate.der);
  const ofCertificate = [
    `a certificate, by its key: publicKey=${spki}`,
    `a certificate, by its fingerprint: certificate=${der}`,
  ];
  const workflow = `${REPOSITORY}/.github/workflows/w.yml@refs/heads/main`;
  const colons = HEX[64].toUpperCase().replaceAll(/..(?!$)/g, "$&:");

  it.each<[string, readonly string[]]>([
    [
      HEX[64],
      [
        `a SHA-256 digest: digest=${HEX[64]}`,
        `the fingerprint of a certificate: certificate=${HEX[64]}`,
        `the fingerprint of a public key: publicKey=${HEX[64]}`,
        `a UUID of Rekor, or a leaf hash: leaf=${HEX[64]}`,
      ],
    ],
    [
      HEX[40],
      [
        `a commit: commit=${HEX[40]}`,
        `a commit that gitsign signed: digest=sha256:${sha256(HEX[40])}`,
        `a SHA-1 digest, or a Git commit that is attested: digest=${HEX[40]}`,
      ],
    ],
    [
      colons,
      [
        `the fingerprint of a certificate: certificate=${colons}`,
        `the fingerprint of a public key: publicKey=${colons}`,
      ],
    ],
    [
      "2890",
      [
        "entry: 2890",
        "the number of a repository: repositoryId=2890",
        "the number of a repository's owner: ownerId=2890",
      ],
    ],
    ["o/r", ["a GitHub repository: repository=o/r", "a GitLab project: repository=https://gitlab.com/o/r"]],
    ["octo-org", ["a GitHub user or organization: owner=octo-org", "a name in a certificate: identity=octo-org"]],
    [
      workflow,
      [
        `a GitHub workflow: workflow=${REPOSITORY}/.github/workflows/w.yml`,
        `a workflow at one ref, as in a certificate: identity=${workflow}`,
      ],
    ],
    [
      "https://token.actions.githubusercontent.com",
      [
        "an OpenID issuer: issuer=https://token.actions.githubusercontent.com",
        "a URI in a certificate: identity=https://token.actions.githubusercontent.com",
      ],
    ],
    [
      "https://build.example/job/1",
      [
        "a URI in a certificate: identity=https://build.example/job/1",
        "an OpenID issuer: issuer=https://build.example/job/1",
      ],
    ],
    [
      "https://gitlab.com/g/p",
      ["a GitLab project: repository=https://gitlab.com/g/p", "a GitLab group: under=https://gitlab.com/g/p/"],
    ],
    [`Bag Attributes\n${encodePem("CERTIFICATE", certificate.der)}`, ofCertificate],
    [Buffer.from(certificate.der).toString("base64"), ofCertificate],
    [
      JSON.stringify({
        messageSignature: { messageDigest: { algorithm: "SHA2_256", digest: base64(HEX[64]) }, signature },
      }),
      [
        `a bundle: its signature: signature=sha256:${sha256(Buffer.from(signature, "base64"))}`,
        `a bundle: the digest of its artifact: digest=sha256:${HEX[64]}`,
      ],
    ],
    [
      JSON.stringify({
        dsseEnvelope: {
          payloadType: "application/vnd.in-toto+json",
          payload: Buffer.from(JSON.stringify({ subject: [{ digest: { sha256: HEX[64] } }] })).toString("base64"),
          signatures: [{ sig: signature }],
        },
      }),
      [
        `a bundle: its signature: signature=sha256:${sha256(Buffer.from(signature, "base64"))}`,
        `a bundle: the first subject that it attests: digest=sha256:${HEX[64]}`,
      ],
    ],
  ])("%s", (text, meanings) => expect(meaningsOf(text)).toEqual(meanings));
});

describe("nothing to search for, and why", () => {
  it.each<[string, RegExp]>([
    [`sha256:${HEX[40]}`, /64 hex digits/],
    ["sha512-AAAA", /128/],
    ["d41d8cd98f00b204e9800998ecf8427e", /sha256sum/],
    ["1a2b3c4", /git rev-parse/],
    ["*@example.com", /not a wildcard/],
    ["https://*/o", /not a wildcard/],
    ["pkg:npm/left-pad@1.0.0", /digest/],
    ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", /Never paste a private key/],
    ["-----BEGIN THING-----\nAAAA\n-----END THING-----", /certificate or a public key/],
    ['{"a":1}', /bundle/],
    ['{"a":', /whole bundle/],
  ])("%s", (text, advice) => {
    const [meaning, ...more] = understand(text);
    expect(more).toEqual([]);
    expect(meaning).toMatchObject({ kind: "nothing", advice: expect.stringMatching(advice) });
  });

  test("a text of many characters", () => {
    expect(understand("x".repeat(300_000))).toMatchObject([{ kind: "nothing", advice: "Drop it here as a file." }]);
  });

  test("an empty text", () => expect(understand(" \n")).toEqual([]));
});

test("every text has a meaning, and the API accepts the terms of each", () => {
  const piece = fc.constantFrom(
    "https://github.com/",
    "o",
    "/",
    "r",
    "@",
    "sha256:",
    HEX[64],
    HEX[40],
    "*",
    "{",
    ":",
    "%",
    "-/",
    "refs/",
    " ",
    "é",
    "1",
  );
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.emailAddress(),
    fc.array(piece).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (typed) => {
      const meanings = understand(typed);
      expect(meanings.length > 0).toBe(typed.trim() !== "");
      for (const meaning of meanings) {
        if (meaning.kind !== "search") continue;
        for (const [name, value] of Object.entries(meaning.terms))
          expect(SPELLINGS[name as TermName](value)).not.toBeNull();
      }
    }),
    { numRuns: 2000 },
  );
});
