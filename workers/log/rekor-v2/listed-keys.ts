// SPDX-License-Identifier: Apache-2.0
// The setting LISTED_KEYS: keys that may write without a certificate.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { decodePem } from "../../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import type { PublicKey } from "../../../shared/crypto/public-key.ts";
import { parseKeyBlock } from "../../../shared/fulcio/subject-key.ts";
import { findFormat } from "../../../shared/rekor-v1/pki/formats.ts";
import { err, ok, type Result } from "../../../shared/result.ts";

/** A Worker's variable holds 5 KB: about 28 P-256 keys. */
const MAX_LISTED_KEYS = 64;
const PEM_BLOCK = /^-----BEGIN [\s\S]*?^-----END .*$/gm;
/** The beginning of a line with a key of ssh, and a line with one of minisign. All other lines are comments. */
const SSH_LINE = /^(?:ssh|ecdsa-sha2)-\S+ /;
const MINISIGN_LINE = /^RW[A-Za-z0-9+/]{54}$/;

/**
 * Parses keys in PEM, and beside the blocks keys of ssh and of minisign, each in a line. Returns the lower-case hex
 * SHA-256 of each SPKI: a key may sign in any format.
 */
export function parseListedKeys(text: string): Result<ReadonlySet<string>, string> {
  const blocks = text.includes("-----BEGIN ") ? decodePem(text, MAX_LISTED_KEYS) : ok([]);
  const lines = text.replace(PEM_BLOCK, "").split(/\r?\n/);
  const bare = lines.filter((line) => SSH_LINE.test(line) || MINISIGN_LINE.test(line));
  const count = blocks.ok ? blocks.value.length + bare.length : 0;
  if (!blocks.ok || count === 0 || count > MAX_LISTED_KEYS)
    return err(`LISTED_KEYS must have 1 to ${MAX_LISTED_KEYS} public keys, in PEM or as lines of ssh or minisign`);
  const keys = new Map<string, PublicKey | null>();
  for (const [i, block] of blocks.value.entries()) {
    const key = parseKeyBlock(block);
    keys.set(`block ${i + 1} is not a PUBLIC KEY`, key.ok ? key.value : null);
  }
  for (const line of bare) {
    const key = findFormat(MINISIGN_LINE.test(line) ? "minisign" : "ssh")?.parseKey(encodeUtf8(line));
    keys.set(`${JSON.stringify(line.slice(0, 64))} is not a key`, key?.ok === true ? key.value.key : null);
  }
  const fingerprints = new Set<string>();
  for (const [problem, key] of keys) {
    if (key === null) return err(`LISTED_KEYS: ${problem} that the log accepts`);
    fingerprints.add(encodeHex(sha256(key.spki)));
  }
  return ok(fingerprints);
}
