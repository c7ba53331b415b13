// SPDX-License-Identifier: Apache-2.0
// Private keys that lie in a drawer: PKCS#8, encrypted with a passphrase, as openssl reads them (`openssl pkey -in FILE`).
// Node writes them with 2,048 rounds of key derivation, which a graphics card tries by the million a second; so the
// structure is written here, with as many rounds as are advised today.
// Spec: RFC 5958 §3 (EncryptedPrivateKeyInfo); RFC 8018 §6.2 (PBES2), appendix A; OWASP Password Storage (600,000 rounds).

import { createCipheriv, createPrivateKey, type KeyObject, pbkdf2Sync, randomBytes } from "node:crypto";
import { encodePem } from "../../shared/bytes/pem.ts";
import { integer, NULL, octetString, oid, sequence } from "../../shared/der/writer.ts";
import { err, ok, type Result } from "../../shared/result.ts";

const ROUNDS = 600_000;
const SALT_BYTES = 16;
const BLOCK_BYTES = 16;
const KEY_BYTES = 32;

const OID = {
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  hmacWithSha256: "1.2.840.113549.2.9",
  aes256Cbc: "2.16.840.1.101.3.4.1.42",
} as const;

/** The label of a file that takes a passphrase to read. */
const ENCRYPTED = "ENCRYPTED PRIVATE KEY";

/** PEM: the key under the passphrase (PBES2: PBKDF2 with HMAC-SHA-256, AES-256-CBC). */
export function encryptKey(key: KeyObject, passphrase: string): string {
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(BLOCK_BYTES);
  const cipher = createCipheriv("aes-256-cbc", pbkdf2Sync(passphrase, salt, ROUNDS, KEY_BYTES, "sha256"), iv);
  const encrypted = Buffer.concat([cipher.update(key.export({ type: "pkcs8", format: "der" })), cipher.final()]);
  const rounds = Buffer.alloc(4);
  rounds.writeUInt32BE(ROUNDS);
  const derivation = sequence(
    oid(OID.pbkdf2),
    sequence(octetString(salt), integer(rounds), sequence(oid(OID.hmacWithSha256), NULL)),
  );
  const scheme = sequence(oid(OID.aes256Cbc), octetString(iv));
  const algorithm = sequence(oid(OID.pbes2), sequence(derivation, scheme));
  return encodePem(ENCRYPTED, sequence(algorithm, octetString(encrypted)));
}

export type OfflineKeyError = "is not an encrypted private key" | "cannot be opened with this passphrase";

/** Reads a key that lies encrypted. The error completes "<file> …". */
export function decryptKey(pem: string, passphrase: string): Result<KeyObject, OfflineKeyError> {
  if (!pem.includes(`-----BEGIN ${ENCRYPTED}-----`)) return err("is not an encrypted private key");
  try {
    return ok(createPrivateKey({ key: pem, passphrase }));
  } catch {
    return err("cannot be opened with this passphrase");
  }
}
