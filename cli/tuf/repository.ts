// SPDX-License-Identifier: Apache-2.0
// Creates and changes the offline half of a TUF repository. Every function takes texts and keys and gives the new
// texts of a trust file (trust-file.ts), which a client would accept. Does no input or output.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#key-management-and-migration

import { err, ok, type Result } from "../../shared/result.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../../shared/time.ts";
import { keyIdOf, type TufKey } from "../../shared/tuf/key.ts";
import { formatMetadata, type Role, type Root, SPEC_VERSION, type Targets } from "../../shared/tuf/metadata.ts";
import { meetsThreshold, signMetadata } from "../../shared/tuf/signing.ts";
import { type TargetDocuments, targetFileOf } from "../../shared/tuf/target-files.ts";
import { type OfflineRepository, type OfflineTexts, openOffline } from "../../shared/tuf/trust-file.ts";
import { unreachable } from "../../shared/unreachable.ts";
import type { OfflineKey } from "./keys.ts";

/** Root and targets expire after a year, so each must be signed at least once a year. */
export const OFFLINE_LIFETIME_MS = 365 * 24 * 3_600_000;

/** The keys of a role, and how many of them must sign. */
interface RoleKeys {
  readonly keys: readonly TufKey[];
  /** 1 to the number of keys. */
  readonly threshold: number;
}

/** A repository to create. */
export interface NewRepository {
  readonly root: RoleKeys;
  readonly targets: RoleKeys;
  /** The key of snapshot and timestamp: the public half of TUF_KEY. */
  readonly online: TufKey;
  readonly documents: TargetDocuments;
  /** Enough root and targets keys; other keys are ignored. */
  readonly signers: readonly OfflineKey[];
  readonly now: UnixMs;
}

/** The keys that a new root changes; an absent role keeps its keys. */
export interface KeyChange {
  readonly root?: RoleKeys;
  readonly targets?: RoleKeys;
  readonly online?: TufKey;
}

export type RepositoryError =
  /** Too few of the given keys may sign for the role of the new root, or of the root before it if `previous`. */
  | {
      readonly code: "tuf_signers_missing";
      readonly role: "root" | "targets";
      readonly previous: boolean;
      readonly needed: number;
    }
  | { readonly code: "tuf_role_invalid"; readonly role: "root" | "targets" }
  /** The repository was not valid before the change. */
  | { readonly code: "tuf_repository_invalid"; readonly reason: string };

type Edited = Result<OfflineTexts, RepositoryError>;

/** Creates version 1 of every document. Fails with tuf_role_invalid, tuf_signers_missing. */
export function createRepository({ root, targets, online, documents, signers, now }: NewRepository): Edited {
  const wrong = findWrongRole({ root, targets });
  if (wrong !== null) return err(wrong);
  const signed = createRoot(1, { root, targets, online }, now);
  const rootText = signRoot(signed, null, signers);
  if (!rootText.ok) return rootText;
  return withTargets({ roots: [rootText.value], root: signed }, createTargets(1, documents, now), {
    documents,
    signers,
  });
}

/** New targets, and the keys that sign them. */
export interface TargetsUpdate {
  readonly documents: TargetDocuments;
  readonly signers: readonly OfflineKey[];
  readonly now: UnixMs;
}

/**
 * Signs the next version of the targets, for exactly these documents. Fails with tuf_repository_invalid,
 * tuf_signers_missing.
 */
export function publishTargets(texts: OfflineTexts, { documents, signers, now }: TargetsUpdate): Edited {
  const current = open(texts);
  if (!current.ok) return current;
  const { root, targets } = current.value;
  const next = createTargets(targets.signed.version + 1, documents, now);
  return withTargets({ roots: texts.roots, root: root.signed }, next, { documents, signers });
}

/** A change of keys, and the keys that sign it. */
export interface KeyRotation {
  /** Empty for a new root with the same keys. */
  readonly change: KeyChange;
  /** Enough root keys of the version before and of the new one and, if the targets keys change, enough targets keys. */
  readonly signers: readonly OfflineKey[];
  readonly now: UnixMs;
}

/**
 * Signs the next root with the former and the new root keys and, if the targets keys change, the next targets as well.
 * Fails with tuf_repository_invalid, tuf_role_invalid, tuf_signers_missing.
 */
export function rotateKeys(texts: OfflineTexts, { change, signers, now }: KeyRotation): Edited {
  const current = open(texts);
  if (!current.ok) return current;
  const wrong = findWrongRole(change);
  if (wrong !== null) return err(wrong);
  const { root, targets } = current.value;
  const signed = createRoot(root.signed.version + 1, { ...keysOf(root.signed), ...change }, now);
  const rootText = signRoot(signed, root.signed, signers);
  if (!rootText.ok) return rootText;
  const next = { ...texts, roots: [...texts.roots, rootText.value] };
  return change.targets === undefined
    ? ok(next)
    : resignTargets(next, signed, { targets: targets.signed, signers, now });
}

/** The roles to extend, and the keys that sign them. */
export interface Extension {
  readonly roles: readonly ("root" | "targets")[];
  readonly signers: readonly OfflineKey[];
  readonly now: UnixMs;
}

/**
 * Signs the same content as the next version with a new expiry. Fails with tuf_repository_invalid,
 * tuf_signers_missing.
 */
export function extendExpiry(texts: OfflineTexts, { roles, signers, now }: Extension): Edited {
  const extended: Edited = roles.includes("root") ? rotateKeys(texts, { change: {}, signers, now }) : ok(texts);
  if (!extended.ok) return extended;
  const current = open(extended.value);
  if (!current.ok) return current;
  const { root, targets } = current.value;
  if (!roles.includes("targets")) return extended;
  return resignTargets(extended.value, root.signed, { targets: targets.signed, signers, now });
}

/** Describes an error in a line for the operator. */
export function describeRepositoryError(error: RepositoryError): string {
  switch (error.code) {
    case "tuf_signers_missing": {
      const whose = error.previous ? "the root before" : `the ${error.role} role`;
      return `${error.needed} ${error.needed === 1 ? "key" : "keys"} of ${whose} must sign; give more key files`;
    }
    case "tuf_role_invalid":
      return `the ${error.role} role must have distinct keys, and a threshold between 1 and their number`;
    case "tuf_repository_invalid":
      return `the TUF repository is not valid: ${error.reason}`;
    default:
      return unreachable(error);
  }
}

function open(texts: OfflineTexts): Result<OfflineRepository, RepositoryError> {
  const repository = openOffline(texts);
  return repository.ok ? repository : err({ code: "tuf_repository_invalid", reason: repository.error.reason });
}

interface Roots {
  readonly roots: readonly string[];
  /** The newest. */
  readonly root: Root;
}

/** The repository with other targets and files. */
function withTargets(
  { roots, root }: Roots,
  targets: Targets,
  { documents, signers }: Pick<TargetsUpdate, "documents" | "signers">,
): Edited {
  const text = signTargets(targets, root, signers);
  if (!text.ok) return text;
  const files = Object.fromEntries(Object.entries(documents).map(([name, document]) => [name, document.text]));
  const texts = { roots, targets: text.value, files };
  const repository = open(texts);
  return repository.ok ? ok(texts) : repository;
}

interface Resigning {
  readonly targets: Targets;
  readonly signers: readonly OfflineKey[];
  readonly now: UnixMs;
}

/** Signs the same targets for another year. */
function resignTargets(texts: OfflineTexts, root: Root, { targets, signers, now }: Resigning): Edited {
  const text = signTargets({ ...targets, version: targets.version + 1, expires: expiry(now) }, root, signers);
  return text.ok ? ok({ ...texts, targets: text.value }) : text;
}

function signTargets(
  targets: Targets,
  { roles, keys }: Root,
  signers: readonly OfflineKey[],
): Result<string, RepositoryError> {
  const metadata = signMetadata(targets, signersOf(signers, [roles.targets]));
  if (meetsThreshold(metadata, roles.targets, keys)) return ok(formatMetadata(metadata));
  return err({ code: "tuf_signers_missing", role: "targets", previous: false, needed: roles.targets.threshold });
}

/** Signs a root with the root keys of both versions, as clients verify each root with the one before it. */
function signRoot(root: Root, before: Root | null, signers: readonly OfflineKey[]): Result<string, RepositoryError> {
  const versions = before === null ? [root] : [before, root];
  const metadata = signMetadata(
    root,
    signersOf(
      signers,
      versions.map(({ roles }) => roles.root),
    ),
  );
  const short = versions.find(({ roles, keys }) => !meetsThreshold(metadata, roles.root, keys));
  if (short === undefined) return ok(formatMetadata(metadata));
  const needed = short.roles.root.threshold;
  return err({ code: "tuf_signers_missing", role: "root", previous: short === before, needed });
}

/** The signers that belong to one of the roles, each once. */
function signersOf(signers: readonly OfflineKey[], roles: readonly Role[]): readonly OfflineKey[] {
  const ids = new Set(roles.flatMap(({ keyids }) => keyids));
  return [...new Map(signers.map((signer) => [signer.keyId, signer])).values()].filter(({ keyId }) => ids.has(keyId));
}

function createRoot(version: number, { root, targets, online }: Required<KeyChange>, now: UnixMs): Root {
  const keys = [...root.keys, ...targets.keys, online].map((key) => [keyIdOf(key), { ...key }] as const);
  const onlineRole = { keyids: [keyIdOf(online)], threshold: 1 };
  return {
    _type: "root",
    spec_version: SPEC_VERSION,
    version,
    expires: expiry(now),
    consistent_snapshot: true,
    keys: Object.fromEntries(keys),
    roles: { root: roleOf(root), targets: roleOf(targets), snapshot: onlineRole, timestamp: onlineRole },
  };
}

const roleOf = ({ keys, threshold }: RoleKeys): Role => ({ keyids: keys.map(keyIdOf), threshold });

function createTargets(version: number, documents: TargetDocuments, now: UnixMs): Targets {
  const targets = Object.entries(documents).map(([name, document]) => [name, targetFileOf(document)] as const);
  return {
    _type: "targets",
    spec_version: SPEC_VERSION,
    version,
    expires: expiry(now),
    targets: Object.fromEntries(targets),
  };
}

/** The keys of a root by role. */
export function keysOf({ keys, roles }: Root): Required<KeyChange> {
  const roleKeysOf = ({ keyids, threshold }: Role): RoleKeys => ({
    keys: keyids.flatMap((id) => keys[id] ?? []),
    threshold,
  });
  const [online] = roleKeysOf(roles.timestamp).keys;
  if (online === undefined) throw new TypeError("the root has no timestamp key");
  return { root: roleKeysOf(roles.root), targets: roleKeysOf(roles.targets), online };
}

function findWrongRole({ root, targets }: KeyChange): RepositoryError | null {
  if (root !== undefined && !isPossible(root)) return { code: "tuf_role_invalid", role: "root" };
  return targets === undefined || isPossible(targets) ? null : { code: "tuf_role_invalid", role: "targets" };
}

const isPossible = ({ keys, threshold }: RoleKeys): boolean =>
  Number.isSafeInteger(threshold) &&
  threshold >= 1 &&
  threshold <= keys.length &&
  new Set(keys.map(keyIdOf)).size === keys.length;

const expiry = (now: UnixMs): string => formatRfc3339(unixMs(now + OFFLINE_LIFETIME_MS));
