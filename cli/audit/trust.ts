// SPDX-License-Identifier: Apache-2.0
// The keys that an audit trusts: those of the caller, those of a trusted root, or those that an earlier audit pinned.
// Spec: https://c2sp.org/signed-note#verifier-keys;
// https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (TrustedRoot)

import { decodeBase64 } from "../../shared/bytes/base64.ts";
import { parsePublicKey } from "../../shared/crypto/public-key.ts";
import { checkpointVerifier } from "../../shared/ct/tree-head.ts";
import { member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { LOG_KINDS, type LogKind } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { formatVkey, NOTE_COSIGNATURE, NOTE_RFC6962 } from "../../shared/tlog/note.ts";
import type { NoteVerifier } from "../../shared/tlog/verify-note.ts";
import { parseVkey, vkeyId } from "../../shared/tlog/vkey.ts";

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
  vkey_type_unknown: "its type must be 01 (Ed25519), 02 (ECDSA), 04 (cosignature) or 05 (certificate log)",
  vkey_id_wrong: "its id does not match its name and key",
} as const;

/**
 * Describes a log by its verifier keys, whose name is its origin. A key of type 05 makes it a certificate log. The
 * error is a line for the operator.
 */
export function logOfVkeys(
  url: string,
  vkeys: readonly string[],
  isCertificateLog: boolean,
): Result<TrustedLog, string> {
  const verifiers = verifiersOf(vkeys);
  if (!verifiers.ok) return verifiers;
  const keys = verifiers.value.map(({ vkey }) => vkey);
  const witness = keys.findIndex(({ type }) => type === NOTE_COSIGNATURE);
  if (witness >= 0) return err(`${vkeys[witness]} is the key of a witness; give it with --witness`);
  const names = [...new Set(keys.map(({ name }) => name))];
  const [origin = "", another] = names;
  if (another !== undefined) return err(`the keys belong to different logs: ${names.join(", ")}`);
  const hasTreeHeadKey = keys.some(({ type }) => type === NOTE_RFC6962);
  const kind = isCertificateLog || hasTreeHeadKey ? "certificate" : "signature";
  return ok({ url, kind, origin, vkeys, isRekor: false });
}

/** Rekor v2 serves its log below this path, which the URL in a trusted root lacks. */
const REKOR_READ_PATH = "/api/v2";

/**
 * Describes a log by the trusted root that lists its URL. With `isCertificateLog`, the URL of a service selects the
 * certificate log below it. The error is a line for the operator.
 */
export function logOfTrustedRoot(url: string, json: Uint8Array, isCertificateLog: boolean): Result<TrustedLog, string> {
  const root = parseJson(json);
  if (!root.ok) return err("the trusted root is not well-formed JSON");
  const serviceUrl = url.endsWith(REKOR_READ_PATH) ? url.slice(0, -REKOR_READ_PATH.length) : url;
  const signature = readLogs(root.value, "tlogs").filter(({ baseUrl }) => baseUrl === url || baseUrl === serviceUrl);
  const certificate = readLogs(root.value, "ctlogs").filter(({ baseUrl }) => baseUrl === url);
  if (isCertificateLog && certificate.length === 0) return logBelow(url, readLogs(root.value, "ctlogs"));
  const kind = isCertificateLog || signature.length === 0 ? "certificate" : "signature";
  return toLog(url, kind, { signature, certificate }[kind]);
}

function logBelow(url: string, logs: readonly LogInstance[]): Result<TrustedLog, string> {
  const below = logs.filter(({ baseUrl }) => baseUrl.startsWith(`${url}/`));
  const urls = [...new Set(below.map(({ baseUrl }) => baseUrl))];
  if (urls.length > 1) return err(`there are several certificate logs below this URL: ${urls.join(", ")}`);
  return toLog(urls[0] ?? url, "certificate", below);
}

interface LogInstance {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

function toLog(url: string, kind: LogKind, instances: readonly LogInstance[]): Result<TrustedLog, string> {
  const [first] = instances;
  if (first === undefined) return err("the trusted root lists no log with this URL");
  const origin = LOG_KINDS[kind].originOf(first.baseUrl);
  const vkeys = instances.map(({ spki }) => toVkey(kind, origin, spki)).filter((vkey) => vkey !== null);
  if (vkeys.length === 0) return err("the trusted root has no key of this log that signs checkpoints");
  return ok({ url, kind, origin, vkeys, isRekor: LOG_KINDS[kind].isRekor });
}

function toVkey(kind: LogKind, origin: string, spki: Uint8Array): string | null {
  const parsed = parsePublicKey(spki);
  const signer = parsed.ok ? LOG_KINDS[kind].checkpointKey(parsed.value) : null;
  return signer && formatVkey(origin, vkeyId(signer.type, origin, signer.key), signer.type, signer.key);
}

/** Reads the needed members of each TransparencyLogInstance. Skips instances that lack them. */
function readLogs(root: unknown, name: "tlogs" | "ctlogs"): readonly LogInstance[] {
  const instances: unknown = member(root, name);
  if (!Array.isArray(instances)) return [];
  return instances.flatMap((instance: unknown) => {
    const baseUrl = member(instance, "baseUrl");
    const rawBytes = member(member(instance, "publicKey"), "rawBytes");
    const spki = typeof rawBytes === "string" ? decodeBase64(rawBytes) : null;
    return typeof baseUrl === "string" && spki?.ok === true
      ? [{ baseUrl: baseUrl.replace(/\/$/, ""), spki: spki.value }]
      : [];
  });
}
