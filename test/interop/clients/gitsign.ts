// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";

/** Fetches the instance's keys one by one: gitsign reads no trusted root file. internal/gitsign/trustedroot.go */
export const KEYS = `curl -fsS "$S/api/v1/rootCert" > fulcio-chain.pem
curl -fsS "$S/api/v1/timestamp/certchain" > tsa-chain.pem
key() { node -p 'JSON.parse(require("fs").readFileSync("trusted_root.json"))["'$1'"][0].publicKey.rawBytes' | base64 -d | openssl pkey -pubin -inform DER; }
key tlogs > rekor-v2.pub
key ctlogs > ctfe.pub`;

/** Makes a repository whose commits gitsign signs. */
const REPOSITORY = `git init -q repository && cd repository
git config user.name Alice; git config user.email "$I"
git config gpg.format x509; git config gpg.x509.program gitsign
git config gitsign.fulcio "$S"; git config gitsign.rekor "$S"; git config gitsign.issuer "$U"`;

/** Timestamps, without which nobody can verify a signature that a log with the API of Rekor v2 has. */
const TIMESTAMPS = `git config gitsign.timestampServerURL "$S/api/v1/timestamp"
git config gitsign.timestampCertChain "$PWD/../tsa-chain.pem"`;

/** Makes a repository whose commits gitsign signs, for Rekor v2. */
export const CONFIGURE = `${REPOSITORY}\n${TIMESTAMPS}`;

const KEY_FILES = (rekor: string): string =>
  `export SIGSTORE_ROOT_FILE="$PWD/fulcio-chain.pem" SIGSTORE_REKOR_PUBLIC_KEY="$PWD/${rekor}" SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="$PWD/ctfe.pub"
cd repository`;

/** Goes to the repository, with gitsign's defaults. */
const DEFAULTS = KEY_FILES("rekor.pub");

/** Goes to the repository, for Rekor v2. */
export const ENVIRONMENT = `export GITSIGN_REKOR_MODE=offline GITSIGN_REKOR_VERSION=2
${KEY_FILES("rekor-v2.pub")}`;

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

const IDENTITY = (identity = '"$I"'): string => `--certificate-identity=${identity} --certificate-oidc-issuer="$U"`;

/** gitsign's defaults: it logs the hash of the commit, and finds its entry by the certificate. */
const ONLINE: readonly Operation[] = [
  { name: "keys of the instance", run: KEYS },
  { name: "key of the log", run: 'curl -fsS "$S/api/v1/log/publicKey" > rekor.pub' },
  { name: "configure a repository", run: REPOSITORY },
  {
    name: "sign a commit",
    shows: "sign",
    run: `${DEFAULTS}\ncp ../README.md . && git add README.md && SIGSTORE_ID_TOKEN="$TOKEN" git commit -q -S -m signed`,
  },
  { name: "verify a commit", shows: "verify", run: `${DEFAULTS}\ngitsign verify ${IDENTITY()} HEAD` },
  { name: "git verify-commit", run: `${DEFAULTS}\ngit verify-commit HEAD` },
  { name: "sign a tag", run: `${DEFAULTS}\nSIGSTORE_ID_TOKEN="$TOKEN" git tag -s v1 -m signed` },
  { name: "verify a tag", run: `${DEFAULTS}\ngitsign verify-tag ${IDENTITY()} v1` },
  {
    name: "reject another identity",
    run: `${DEFAULTS}\ngitsign verify ${IDENTITY('"$OTHER"')} HEAD`,
    refusedWith: /expected SAN value/,
  },
  {
    name: "reject a changed commit",
    run: `${DEFAULTS}
CHANGED=$(git cat-file commit HEAD | sed 's/^signed$/forged/' | git hash-object -t commit -w --stdin)
gitsign verify ${IDENTITY()} $CHANGED`,
    refusedWith: /content digest does not match/,
  },
  {
    name: "reject another identity of a tag",
    run: `${DEFAULTS}\ngitsign verify-tag ${IDENTITY('"$OTHER"')} v1`,
    refusedWith: /expected SAN value/,
  },
  {
    name: "reject a commit that another log has",
    run: `cp other.pub rekor.pub\n${DEFAULTS}\ngitsign verify ${IDENTITY()} HEAD`,
    refusedWith: /log/,
  },
];

const OFFLINE: readonly Operation[] = [
  { name: "Rekor v2: configure the repository", run: `cd repository\n${TIMESTAMPS}` },
  {
    name: "Rekor v2: sign a commit",
    run: `${ENVIRONMENT}\ncp ../other.txt . && git add other.txt && SIGSTORE_ID_TOKEN="$TOKEN" git commit -q -S -m signed`,
  },
  { name: "Rekor v2: verify a commit with openssl", run: `${ENVIRONMENT}\n${take("HEAD")}\n${openssl('"$I"')}` },
  {
    name: "Rekor v2: reject another identity with openssl",
    run: `${ENVIRONMENT}\n${take("HEAD")}\n${openssl('"$OTHER"')}`,
    refusedWith: /email address mismatch/i,
  },
  {
    name: "Rekor v2: reject a changed commit with openssl",
    run: `${ENVIRONMENT}\n${take("HEAD")}\nsed -i 's/^signed$/forged/' payload.txt\n${openssl('"$I"')}`,
    refusedWith: /verification failure/i,
  },
  {
    name: "Rekor v2: verify a commit's certificate, timestamp and log entry with sigstore-go",
    run: `${ENVIRONMENT}\n${take("HEAD")}\n${sigstoreGo('"$I"')}`,
  },
  {
    name: "Rekor v2: reject another identity with sigstore-go",
    run: `${ENVIRONMENT}\n${take("HEAD")}\n${sigstoreGo('"$OTHER"')}`,
    refusedWith: /expected SAN value/,
  },
  { name: "Rekor v2: sign a tag", run: `${ENVIRONMENT}\nSIGSTORE_ID_TOKEN="$TOKEN" git tag -s v2 -m signed` },
  {
    name: "Rekor v2: verify a commit",
    run: `${ENVIRONMENT}\ngitsign verify ${IDENTITY()} HEAD`,
    ...CANNOT_VERIFY,
  },
  { name: "Rekor v2: git verify-commit", run: `${ENVIRONMENT}\ngit verify-commit HEAD`, ...CANNOT_VERIFY },
  {
    name: "Rekor v2: verify a tag",
    run: `${ENVIRONMENT}\ngitsign verify-tag ${IDENTITY()} v2`,
    ...CANNOT_VERIFY,
  },
];

export const GITSIGN: Client = {
  name: "gitsign",
  signs: "commits, tags",
  tool: "gitsign",
  beside: ["sigstore-go"],
  about:
    "Commits and tags of a real repository. gitsign takes keys from files. With its defaults it uses a log in the protocol of Rekor v1, and looks the entry up when it verifies. With Rekor v2 it puts the proof into the signature.",
  transports: ["files"],
  env: () => ({ GIT_CONFIG_NOSYSTEM: "1" }),
  operations: () => [...ONLINE, ...OFFLINE],
};
