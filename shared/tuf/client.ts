// SPDX-License-Identifier: Apache-2.0
// A TUF client: from a pinned root to a target. It reads through a port, and takes the time as a parameter. What one
// update has seen binds the next, so the files of a repository cannot go back while the state is kept.
// Reads only what this service writes (metadata.ts).
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#detailed-client-workflow

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { decodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";
import { formatRfc3339, type UnixMs } from "../time.ts";
import {
  expiryOf,
  type Metadata,
  parseMetadata,
  type Role,
  type RoleName,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "./metadata.ts";
import { meetsThreshold } from "./signing.ts";
import { targetPath } from "./target-files.ts";

/** Reads a file of the repository, by its path below the repository's address. */
export interface RepositoryReader {
  /** Null if there is no such file. Rejects if it cannot be read, or has more than `maxBytes`. */
  readonly read: (path: string, maxBytes: number) => Promise<Uint8Array | null>;
}

/** The newest metadata that the client has verified; null for roles that it has not seen. */
export interface TrustedMetadata {
  readonly root: Root;
  readonly timestamp: Timestamp | null;
  readonly snapshot: Snapshot | null;
  readonly targets: Targets | null;
}

/** The repository is not one that the client may believe. */
export interface TufClientError {
  readonly code: "tuf_repository_rejected";
  /** A sentence without a period: which file is wrong, and how. */
  readonly reason: string;
}

/** The result of an update: what was verified is kept, also if a later file was wrong. */
export interface Update {
  readonly trusted: TrustedMetadata;
  /** Null if the update is complete. */
  readonly problem: TufClientError | null;
}

/** Metadata longer than this is not parsed. */
const MAX_METADATA_BYTES = 100_000;
/** The trusted root has about ten kilobytes. */
const MAX_TARGET_BYTES = 1024 * 1024;
/** §5.3.3 asks for a bound. A root a year, and as many rotations. */
const MAX_ROOT_STEPS = 256;

/** Ends an update; caught in updateTuf and readTarget. */
class Rejected extends Error {}

function reject(reason: string): never {
  throw new Rejected(reason);
}

/** Begins with a root that the caller trusts for other reasons (§5.2). Its expiry does not matter. */
export function trustRoot(text: string): Result<TrustedMetadata, TufClientError> {
  const parsed = parseMetadata("root", text);
  if (!parsed.ok) return rejectWith(`the pinned root ${parsed.error.reason}`);
  const root = parsed.value;
  return meetsThreshold(root, root.signed.roles.root, root.signed.keys)
    ? ok({ root: root.signed, timestamp: null, snapshot: null, targets: null })
    : rejectWith("the pinned root is not signed by enough of its own keys");
}

const rejectWith = (reason: string): Result<never, TufClientError> => err({ code: "tuf_repository_rejected", reason });

/** Updates all roles (§5.3 to §5.6). Rejects only if the reader does. @param now the time at which the update begins */
export async function updateTuf(trusted: TrustedMetadata, reader: RepositoryReader, now: UnixMs): Promise<Update> {
  let state = trusted;
  try {
    for (const { role, follow } of STEPS) {
      for await (const next of follow(state, reader)) state = next;
      const problem = expiryProblem(state[role], now);
      if (problem !== null) reject(problem);
    }
    return { trusted: state, problem: null };
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return { trusted: state, problem: { code: "tuf_repository_rejected", reason: error.message } };
  }
}

/** Yields each state that is verified. */
type Step = (trusted: TrustedMetadata, reader: RepositoryReader) => AsyncGenerator<TrustedMetadata, void>;

const STEPS: readonly { readonly role: RoleName; readonly follow: Step }[] = [
  { role: "root", follow: followRoots },
  { role: "timestamp", follow: followTimestamp },
  { role: "snapshot", follow: followSnapshot },
  { role: "targets", follow: followTargets },
];

/** §5.3: each root is signed as its predecessor and itself require, and is the next in number. */
async function* followRoots(trusted: TrustedMetadata, reader: RepositoryReader): AsyncGenerator<TrustedMetadata, void> {
  let state = trusted;
  for (let step = 0; step < MAX_ROOT_STEPS; step++) {
    const version = state.root.version + 1;
    const name = `${version}.root.json`;
    const root = await readMetadata(reader, "root", name);
    if (root === null) return;
    requireSignatures(root, state.root, "root", name);
    requireSignatures(root, root.signed, "root", name);
    if (root.signed.version !== version) reject(`${name} is version ${root.signed.version}`);
    state = withRoot(state, root.signed);
    yield state;
  }
  reject(`there are more than ${MAX_ROOT_STEPS} new roots`);
}

const withRoot = (trusted: TrustedMetadata, root: Root): TrustedMetadata =>
  onlineKeysOf(trusted.root) === onlineKeysOf(root) ? { ...trusted, root } : { ...trusted, root, ...FORGOTTEN };

/** §5.3.11: with other keys, versions begin anew, so that a stolen key cannot hold clients back with a high one. */
const FORGOTTEN = { timestamp: null, snapshot: null } as const;

const onlineKeysOf = ({ roles }: Root): string =>
  JSON.stringify([roles.timestamp, roles.snapshot].map(({ keyids, threshold }) => [keyids.toSorted(), threshold]));

/** §5.4. */
async function* followTimestamp(
  trusted: TrustedMetadata,
  reader: RepositoryReader,
): AsyncGenerator<TrustedMetadata, void> {
  const name = "timestamp.json";
  const { signed } = await requireMetadata(reader, "timestamp", name, trusted.root);
  const before = trusted.timestamp;
  if (before !== null) {
    requireNotOlder(name, signed.version, before.version);
    requireNotOlder(`the snapshot in ${name}`, snapshotVersionIn(signed), snapshotVersionIn(before));
    if (signed.version === before.version) return;
  }
  yield { ...trusted, timestamp: signed };
}

const snapshotVersionIn = ({ meta }: Timestamp): number => meta["snapshot.json"].version;
const targetsVersionIn = ({ meta }: Snapshot): number => meta["targets.json"].version;

/** §5.5. */
async function* followSnapshot(
  trusted: TrustedMetadata,
  reader: RepositoryReader,
): AsyncGenerator<TrustedMetadata, void> {
  const { timestamp, snapshot: before, root } = trusted;
  if (timestamp === null) return;
  const version = snapshotVersionIn(timestamp);
  const name = `${version}.snapshot.json`;
  const { signed } = await requireMetadata(reader, "snapshot", name, root);
  if (signed.version !== version) reject(`${name} is version ${signed.version}`);
  if (before !== null) requireNotOlder(`the targets in ${name}`, targetsVersionIn(signed), targetsVersionIn(before));
  yield { ...trusted, snapshot: signed };
}

/** §5.6. */
async function* followTargets(
  trusted: TrustedMetadata,
  reader: RepositoryReader,
): AsyncGenerator<TrustedMetadata, void> {
  const { snapshot, root } = trusted;
  if (snapshot === null) return;
  const version = targetsVersionIn(snapshot);
  const name = `${version}.targets.json`;
  const { signed } = await requireMetadata(reader, "targets", name, root);
  if (signed.version !== version) reject(`${name} is version ${signed.version}`);
  yield { ...trusted, targets: signed };
}

/** Names the trusted metadata that has expired, without a period; null if none has. */
export function findExpired(trusted: TrustedMetadata, now: UnixMs): string | null {
  return STEPS.map(({ role }) => expiryProblem(trusted[role], now)).find((problem) => problem !== null) ?? null;
}

function expiryProblem(signed: TrustedMetadata[RoleName], now: UnixMs): string | null {
  if (signed === null || now < expiryOf(signed)) return null;
  return `the ${signed["_type"]} metadata of version ${signed.version} expired at ${formatRfc3339(expiryOf(signed))}; this computer’s clock says ${formatRfc3339(now)}`;
}

/** Reads a target by its name (§5.7). Rejects only if the reader does. */
export async function readTarget(
  { targets }: TrustedMetadata,
  reader: RepositoryReader,
  name: string,
): Promise<Result<Uint8Array, TufClientError>> {
  const file = targets !== null && Object.hasOwn(targets.targets, name) ? targets.targets[name] : undefined;
  if (file === undefined) return rejectWith(`the targets have no ${name}`);
  if (file.length > MAX_TARGET_BYTES) return rejectWith(`${name} has more than ${MAX_TARGET_BYTES} bytes`);
  const bytes = await reader.read(targetPath(name, file), file.length);
  if (bytes === null) return rejectWith(`the file ${name} is missing`);
  return bytes.length === file.length && encodeHex(sha256(bytes)) === file.hashes.sha256
    ? ok(bytes)
    : rejectWith(`${name} is not the file that was signed`);
}

type SignedOf<R extends RoleName> = Extract<ReturnType<typeof parseMetadata<R>>, { ok: true }>["value"];

async function readMetadata<R extends RoleName>(
  reader: RepositoryReader,
  role: R,
  name: string,
): Promise<SignedOf<R> | null> {
  const bytes = await reader.read(name, MAX_METADATA_BYTES);
  if (bytes === null) return null;
  const text = decodeUtf8(bytes);
  const parsed = text.ok ? parseMetadata(role, text.value) : text;
  if (parsed.ok) return parsed.value;
  return reject(`${name} ${"reason" in parsed.error ? parsed.error.reason : "is not text"}`);
}

/** A file that has to be there, signed as the root requires. */
async function requireMetadata<R extends Exclude<RoleName, "root">>(
  reader: RepositoryReader,
  role: R,
  name: string,
  root: Root,
): Promise<SignedOf<R>> {
  const metadata = (await readMetadata(reader, role, name)) ?? reject(`${name} is missing`);
  requireSignatures(metadata, root, role, name);
  return metadata;
}

function requireSignatures(
  metadata: Metadata<Root | Timestamp | Snapshot | Targets>,
  { roles, keys }: Root,
  role: RoleName,
  name: string,
): void {
  const { threshold }: Role = roles[role];
  if (!meetsThreshold(metadata, roles[role], keys)) {
    reject(`${name} is not signed by ${threshold} of the keys that the root names for ${role}`);
  }
}

function requireNotOlder(what: string, version: number, before: number): void {
  if (version < before) reject(`${what} went back from version ${before} to ${version}`);
}
