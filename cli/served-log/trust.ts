// SPDX-License-Identifier: Apache-2.0
// The keys that an audit trusts: those of the caller, those of a trusted root, or those that an earlier audit pinned.
// Spec: https://c2sp.org/signed-note#verifier-keys

import { parsePublicKey } from "../../shared/crypto/public-key.ts";
import { checkpointVerifier } from "../../shared/ct/tree-head.ts";
import { LOG_KIND_NAMES, LOG_KINDS, type LogKind } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { formatVkey, NOTE_COSIGNATURE } from "../../shared/tlog/note.ts";
import type { NoteVerifier } from "../../shared/tlog/verify-note.ts";
import { parseVkey, vkeyId } from "../../shared/tlog/vkey.ts";
import { readPrefixes } from "./paths.ts";
import type { LogInstance, TrustedRoot } from "./trusted-root.ts";

/** A log as its keys describe it. */
export interface TrustedLog {
  /** The URL at which it is read, without a trailing slash. */
  readonly url: string;
  readonly kind: LogKind;
  readonly origin: string;
  readonly vkeys: readonly string[];
  /** Whether every entry must be one of Rekor's kinds: true if a trusted root lists this as a signature log. */
  readonly isRekor: boolean;
}

/** Makes verifiers of these keys. The error names the key that cannot be used. */
export function verifiersOf(vkeys: readonly string[]): Result<readonly NoteVerifier[], string> {
  const verifiers: NoteVerifier[] = [];
  for (const text of vkeys) {
    const vkey = parseVkey(text);
    const verifier = vkey.ok ? checkpointVerifier(vkey.value) : vkey;
    if (!verifier.ok) return err(`${text} is not a verifier key: ${VKEY_PROBLEMS[verifier.error.code]}`);
    verifiers.push(verifier.value);
  }
  return ok(verifiers);
}

const VKEY_PROBLEMS = {
  vkey_invalid: "give it as <name>+<8 hex digits>+<base64>",
  vkey_type_unknown:
    "its type must be 01 (Ed25519), 02 (ECDSA), 04 (cosignature) or 05 (certificate log) or, with Node 24, 06 (ML-DSA-44)",
  vkey_id_wrong: "its id does not match its name and key",
} as const;

/**
 * Describes a log by its verifier keys, whose name is its origin. Without `kind`, a key that only one kind has decides.
 * The error is a line for the operator.
 */
export function logOfVkeys(url: string, vkeys: readonly string[], kind: LogKind | null): Result<TrustedLog, string> {
  const verifiers = verifiersOf(vkeys);
  if (!verifiers.ok) return verifiers;
  const keys = verifiers.value.map(({ vkey }) => vkey);
  const witness = keys.findIndex(({ type }) => type === NOTE_COSIGNATURE);
  if (witness >= 0) return err(`${vkeys[witness]} is the key of a witness; give it with --witness`);
  const names = [...new Set(keys.map(({ name }) => name))];
  const [origin = "", another] = names;
  if (another !== undefined) return err(`the keys belong to different logs: ${names.join(", ")}`);
  const byType = LOG_KIND_NAMES.find((one) => keys.some(({ type }) => type === LOG_KINDS[one].ownCheckpointType));
  const known = byType ?? findKindAt(url, origin);
  const chosen = kind ?? known ?? FIRST_KIND;
  return ok({ url, kind: chosen, origin: originOfSigner(url, chosen, origin), vkeys, isRekor: false });
}

/** The kind of a log of Sigedge, whose path tells it; null if the path is no kind's, or the keys have another name. */
function findKindAt(url: string, name: string): LogKind | null {
  const path = URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, "") : "";
  const isAt = ({ basePath, originOf, signerNameOf }: (typeof LOG_KINDS)[LogKind]): boolean =>
    basePath === path && signerNameOf(originOf(url)) === name;
  return path === "" ? null : (LOG_KIND_NAMES.find((kind) => isAt(LOG_KINDS[kind])) ?? null);
}

/** The origin that a log of this kind has at a URL, if its keys have that origin's name; otherwise their own name. */
function originOfSigner(url: string, kind: LogKind, name: string): string {
  const { originOf, signerNameOf } = LOG_KINDS[kind];
  const origin = URL.canParse(url) ? originOf(url) : name;
  return signerNameOf(origin) === name ? origin : name;
}

/** The kind of a log about which nothing is known but keys that several kinds have. */
const FIRST_KIND: LogKind = "signature";

/**
 * Describes a log by the trusted root that lists its URL. With `kind`, the URL of a service selects the log of that
 * kind below it. The error is a line for the operator.
 */
export function logOfTrustedRoot(url: string, root: TrustedRoot, kind: LogKind | null): Result<TrustedLog, string> {
  for (const one of kind === null ? LOG_KIND_NAMES : [kind]) {
    const listed = root.logs[one].filter(({ baseUrl }) => readUrls(baseUrl, one).includes(url));
    if (listed.length > 0) return toLog(url, one, listed);
  }
  if (kind === null) return err(NOT_LISTED);
  const below = root.logs[kind].filter(({ baseUrl }) => baseUrl.startsWith(`${url}/`));
  const urls = [...new Set(below.map(({ baseUrl }) => baseUrl))];
  if (urls.length > 1) return err(`there are several ${kind} logs below this URL: ${urls.join(", ")}`);
  return toLog(urls[0] ?? url, kind, below);
}

/** A log of a trusted root, or why it cannot be read. */
export interface ListedLog {
  readonly url: string;
  readonly kind: LogKind;
  readonly log: Result<TrustedLog, string>;
  /** When the trust in its last key ends, in ms; null without an end. */
  readonly end: number | null;
}

/** Every log of a trusted root: several keys of one URL are one log. */
export function listTrustedLogs(root: TrustedRoot): readonly ListedLog[] {
  return LOG_KIND_NAMES.flatMap((kind) => {
    const urls = [...new Set(root.logs[kind].map(({ baseUrl }) => baseUrl))];
    return urls.map((url) => {
      const instances = root.logs[kind].filter(({ baseUrl }) => baseUrl === url);
      const ends = instances.map(({ end }) => end ?? Number.POSITIVE_INFINITY);
      const end = Math.max(...ends);
      return { url, kind, log: toLog(url, kind, instances), end: end === Number.POSITIVE_INFINITY ? null : end };
    });
  });
}

const NOT_LISTED = "the trusted root lists no log with this URL";

/** The URLs at which a log is read: the one in a trusted root, and others below the same host. */
function readUrls(baseUrl: string, kind: LogKind): readonly string[] {
  const prefixes = readPrefixes(kind).filter((prefix) => prefix !== LOG_KINDS[kind].basePath);
  return [baseUrl, ...prefixes.map((prefix) => `${baseUrl}${prefix}`)];
}

function toLog(url: string, kind: LogKind, instances: readonly LogInstance[]): Result<TrustedLog, string> {
  const [first] = instances;
  if (first === undefined) return err(NOT_LISTED);
  const origin = LOG_KINDS[kind].originOf(first.baseUrl);
  const vkeys = instances.map(({ spki }) => toVkey(kind, origin, spki)).filter((vkey) => vkey !== null);
  if (vkeys.length === 0) return err("the trusted root has no key of this log that signs checkpoints");
  return ok({ url, kind, origin, vkeys, isRekor: LOG_KINDS[kind].isRekor });
}

/** The verifier key of a log whose trusted root has this key; null if a key of its type signs no checkpoints. */
export function toVkey(kind: LogKind, origin: string, spki: Uint8Array): string | null {
  const parsed = parsePublicKey(spki);
  const { checkpointKey, signerNameOf } = LOG_KINDS[kind];
  const signer = parsed.ok ? checkpointKey(parsed.value) : null;
  const name = signerNameOf(origin);
  return signer && formatVkey(name, vkeyId(signer.type, name, signer.key), signer.type, signer.key);
}
