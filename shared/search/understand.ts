// SPDX-License-Identifier: Apache-2.0
// Interprets the text of the one box of the web site: a text → its meanings, and the query of each. Pure; it sends
// nothing and knows no log.

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { SPELLINGS } from "./spellings.ts";
import { recognizeBase64, recognizeBundle, recognizePem } from "./understand-material.ts";
import { recognizeUrl } from "./understand-url.ts";
import { meansNothing, meansSearch, type Recognizer, type Understanding } from "./understanding.ts";

/** A bundle with an attestation takes some kilobytes. One of many megabytes is dropped as a file. */
const MAX_CHARS = 256 * 1024;

/**
 * The meanings of a text, the likeliest first. None if it is empty. The API accepts the terms of each that is a search.
 */
export function understand(text: string): readonly Understanding[] {
  const trimmed = text.trim();
  if (trimmed.length > MAX_CHARS) return [meansNothing("a long text", "Drop it here as a file.")];
  for (const recognize of RECOGNIZERS) {
    const meanings = recognize(trimmed);
    if (meanings.length > 0) return meanings;
  }
  return trimmed === "" ? [] : [meansNothing("a text of no known form", ADVICE)];
}

const ADVICE =
  "Enter a digest, an e-mail address, a repository, a URL, a commit, a key or a certificate, or the index of an entry.";

/** A link of search.sigstore.dev has one of these parameters. */
const recognizeSearchLink: Recognizer = (text) => {
  const url = /^https:\/\/search\.sigstore\.dev\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (url === null) return [];
  const given = ["email", "hash", "commitSha", "uuid", "logIndex"].flatMap((name) => url.searchParams.get(name) ?? []);
  return given.slice(0, 1).flatMap((value) => understand(value));
};

const NAMED_DIGEST = /^(sha-?(?:1|256|384|512)|gitcommit|gittree|gitblob|gittag)[:-]/i;

/** A digest with its algorithm: of in-toto, SRI, OCI. */
const recognizeNamedDigest: Recognizer = (text) => {
  const isImage = /^[^\s@]+@sha\d+:/i.test(text);
  if (!isImage && !NAMED_DIGEST.test(text)) return [];
  if (SPELLINGS.digest(text) === null) {
    const advice = "A SHA-256 digest has 64 hex digits, SHA-384 has 96, SHA-512 has 128, SHA-1 and Git have 40.";
    return [meansNothing("a digest that is not complete", advice)];
  }
  const what = isImage ? "a container image by its digest" : describeDigest(text);
  return [meansSearch(what, { digest: text })];
};

function describeDigest(text: string): string {
  const [, name = ""] = NAMED_DIGEST.exec(text) ?? [];
  const upper = name.toUpperCase();
  if (upper.startsWith("GIT")) return "the digest of a Git object";
  return `a ${upper.replace(/^SHA-?/, "SHA-")} digest`;
}

const HEX = /^[0-9a-f]+$/i;

const recognizeHex: Recognizer = (text) => {
  if (SPELLINGS.certificate(text) !== null && text.includes(":")) return fingerprintMeanings(text);
  if (!HEX.test(text)) return [];
  if (text.length === 64) return [meansSearch("a SHA-256 digest", { digest: text }), ...fingerprintMeanings(text)];
  if (text.length === 40) return commitMeanings(text.toLowerCase());
  if (text.length === 80) return [meansSearch("a UUID of Rekor", { leaf: text })];
  if (text.length === 96) return [meansSearch("a SHA-384 digest", { digest: text })];
  if (text.length === 128) return [meansSearch("a SHA-512 digest", { digest: text })];
  if (text.length === 32)
    return [meansNothing("an MD5 digest", "Entries have SHA-256 digests and longer ones: run sha256sum.")];
  return [];
};

const fingerprintMeanings = (text: string): readonly Understanding[] => [
  meansSearch("the fingerprint of a certificate", { certificate: text }),
  meansSearch("the fingerprint of a public key", { publicKey: text }),
  ...(HEX.test(text) ? [meansSearch("a UUID of Rekor, or a leaf hash", { leaf: text })] : []),
];

/** gitsign signs the ID of a commit as text. */
const commitMeanings = (commit: string): readonly Understanding[] => [
  meansSearch("a commit", { commit }),
  meansSearch("a commit that gitsign signed", { digest: `sha256:${encodeHex(sha256(encodeUtf8(commit)))}` }),
  meansSearch("a SHA-1 digest, or a Git commit that is attested", { digest: commit }),
];

const recognizeNumber: Recognizer = (text) => {
  if (!/^\d+$/.test(text) || text.length > 20) return [];
  const index = Number(text);
  const ids = [
    meansSearch("the number of a repository", { repositoryId: text }),
    meansSearch("the number of a repository's owner", { ownerId: text }),
  ];
  return Number.isSafeInteger(index) ? [{ kind: "entry", what: "the index of an entry", index }, ...ids] : ids;
};

const recognizeEmail: Recognizer = (text) =>
  SPELLINGS.email(text) === null || text.startsWith("@") || text.includes(" ")
    ? []
    : [meansSearch("an e-mail address", { identity: text })];

const recognizeRef: Recognizer = (text) =>
  text.startsWith("refs/") && SPELLINGS.ref(text) !== null ? [meansSearch("a Git ref", { ref: text })] : [];

const WORKFLOW_PATH = /^[\w.-]+\/[\w.-]+\/\.github\/workflows\/[^\s@]+\.ya?ml(@.*)?$/;

const recognizePath: Recognizer = (text) => {
  if (WORKFLOW_PATH.test(text)) return recognizeUrl(`https://github.com/${text}`);
  const path = text.replace(/\/$/, "");
  if (!/^[\w.-]+(?:\/[\w.-]+)+$/.test(path) || path.includes("..")) return [];
  const onGitLab = meansSearch("a GitLab project", { repository: `https://gitlab.com/${path}` });
  const isOnGitHub = path.split("/").length === 2;
  return isOnGitHub ? [meansSearch("a GitHub repository", { repository: path }), onGitLab] : [onGitLab];
};

const recognizePackage: Recognizer = (text) => {
  if (!text.startsWith("pkg:")) return [];
  const [, repository] = /^pkg:github\/([\w.-]+\/[\w.-]+)/.exec(text) ?? [];
  if (repository !== undefined) return [meansSearch("a GitHub repository", { repository })];
  const [, digest] = /[@=](sha256(?::|%3a)[0-9a-f]{64})/i.exec(text) ?? [];
  if (digest !== undefined) return [meansSearch("a package by its digest", { digest: digest.replace(/%3a/i, ":") })];
  return [meansNothing("a package URL", "Entries do not have package names: enter the digest of the package's file.")];
};

const recognizeWord: Recognizer = (text) => {
  if (/^@[\w.-]+$/.test(text)) return [meansSearch("a GitHub user or organization", { owner: text.slice(1) })];
  if (/^[0-9a-f]{7,39}$/i.test(text) && /\d/.test(text)) {
    return [
      meansNothing("the beginning of a commit or digest", "Enter all of it: git rev-parse prints a whole commit ID."),
    ];
  }
  if (text.includes("*"))
    return [meansNothing("a pattern", "* is not a wildcard: enter a whole name, or https://HOST/OWNER/*.")];
  const name = meansSearch("a name in a certificate", { identity: text });
  if (/^[\w-]+$/.test(text)) return [meansSearch("a GitHub user or organization", { owner: text }), name];
  return SPELLINGS.identity(text) === null ? [] : [name];
};

const RECOGNIZERS: readonly Recognizer[] = [
  recognizeBundle,
  recognizePem,
  recognizeSearchLink,
  recognizePackage,
  recognizeNamedDigest,
  recognizeUrl,
  recognizeHex,
  recognizeNumber,
  recognizeEmail,
  recognizeRef,
  recognizePath,
  recognizeBase64,
  recognizeWord,
];
