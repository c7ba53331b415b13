// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";

/** Fetches the instance's keys one by one: gitsign reads no trusted root file. internal/gitsign/trustedroot.go */
export const KEYS = `curl -fsS "$S/api/v1/rootCert" > fulcio-chain.pem
curl -fsS "$S/api/v1/timestamp/certchain" > tsa-chain.pem
key() { node -p 'JSON.parse(require("fs").readFileSync("trusted_root.json"))["'$1'"][0].publicKey.rawBytes' | base64 -d | openssl pkey -pubin -inform DER; }
key tlogs > rekor.pub
key ctlogs > ctfe.pub`;

/** Makes a repository whose commits gitsign signs. */
export const CONFIGURE = `git init -q repository && cd repository
git config user.name Alice; git config user.email "$I"
git config gpg.format x509; git config gpg.x509.program gitsign
git config gitsign.fulcio "$S"; git config gitsign.rekor "$S"; git config gitsign.issuer "$U"
git config gitsign.timestampServerURL "$S/api/v1/timestamp"
git config gitsign.timestampCertChain "$PWD/../tsa-chain.pem"`;

/** Goes to the repository. */
export const ENVIRONMENT = `export GITSIGN_REKOR_MODE=offline GITSIGN_REKOR_VERSION=2
export SIGSTORE_ROOT_FILE="$PWD/fulcio-chain.pem" SIGSTORE_REKOR_PUBLIC_KEY="$PWD/rekor.pub" SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="$PWD/ctfe.pub"
cd repository`;

/** https://github.com/sigstore/gitsign/issues/866 */
export const CANNOT_VERIFY = {
  refusedWith: /error parsing response into Timestamp: asn1: structure error/,
  because:
    "with Rekor v2 gitsign needs the timestamp but passes the bare token to sigstore-go, which expects the whole response. It fails with every timestamp authority: `internal/sigstore/compat/attrs.go:25-30`, [gitsign#866](https://github.com/sigstore/gitsign/issues/866)",
};

/** Splits a commit into its CMS signature and the payload that the signature covers. */
export const take = (commit: string): string => `git cat-file commit ${commit} > ../commit.txt && cd ..
sed -n '/^gpgsig /,/END SIGNED MESSAGE/{s/^gpgsig //;s/^ //;s/SIGNED MESSAGE/CMS/;p}' commit.txt > signature.pem
sed '/^gpgsig /,/END SIGNED MESSAGE/d' commit.txt > payload.txt`;

/** Verifies what `take` has taken. */
export const openssl = (identity: string): string =>
  `openssl cms -verify -inform PEM -in signature.pem -binary -content payload.txt -CAfile fulcio-chain.pem -purpose any -verify_email ${identity} -out /dev/null`;

/** Verifies the signature as a bundle; openssl has already shown that the signed attributes belong to the commit. */
export const sigstoreGo = (
  identity: string,
): string => `node "$HERE/commit-bundle.ts" signature.pem commit.json attributes.der
sigstore-go-verification -trustedrootJSONpath trusted_root.json -artifact attributes.der -expectedIssuer "$U" -expectedSAN ${identity} commit.json`;

const OPERATIONS: readonly Operation[] = [
  { name: "keys of the instance", run: KEYS },
  { name: "configure a repository", run: CONFIGURE },
  {
    name: "sign a commit",
    shows: "sign",
    run: `${ENVIRONMENT}\ncp ../README.md . && git add README.md && SIGSTORE_ID_TOKEN="$TOKEN" git commit -q -S -m signed`,
  },
  { name: "verify a commit with openssl", run: `${ENVIRONMENT}\n${take("HEAD")}\n${openssl('"$I"')}` },
  {
    name: "reject another identity with openssl",
    run: `${ENVIRONMENT}\n${take("HEAD")}\n${openssl('"$OTHER"')}`,
    refusedWith: /email address mismatch/i,
  },
  {
    name: "reject a changed commit with openssl",
    run: `${ENVIRONMENT}\n${take("HEAD")}\nsed -i 's/^signed$/forged/' payload.txt\n${openssl('"$I"')}`,
    refusedWith: /verification failure/i,
  },
  {
    name: "verify a commit's certificate, timestamp and log entry with sigstore-go",
    run: `${ENVIRONMENT}\n${take("HEAD")}\n${sigstoreGo('"$I"')}`,
  },
  {
    name: "reject another identity with sigstore-go",
    run: `${ENVIRONMENT}\n${take("HEAD")}\n${sigstoreGo('"$OTHER"')}`,
    refusedWith: /expected SAN value/,
  },
  { name: "sign a tag", run: `${ENVIRONMENT}\nSIGSTORE_ID_TOKEN="$TOKEN" git tag -s v1 -m signed` },
  {
    name: "verify a commit",
    shows: "verify",
    run: `${ENVIRONMENT}\ngitsign verify --certificate-identity="$I" --certificate-oidc-issuer="$U" HEAD`,
    ...CANNOT_VERIFY,
  },
  { name: "git verify-commit", run: `${ENVIRONMENT}\ngit verify-commit HEAD`, ...CANNOT_VERIFY },
  {
    name: "verify a tag",
    run: `${ENVIRONMENT}\ngitsign verify-tag --certificate-identity="$I" --certificate-oidc-issuer="$U" v1`,
    ...CANNOT_VERIFY,
  },
];

export const GITSIGN: Client = {
  name: "gitsign",
  signs: "commits, tags",
  tool: "gitsign",
  beside: ["sigstore-go"],
  about:
    "Commits and tags of a real repository. gitsign takes keys from files, and writes to Rekor v2 with the proof inside the signature.",
  transports: ["files"],
  env: () => ({ GIT_CONFIG_NOSYSTEM: "1" }),
  operations: () => OPERATIONS,
};
