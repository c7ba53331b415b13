// SPDX-License-Identifier: Apache-2.0
// The four kinds of TUF metadata as this service writes them, and a parser that accepts nothing else: clients disagree
// about extra members, fractions of a second and hashes of other kinds.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#file-formats

import { encodeUtf8 } from "../bytes/utf8.ts";
import { isObject, type JsonObject } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { err, ok, type Result } from "../result.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../time.ts";
import { keyIdOf, publicKeyOf, type TufKey } from "./key.ts";

/** The version we write. Clients compare only the major version. */
export const SPEC_VERSION = "1.0.31";

const ROLE_NAMES = ["root", "targets", "snapshot", "timestamp"] as const;
/** A top-level role. */
export type RoleName = (typeof ROLE_NAMES)[number];

// Members have the spec's names. These are types, not interfaces, so that they are canonical values.

/** The keys of a role, and how many of them must sign. */
export type Role = { readonly keyids: readonly string[]; readonly threshold: number };

type Common<T extends RoleName> = {
  readonly _type: T;
  readonly spec_version: string;
  /** 1 or more. */
  readonly version: number;
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly expires: string;
};

/** The keys of every role. */
export type Root = Common<"root"> & {
  readonly consistent_snapshot: true;
  readonly keys: Readonly<Record<string, { readonly [M in keyof TufKey]: TufKey[M] }>>;
  readonly roles: { readonly [R in RoleName]: Role };
};

/** The metadata by which cosign before version 3 and gitsign find a target. */
export type SigstoreCustom = {
  readonly sigstore: {
    readonly status: "Active" | "Expired";
    readonly usage: "Fulcio" | "CTFE" | "Rekor" | "TSA";
    readonly uri?: string;
  };
};

/** Length and hash of a target. */
export type TargetFile = {
  readonly length: number;
  /** Exactly one hash: go-tuf names the file after any of them, Java after the longest. */
  readonly hashes: { readonly sha256: string };
  readonly custom?: SigstoreCustom;
};

/** The files that clients download. */
export type Targets = Common<"targets"> & { readonly targets: Readonly<Record<string, TargetFile>> };

/** The version of the targets metadata. */
export type Snapshot = Common<"snapshot"> & {
  readonly meta: { readonly "targets.json": { readonly version: number } };
};
/** The version of the snapshot. */
export type Timestamp = Common<"timestamp"> & {
  readonly meta: { readonly "snapshot.json": { readonly version: number } };
};

interface SignedOf {
  readonly root: Root;
  readonly targets: Targets;
  readonly snapshot: Snapshot;
  readonly timestamp: Timestamp;
}

interface Signature {
  readonly keyid: string;
  /** Hex of the DER signature. */
  readonly sig: string;
}

/** Metadata with its signatures, verified or not. */
export interface Metadata<S> {
  readonly signatures: readonly Signature[];
  readonly signed: S;
}

/** The text is not metadata of the expected role. */
export interface MetadataError {
  readonly code: "tuf_metadata_invalid";
  /** Completes "1.root.json …". */
  readonly reason: string;
}

/** The most that every client accepts for any metadata except timestamps; ours is a tenth of it. */
const MAX_METADATA_BYTES = 99_000;
const MAX_KEYS = 32;
const MAX_TARGETS = 64;
const HASH = /^[0-9a-f]{64}$/;
const SIGNATURE = /^[0-9a-f]{16,160}$/;
const SPEC_VERSIONS = /^1\.0(\.\d{1,3})?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** Names of targets, which appear in URLs and in file names of clients' caches. */
export const TARGET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const USAGES = ["Fulcio", "CTFE", "Rekor", "TSA"] as const;
const STATUSES = ["Active", "Expired"] as const;

/** Thrown by the functions below and caught by parseMetadata; never leaves this file. */
class MetadataSyntaxError extends Error {}

/** Formats the text that is served, indented for human readers; signatures cover its canonical form. */
export const formatMetadata = <S>({ signatures, signed }: Metadata<S>): string =>
  `${JSON.stringify({ signatures, signed }, null, 2)}\n`;

/** Parses metadata of one role, strictly; verifies no signatures. Fails with tuf_metadata_invalid. */
export function parseMetadata<R extends RoleName>(role: R, text: string): Result<Metadata<SignedOf[R]>, MetadataError> {
  const bytes = encodeUtf8(text);
  if (bytes.length > MAX_METADATA_BYTES) return rejectInvalid(`is longer than ${MAX_METADATA_BYTES} bytes`);
  const json = parseJson(bytes);
  if (!json.ok) return rejectInvalid("is not JSON");
  try {
    const { signatures, signed } = members(json.value, ["signatures", "signed"]);
    return ok({ signatures: readSignatures(signatures), signed: READERS[role](signed) });
  } catch (error) {
    if (error instanceof MetadataSyntaxError) return rejectInvalid(error.message);
    throw error;
  }
}

const rejectInvalid = (reason: string): Result<never, MetadataError> => err({ code: "tuf_metadata_invalid", reason });

/** Returns the time in `expires`, which parseMetadata has checked or formatRfc3339 has written. */
export const expiryOf = ({ expires }: { readonly expires: string }): UnixMs => unixMs(Date.parse(expires));

const READERS: { readonly [R in RoleName]: (value: unknown) => SignedOf[R] } = {
  root: readRoot,
  targets: readTargets,
  snapshot: readSnapshot,
  timestamp: readTimestamp,
};

function readRoot(value: unknown): Root {
  const fields = members(value, [
    "_type",
    "spec_version",
    "version",
    "expires",
    "consistent_snapshot",
    "keys",
    "roles",
  ]);
  check(fields.consistent_snapshot === true, "has no consistent snapshots");
  const keys = Object.fromEntries(entries(fields.keys, MAX_KEYS).map(([keyid, key]) => [keyid, readKey(keyid, key)]));
  const roles = members(fields.roles, ROLE_NAMES);
  const [root, targets, snapshot, timestamp] = ROLE_NAMES.map((name) => readRole(name, roles[name], keys)) as [
    Role,
    Role,
    Role,
    Role,
  ];
  return {
    ...readCommon("root", fields),
    consistent_snapshot: true,
    keys,
    roles: { root, targets, snapshot, timestamp },
  };
}

function readKey(keyid: string, value: unknown): TufKey {
  const { keytype, scheme, keyval } = members(value, ["keytype", "scheme", "keyval"]);
  const { public: pem } = members(keyval, ["public"]);
  check(keytype === "ecdsa" && scheme === "ecdsa-sha2-nistp256", "has a key that is not ECDSA P-256");
  const key = { keytype: "ecdsa", scheme: "ecdsa-sha2-nistp256", keyval: { public: string(pem) } } as const;
  check(publicKeyOf(key) !== null, `key ${keyid} is not a P-256 public key in PEM`);
  check(keyIdOf(key) === keyid, `key ${keyid} is not named by its hash`);
  return key;
}

function readRole(name: RoleName, value: unknown, keys: Root["keys"]): Role {
  const { keyids, threshold } = members(value, ["keyids", "threshold"]);
  const ids = list(keyids, MAX_KEYS).map(string);
  check(new Set(ids).size === ids.length, `names a key of ${name} twice`);
  check(
    ids.every((id) => Object.hasOwn(keys, id)),
    `names a key of ${name} that it does not contain`,
  );
  const needed = readPositive(threshold);
  check(needed <= ids.length, `requires more signatures of ${name} than there are keys`);
  return { keyids: ids, threshold: needed };
}

function readTargets(value: unknown): Targets {
  const fields = members(value, ["_type", "spec_version", "version", "expires", "targets"]);
  const targets = entries(fields.targets, MAX_TARGETS).map(([name, file]) => {
    check(TARGET_NAME.test(name), "has a target whose name is not allowed in a URL");
    return [name, readTargetFile(file)] as const;
  });
  return { ...readCommon("targets", fields), targets: Object.fromEntries(targets) };
}

function readTargetFile(value: unknown): TargetFile {
  const { length, hashes, custom } = members(value, ["length", "hashes"], ["custom"]);
  const { sha256 } = members(hashes, ["sha256"]);
  const file = { length: readPositive(length), hashes: { sha256: readMatching(sha256, HASH) } };
  return custom === undefined ? file : { ...file, custom: readCustom(custom) };
}

function readCustom(value: unknown): SigstoreCustom {
  const { sigstore } = members(value, ["sigstore"]);
  const { status, usage, uri } = members(sigstore, ["status", "usage"], ["uri"]);
  const known = { status: readOneOf(status, STATUSES), usage: readOneOf(usage, USAGES) };
  return { sigstore: uri === undefined ? known : { ...known, uri: string(uri) } };
}

function readSnapshot(value: unknown): Snapshot {
  const fields = members(value, ["_type", "spec_version", "version", "expires", "meta"]);
  const { "targets.json": targets } = members(fields.meta, ["targets.json"]);
  return { ...readCommon("snapshot", fields), meta: { "targets.json": readVersion(targets) } };
}

function readTimestamp(value: unknown): Timestamp {
  const fields = members(value, ["_type", "spec_version", "version", "expires", "meta"]);
  const { "snapshot.json": snapshot } = members(fields.meta, ["snapshot.json"]);
  return { ...readCommon("timestamp", fields), meta: { "snapshot.json": readVersion(snapshot) } };
}

const readVersion = (value: unknown): { readonly version: number } => ({
  version: readPositive(members(value, ["version"]).version),
});

function readCommon<T extends RoleName>(
  type: T,
  fields: Readonly<Record<"_type" | "spec_version" | "version" | "expires", unknown>>,
): Common<T> {
  check(fields["_type"] === type, `is not ${type} metadata`);
  const specVersion = readMatching(fields.spec_version, SPEC_VERSIONS);
  const expires = readMatching(fields.expires, TIME);
  const time = Date.parse(expires);
  check(
    Number.isFinite(time) && time >= 0 && formatRfc3339(unixMs(time)) === expires,
    "expires at a time that does not exist",
  );
  return { _type: type, spec_version: specVersion, version: readPositive(fields.version), expires };
}

function readSignatures(value: unknown): readonly Signature[] {
  const signatures = list(value, MAX_KEYS).map((item) => {
    const { keyid, sig } = members(item, ["keyid", "sig"]);
    return { keyid: readMatching(keyid, HASH), sig: readMatching(sig, SIGNATURE) };
  });
  check(new Set(signatures.map(({ keyid }) => keyid)).size === signatures.length, "is signed twice by one key");
  return signatures;
}

function members<N extends string, O extends string = never>(
  value: unknown,
  required: readonly N[],
  optional: readonly O[] = [],
): Readonly<Record<N, unknown> & Partial<Record<O, unknown>>> {
  const names = Object.keys(object(value));
  const missing = required.find((name) => !names.includes(name));
  check(missing === undefined, `has no ${missing}`);
  const unknown = names.find((name) => ![...required, ...optional].includes(name as N | O));
  check(unknown === undefined, "has an unknown member");
  return value as Readonly<Record<N, unknown> & Partial<Record<O, unknown>>>;
}

function entries(value: unknown, max: number): readonly (readonly [string, unknown])[] {
  const all = Object.entries(object(value));
  check(all.length <= max, `has more than ${max} members in an object`);
  return all;
}

function object(value: unknown): JsonObject {
  if (!isObject(value)) throw new MetadataSyntaxError("has another value where an object is expected");
  return value;
}

function list(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > max) {
    throw new MetadataSyntaxError(`has no list of 1 to ${max} items where one is expected`);
  }
  return value;
}

function string(value: unknown): string {
  if (typeof value !== "string") throw new MetadataSyntaxError("has another value where a string is expected");
  return value;
}

function readMatching(value: unknown, pattern: RegExp): string {
  const text = string(value);
  check(pattern.test(text), "has a string of the wrong form");
  return text;
}

function readOneOf<T extends string>(value: unknown, known: readonly T[]): T {
  const found = known.find((item) => item === value);
  if (found === undefined) throw new MetadataSyntaxError(`has a string other than ${known.join(" or ")}`);
  return found;
}

function readPositive(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw new MetadataSyntaxError("has another value where a positive integer is expected");
  }
  return value;
}

function check(condition: boolean, reason: string): void {
  if (!condition) throw new MetadataSyntaxError(reason);
}
