// SPDX-License-Identifier: Apache-2.0
// The format minisign: keys and signatures of minisign, and those of signify, which have the same bytes. The trusted
// comment is not logged, so its signature is not verified.
// Spec: https://jedisct1.github.io/minisign/#signature-format; https://man.openbsd.org/signify;
// https://github.com/sigstore/rekor/blob/main/pkg/pki/minisign/minisign.go

import { blake2b } from "@noble/hashes/blake2.js";
import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import { equal } from "../../bytes/bytes.ts";
import { decodeUtf8, encodeUtf8 } from "../../bytes/utf8.ts";
import { parsePublicKey } from "../../crypto/public-key.ts";
import { ed25519Spki } from "../../crypto/spki.ts";
import { verifyEd25519 } from "../../crypto/verify-message.ts";
import { ok, type Result } from "../../result.ts";
import { type EntryProblem, rejectEntry } from "../problem.ts";
import type { Verifier } from "../verifier.ts";
import { type DetachedSignature, type PkiFormat, textOfKey } from "./format.ts";

export const MINISIGN: PkiFormat = { parseKey, parseSignature };

// Both: uint8 algorithm[2]; uint8 keyId[8]; then uint8 point[32], or uint8 signature[64].
const HEADER_BYTES = 10;
const KEY_BYTES = HEADER_BYTES + 32;
const SIGNATURE_BYTES = HEADER_BYTES + 64;
/** The signature over the first one and the trusted comment. */
const GLOBAL_BYTES = 64;
/** Far more than two comments and two signatures. */
const MAX_TEXT_BYTES = 8 * 1024;
/** BLAKE2b is not native in Workers: the first 16 KiB in a fresh isolate take 8 ms of CPU, 64 KiB take 12 ms. */
const MAX_PREHASHED_BYTES = 16 * 1024;

/** Parses a file of two lines, or its second line alone. */
function parseKey(content: Uint8Array): Result<Verifier, EntryProblem> {
  const lines = readLines(content);
  const bytes = lines.length === 1 || lines.length === 2 ? decodeBase64(lines.at(-1) ?? "") : null;
  if (bytes?.ok !== true || bytes.value.length !== KEY_BYTES || algorithmOf(bytes.value) !== "Ed")
    return rejectEntry("unable to read minisign public key: Invalid encoded public key");
  const key = parsePublicKey(ed25519Spki(bytes.value.subarray(HEADER_BYTES)));
  if (!key.ok) return rejectEntry("unable to read minisign public key: not an Ed25519 key");
  const canonical = encodeBase64(bytes.value);
  return ok({ key: key.value, certificate: null, der: key.value.spki, content: encodeBase64(encodeUtf8(canonical)) });
}

/** Parses the four lines of minisign, or the two of signify. */
function parseSignature(content: Uint8Array, verifier: Verifier): Result<DetachedSignature, EntryProblem> {
  const lines = readLines(content);
  const global = decodeBase64(lines[3] ?? "");
  if (lines.length !== 2 && (lines.length !== 4 || !global.ok || global.value.length !== GLOBAL_BYTES))
    return rejectEntry(`invalid signature provided: ${lines.length} lines detected`);
  const bytes = decodeBase64(lines[1] ?? "");
  if (!bytes.ok) return rejectEntry("invalid signature provided: base64 decoding failed");
  const { length } = bytes.value;
  if (length !== SIGNATURE_BYTES) return rejectEntry(`invalid signature provided: incorrect size ${length} detected`);
  const algorithm = algorithmOf(bytes.value);
  if (algorithm !== "Ed" && algorithm !== "ED")
    return rejectEntry("invalid signature provided: its algorithm is unknown");
  if (!equal(keyIdOf(bytes.value), keyIdOf(keyBytesOf(verifier))))
    return rejectEntry("invalid signature provided: it names another key");
  const canonical = encodeUtf8(`untrusted comment:\n${encodeBase64(bytes.value)}`);
  const signature = bytes.value.subarray(HEADER_BYTES);
  return ok({ canonical, verify: (data) => verify({ signature, isPrehashed: algorithm === "ED" }, verifier, data) });
}

interface Parsed {
  readonly signature: Uint8Array;
  /** Whether BLAKE2b-512 of the data was signed, as minisign does unless it is told otherwise. */
  readonly isPrehashed: boolean;
}

async function verify(
  { signature, isPrehashed }: Parsed,
  verifier: Verifier,
  data: Uint8Array,
): Promise<Result<null, EntryProblem>> {
  if (isPrehashed && data.length > MAX_PREHASHED_BYTES)
    return rejectEntry(`minisign: this log takes files up to ${MAX_PREHASHED_BYTES} bytes; sign a larger one with -l`);
  const point = keyBytesOf(verifier).subarray(HEADER_BYTES);
  return (await verifyEd25519(point, isPrehashed ? blake2b(data) : data, signature))
    ? ok(null)
    : rejectEntry("failed to verify signature");
}

/** The lines of a text, none if it is too long or not UTF-8. Line breaks at its end do not count. */
function readLines(content: Uint8Array): readonly string[] {
  const text = content.length > MAX_TEXT_BYTES ? null : decodeUtf8(content);
  return text?.ok === true ? text.value.replace(/\n+$/, "").replace(/\r$/, "").split(/\r?\n/) : [];
}

/** The bytes of a key that this file parsed. */
function keyBytesOf(verifier: Verifier): Uint8Array {
  const bytes = decodeBase64(textOfKey(verifier));
  if (!bytes.ok) throw new TypeError("not a key of minisign");
  return bytes.value;
}

const algorithmOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 2));
const keyIdOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(2, HEADER_BYTES);
