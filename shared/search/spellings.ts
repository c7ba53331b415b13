// SPDX-License-Identifier: Apache-2.0
// Reads the spellings of a value that people search for, those of other tools included. Null for a text that names
// nothing, so that the answer is never a wrong "none".

import { decodeProtoBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { parseCertificateText, parseLeafText, parsePublicKeyText, parseSignatureText } from "./fingerprints.ts";
import type { TermName } from "./parameters.ts";
import { addressName, MAX_NAME_CHARS, nameText, toIssuer, toPage, toRun } from "./signer.ts";

/** The values of which an entry must have one. */
export type Values = readonly [string, ...string[]];

/** Digests of artifacts and of attestation subjects, with the names and lengths of in-toto's digest_set.md. */
const NAMED =
  /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|sha1:[0-9a-f]{40}|git(?:Commit|Tree|Blob|Tag):(?:[0-9a-f]{40}|[0-9a-f]{64}))$/i;
/** Digits of a bare digest → its names. Git's are as long as SHA-1's. */
const BARE: Readonly<Record<number, readonly [string, ...string[]]>> = {
  40: ["sha1", "gitcommit"],
  64: ["sha256"],
  96: ["sha384"],
  128: ["sha512"],
};
/** Subresource Integrity, which npm uses too: `sha512-<base64>`. Some tools put hex after the hyphen. */
const HYPHENATED = /^(sha(?:256|384|512))-(.+)$/i;
const HEX = /^[0-9a-f]+$/i;
/** Matches the part before the digest in a reference to a container image. */
const IMAGE = /^[^\s@]+@(?=sha)/;

/**
 * `sha256:<hex>`, bare hex, `sha256-<hex>`, `sha512-<base64>`, `image@sha256:<hex>`; hex in any case. A raw + in a
 * query arrives as a blank.
 */
function parseDigests(text: string): Values | null {
  const digest = toNamed(text.replaceAll(" ", "+").replace(IMAGE, ""));
  if (NAMED.test(digest)) return [digest.toLowerCase()];
  const names = HEX.test(digest) ? BARE[digest.length] : undefined;
  if (names === undefined) return null;
  const [first, ...more] = names;
  const nameDigest = (name: string): string => `${name}:${digest.toLowerCase()}`;
  return [nameDigest(first), ...more.map(nameDigest)];
}

/** `sha512-<base64>` and `sha512-<hex>` → `sha512:<hex>`; every other text stays. */
function toNamed(digest: string): string {
  const [, name, value] = HYPHENATED.exec(digest) ?? [];
  if (name === undefined || value === undefined) return digest;
  const named = `${name}:${value}`;
  if (NAMED.test(named)) return named;
  const bytes = decodeProtoBase64(value);
  return bytes.ok ? `${name}:${encodeHex(bytes.value)}` : digest;
}

const ADDRESS = /^[^\s@*]+@[^\s@*]+$/;
const URI = /^[a-z][a-z0-9+.-]*:\//i;
/** The longest address that SMTP can carry (RFC 5321 §4.5.3.1.3). */
const MAX_ADDRESS_CHARS = 254;

/** A whole address. A URI that contains an @ is not one, and no address has a blank: a raw + arrives as one. */
function parseAddress(text: string): Values | null {
  const address = text.replaceAll(" ", "+");
  return ADDRESS.test(address) && !URI.test(address) && address.length <= MAX_ADDRESS_CHARS
    ? [addressName(address)]
    : null;
}

/** Whether a text can be compared with a whole name. A pattern cannot, and would silently find nothing. */
const isWholeName = (text: string): boolean => text !== "" && text.length <= MAX_NAME_CHARS && !text.includes("*");

/** A certificate's name as written, whatever its kind; an e-mail address in any case. */
function parseNames(text: string): Values | null {
  if (!isWholeName(text)) return null;
  // An address has no blank, but a user name may, and a URI without a host: `repo:o/r:environment:a b`.
  const repaired = text.replaceAll(" ", "+");
  const names = [...new Set([text, repaired])];
  return [
    nameText({ kind: "email", value: repaired }),
    ...names.map((value) => nameText({ kind: "uri", value })),
    ...names.map((value) => nameText({ kind: "username", value })),
  ];
}

/** The whole URL of an OpenID issuer. A slash at its end does not matter. */
const parseIssuer = (text: string): Values | null => (isWholeName(text) ? [toIssuer(text)] : null);

const GITHUB = "https://github.com";
const PATH_PART = "[A-Za-z0-9_.-]+";
const OWNER = new RegExp(`^@?(${PATH_PART})$`);
const REPOSITORY = new RegExp(`^${PATH_PART}/${PATH_PART}$`);
const WORKFLOW = new RegExp(`^${PATH_PART}/${PATH_PART}/\\.github/workflows/[^@\\s]+$`);
const PAGE = /^https?:\/\/[^\s/*]+\/[^\s*]+$/i;

/** `owner/name`, which means GitHub, or the URL of a repository. */
const parseRepository = (text: string): Values | null => parsePage(text, REPOSITORY);

/** `owner`, which means GitHub, or the URL of an owner. */
const parseOwner = (text: string): Values | null => parsePage(OWNER.exec(text)?.[1] ?? text, OWNER);

/** `owner/name/.github/workflows/file` or the URL of the file; a ref after an @ does not count. */
const parseWorkflow = (text: string): Values | null => parsePage(text.replace(/@[^/]*(?:\/.*)?$/, ""), WORKFLOW);

function parsePage(text: string, short: RegExp): Values | null {
  const url = short.test(text) ? `${GITHUB}/${text}` : text;
  return PAGE.test(url) && url.length <= MAX_NAME_CHARS ? [toPage(url)] : null;
}

/** Numbers of GitHub and GitLab, and the UUIDs of others. */
const parseId = (text: string): Values | null => (/^[A-Za-z0-9-]{1,64}$/.test(text) ? [text] : null);

const MAX_REF_CHARS = 512;

/** Refs that are found all together. No ref ends in a slash. */
const REF_CLASSES: ReadonlySet<string> = new Set(["refs/heads/", "refs/tags/"]);

/** A whole ref, the name of a branch or tag, or `refs/tags/` for all tags. */
function parseRef(text: string): Values | null {
  if (text.endsWith("/")) return REF_CLASSES.has(text) ? [text] : null;
  if (text === "" || text.length > MAX_REF_CHARS || /[\s*]/.test(text)) return null;
  return text.startsWith("refs/") ? [text] : [`refs/heads/${text}`, `refs/tags/${text}`, text];
}

/** The shortest prefix takes a scheme, a host and the slash after it, so that it never means all of a forge's users. */
const PREFIX = /^[a-z][a-z0-9+.-]*:\/\/[^\s/*]+\/[^\s*]*$/i;

/** The beginning of names: `https://github.com/owner/`. */
const parsePrefix = (text: string): Values | null =>
  PREFIX.test(text) && text.length <= MAX_NAME_CHARS ? [text] : null;

/** The words of forges for a kind of machine, and for whom a repository is visible. */
const parseWord = (text: string): Values | null => (/^[a-z0-9_-]{1,64}$/i.test(text) ? [text.toLowerCase()] : null);

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

/** The whole ID of a Git commit. */
const parseCommit = (text: string): Values | null => (COMMIT.test(text) ? [text.toLowerCase()] : null);

/** The URL of a run. Its attempts are one run. */
const parseRun = (text: string): Values | null =>
  PAGE.test(text) && text.length <= MAX_NAME_CHARS ? [toRun(text)] : null;

const parseText = (text: string): Values | null => (isWholeName(text) ? [text] : null);

const one =
  (parse: (text: string) => string | null) =>
  (text: string): Values | null => {
    const value = parse(text);
    return value === null ? null : [value];
  };

/** Parameter → the values that its text names. */
export const SPELLINGS: Readonly<Record<TermName, (text: string) => Values | null>> = {
  digest: parseDigests,
  identity: parseNames,
  email: parseAddress,
  issuer: parseIssuer,
  repository: parseRepository,
  repositoryId: parseId,
  owner: parseOwner,
  ownerId: parseId,
  workflow: parseWorkflow,
  ref: parseRef,
  under: parsePrefix,
  runner: parseWord,
  visibility: parseWord,
  commit: parseCommit,
  run: parseRun,
  predicateType: parseText,
  publicKey: one(parsePublicKeyText),
  certificate: one(parseCertificateText),
  signature: one(parseSignatureText),
  leaf: one(parseLeafText),
};
