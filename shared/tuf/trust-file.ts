// SPDX-License-Identifier: Apache-2.0
// The offline half of TUF repositories in one JSON file that is deployed with the Worker: for each deployment, under
// its PUBLIC_URL, every root ever published, the newest targets metadata, and the files that it names. All of it is
// public and signed offline. Metadata and files are texts, so that they are served byte for byte as they were signed.
//   { "https://sigstore.example.com":
//       { "roots": [1.root.json, 2.root.json, …], "targets": N.targets.json, "files": { name: text } } }

import { encodeUtf8 } from "../bytes/utf8.ts";
import { hasTextMembers, isObject, isTexts } from "../json/member.ts";
import { err, ok, type Result } from "../result.ts";
import { type Metadata, parseMetadata, type Root, TARGET_NAME, type Targets } from "./metadata.ts";
import { meetsThreshold } from "./signing.ts";
import { targetFileOf } from "./target-files.ts";

/** The texts of one deployment. */
export interface OfflineTexts {
  /** From version 1 on, without gaps. */
  readonly roots: readonly string[];
  readonly targets: string;
  /** Target files by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Deployments by PUBLIC_URL. */
export type TrustFile = Readonly<Record<string, OfflineTexts>>;

/** The same texts, parsed and verified from the first root to the last file. */
export interface OfflineRepository {
  readonly texts: OfflineTexts;
  /** The newest root. */
  readonly root: Metadata<Root>;
  readonly targets: Metadata<Targets>;
}

/** The trust file is not usable for a deployment. */
export interface OfflineError {
  readonly code: "offline_repository_invalid";
  /** A sentence: which document is wrong, and how. */
  readonly reason: string;
}

/** Yearly roots for a century, and as many rotations again. */
const MAX_ROOTS = 256;
const MAX_FILES = 64;
/** A row of a Durable Object holds 2 MB; a trusted root has about ten kilobytes. */
const MAX_FILE_BYTES = 1_000_000;

const fail = (reason: string): Result<never, OfflineError> => err({ code: "offline_repository_invalid", reason });

/** Returns a deployment's texts in a trust file, or null if it has none. Checks only their form. */
export function textsIn(trustFile: unknown, publicUrl: string): Result<OfflineTexts | null, OfflineError> {
  if (!isObject(trustFile)) return fail("The trust file is not a JSON object with a member per PUBLIC_URL.");
  if (!Object.hasOwn(trustFile, publicUrl)) return ok(null);
  const entry = trustFile[publicUrl];
  if (!isObject(entry)) return fail(`The trust file has no object for ${publicUrl}.`);
  const { roots, targets, files, ...others } = entry;
  const isKnown = Object.keys(others).length === 0;
  if (!isKnown || !isTexts(roots) || typeof targets !== "string" || !hasTextMembers(files)) {
    return fail(`The trust file must have roots, targets and files for ${publicUrl}, all of them strings.`);
  }
  if (roots.length === 0 || roots.length > MAX_ROOTS) return fail(`The trust file must have 1 to ${MAX_ROOTS} roots.`);
  if (Object.keys(files).length > MAX_FILES) return fail(`The trust file has more than ${MAX_FILES} target files.`);
  return ok({ roots, targets, files });
}

/**
 * Verifies everything like a client that starts from root 1: each root is signed as its predecessor and itself require,
 * the targets as the newest root requires, and every file has the length and hash in the targets; no file is left over.
 * Does not check expiry; shared/trust/expiry.ts reports it. Fails with offline_repository_invalid.
 * @param knownRoots how many of the first roots were verified before, byte for byte; their signatures are not checked
 * again
 */
export function openOffline(texts: OfflineTexts, knownRoots = 0): Result<OfflineRepository, OfflineError> {
  const root = openRoots(texts.roots, knownRoots);
  if (!root.ok) return root;
  const targets = parseMetadata("targets", texts.targets);
  if (!targets.ok) return fail(`The targets metadata ${targets.error.reason}.`);
  const { keys, roles } = root.value.signed;
  if (!meetsThreshold(targets.value, roles.targets, keys)) {
    const { keyids, threshold } = roles.targets;
    return fail(`The targets metadata is not signed by ${threshold} of the ${keyids.length} keys that the root names.`);
  }
  const problem = fileProblem(targets.value.signed, texts.files);
  return problem === null ? ok({ texts, root: root.value, targets: targets.value }) : fail(problem);
}

function openRoots(texts: readonly string[], knownRoots: number): Result<Metadata<Root>, OfflineError> {
  let newest: Metadata<Root> | null = null;
  for (const [i, text] of texts.entries()) {
    const name = `${i + 1}.root.json`;
    const parsed = parseMetadata("root", text);
    if (!parsed.ok) return fail(`${name} ${parsed.error.reason}.`);
    const problem = rootProblem(parsed.value, newest, { version: i + 1, isKnown: i < knownRoots });
    if (problem !== null) return fail(`${name} ${problem}.`);
    newest = parsed.value;
  }
  return newest === null ? fail("There is no root.") : ok(newest);
}

interface RootPlace {
  readonly version: number;
  readonly isKnown: boolean;
}

function rootProblem(
  root: Metadata<Root>,
  before: Metadata<Root> | null,
  { version, isKnown }: RootPlace,
): string | null {
  if (root.signed.version !== version) return `is version ${root.signed.version}`;
  // The online roles sign with one key, so a higher threshold could never be met.
  const { snapshot, timestamp } = root.signed.roles;
  if (snapshot.threshold !== 1 || timestamp.threshold !== 1)
    return "requires more than one signature of an online role";
  if (isKnown) return null;
  if (!meetsThreshold(root, root.signed.roles.root, root.signed.keys))
    return "is not signed by enough of its own root keys";
  return before === null || meetsThreshold(root, before.signed.roles.root, before.signed.keys)
    ? null
    : "is not signed by enough root keys of the version before";
}

function fileProblem({ targets }: Targets, files: OfflineTexts["files"]): string | null {
  const extra = Object.keys(files).find((name) => !Object.hasOwn(targets, name));
  if (extra !== undefined)
    return `The targets metadata does not name the file ${TARGET_NAME.test(extra) ? extra : "(unnamed)"}.`;
  for (const [name, { length, hashes }] of Object.entries(targets)) {
    const text = files[name];
    if (text === undefined) return `The target file ${name} is missing.`;
    if (encodeUtf8(text).length > MAX_FILE_BYTES)
      return `The target file ${name} has more than ${MAX_FILE_BYTES} bytes.`;
    const found = targetFileOf({ text, custom: null });
    if (found.length !== length || found.hashes.sha256 !== hashes.sha256) {
      return `The target file ${name} is not the one that was signed.`;
    }
  }
  return null;
}
