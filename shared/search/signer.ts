// SPDX-License-Identifier: Apache-2.0
// The signer of an entry: the part of its certificate that is the same in every run of one workflow, and in every
// signature of one person. The index has one row of a signer, however many entries there are.

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import type { FulcioExtensions } from "../fulcio/extensions.ts";
import { isTexts, member } from "../json/member.ts";
import type { Certificate } from "../x509/certificate.ts";
import { readSubjectAltNames, type SubjectAltName } from "../x509/subject-alt-name.ts";
import type { SignerFields } from "./answer.ts";

/** The fields of a signer as its certificate writes them. */
export interface Signer extends Omit<SignerFields, "identity"> {
  /** The names, each with its kind before it: `email:`, `uri:`, `username:`. */
  readonly names: readonly string[];
}

/**
 * Names indexed per certificate. Our own CA issues one; a foreign certificate could otherwise add thousands of rows.
 */
const MAX_NAMES = 8;
/** Longer than any name that the CA puts into a certificate. No query is longer, so longer values are not kept. */
export const MAX_NAME_CHARS = 2048;

/** A certificate's name as it is compared: with its kind before it, an e-mail address in lower case. */
export const nameText = ({ kind, value }: SubjectAltName): string =>
  kind === "email" ? addressName(value) : `${kind}:${value}`;

/**
 * Matches an e-mail address in any case: RFC 5321 §2.4 makes the local part case-sensitive, but people do not use it
 * so.
 */
export const addressName = (address: string): string => `email:${address.toLowerCase()}`;

/** The signer in a certificate; null if it names nobody. @param extensions those of the certificate */
export function signerOf(certificate: Certificate, extensions: FulcioExtensions): Signer | null {
  const read = readSubjectAltNames(certificate);
  // An open log accepts certificates of any CA. Names that do not parse are not searchable.
  const names = firstNames(read.ok ? read.value : []);
  const repository = extensions.githubWorkflowRepository;
  const signer: Signer = {
    names: names.map(({ kind, value }) => `${kind}:${value}`),
    issuer: limitField(extensions.issuerV2 ?? extensions.issuer),
    // The older extensions are GitHub's alone, and have no URL.
    repository: limitField(extensions.sourceRepositoryUri ?? (repository && `https://github.com/${repository}`)),
    repositoryId: limitField(extensions.sourceRepositoryIdentifier),
    owner: limitField(extensions.sourceRepositoryOwnerUri),
    ownerId: limitField(extensions.sourceRepositoryOwnerIdentifier),
    workflow: limitField(extensions.buildConfigUri),
    ref: limitField(extensions.sourceRepositoryRef ?? extensions.githubWorkflowRef),
    runner: limitField(extensions.runnerEnvironment),
    visibility: limitField(extensions.sourceRepositoryVisibilityAtSigning),
  };
  return signer.names.length === 0 && signer.issuer === null ? null : signer;
}

/** As many as fit; the first one that does not ends them. */
function firstNames(names: readonly SubjectAltName[]): readonly SubjectAltName[] {
  let chars = 0;
  const end = names.findIndex(({ value }, i) => {
    chars += value.length;
    return i === MAX_NAMES || chars > 2 * MAX_NAME_CHARS || value.length > MAX_NAME_CHARS;
  });
  return end < 0 ? names : names.slice(0, end);
}

/** Longer than any that a forge or an issuer has. A statement of `sigedge reindex` holds all fields of a signer. */
const MAX_FIELD_CHARS = 1024;

const limitField = (value: string | undefined): string | null =>
  value === undefined || value === "" || value.length > MAX_FIELD_CHARS ? null : value;

/** The key of a signer in the index: 12 hex digits, the beginning of a SHA-256 over its fields. */
export const signerKey = (signer: Signer): string =>
  encodeHex(sha256(encodeUtf8(JSON.stringify(toList(signer)))).subarray(0, 6));

const FIELDS = [
  "issuer",
  "repository",
  "repositoryId",
  "owner",
  "ownerId",
  "workflow",
  "ref",
  "runner",
  "visibility",
] as const;

const toList = (signer: Signer): readonly unknown[] => [signer.names, ...FIELDS.map((name) => signer[name])];

const NOBODY: Omit<Signer, "names"> = {
  issuer: null,
  repository: null,
  repositoryId: null,
  owner: null,
  ownerId: null,
  workflow: null,
  ref: null,
  runner: null,
  visibility: null,
};

/** The fields that a hit shows. */
export function toFields(signer: Signer | null): SignerFields {
  const { names, ...fields } = signer ?? { names: [], ...NOBODY };
  return { identity: names[0]?.replace(/^[a-z]+:/, "") ?? null, ...fields };
}

/** Decodes a stored signer, null if it is not of this form. */
export function decodeSigner(json: unknown): Signer | null {
  const names = member(json, "names");
  if (!isTexts(names)) return null;
  const values = FIELDS.map((name) => [name, member(json, name) ?? null] as const);
  if (!values.every(([, value]) => value === null || typeof value === "string")) return null;
  return { names, ...(Object.fromEntries(values) as Omit<Signer, "names">) };
}

/** Attribute → its value, of those by which a signer is found. Values are compared as a whole or by their beginning. */
export type AttributeName =
  | "name"
  | "issuer"
  | "repository"
  | "repositoryId"
  | "ownerId"
  | "workflow"
  | "ref"
  | "runner"
  | "visibility";

/** The rows of a signer in the table `attribute`. */
export function attributesOf(signer: Signer): readonly (readonly [AttributeName, string])[] {
  const { names, issuer, repository, repositoryId, ownerId, workflow, ref, runner, visibility } = signer;
  const rows: readonly (readonly [AttributeName, string | null])[] = [
    ...names.map((name) => ["name", name.startsWith("email:") ? name.toLowerCase() : name] as const),
    ["issuer", issuer === null ? null : toIssuer(issuer)],
    // With a slash at its end, so that an owner or a group is the beginning of its repositories.
    ["repository", repository === null ? null : `${toPage(repository)}/`],
    ["repositoryId", repositoryId],
    ["ownerId", ownerId],
    ["workflow", workflow === null ? null : toPage(workflow.replace(/@[^/]*(?:\/.*)?$/, ""))],
    ["ref", ref],
    ["runner", runner?.toLowerCase() ?? null],
    ["visibility", visibility?.toLowerCase() ?? null],
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

/** An issuer as it is indexed: the discovery document may say it with or without a slash at its end. */
export const toIssuer = (issuer: string): string => issuer.replace(/\/$/, "");

/** A URL as it is indexed. Forges ignore case, and old links end in `.git` or a slash. */
export const toPage = (url: string): string => url.replace(/(?:\.git)?\/*$/, "").toLowerCase();

/** The URL of a run as it is indexed. Its attempts are one run. */
export const toRun = (url: string): string => toPage(url).replace(/\/attempts\/\d+$/, "");
