// SPDX-License-Identifier: Apache-2.0
// Encrypts private keys with a passphrase: PKCS#8 with PBES2, scrypt and AES-256-CBC, which `openssl pkey` reads.
// Node can write encrypted keys too, but with 2048 rounds of PBKDF2, of which a graphics card tries a million a
// second.
// Spec: RFC 5958 §3; RFC 8018 §6.2, §A.4; RFC 7914 §7

import { createCipheriv, createPrivateKey, type KeyObject, randomBytes, scryptSync } from "node:crypto";
import { encodePem } from "../../shared/bytes/pem.ts";
import { integer, octetString, oid, sequence } from "../../shared/der/writer.ts";

const OID = {
  pbes2: "1.2.840.113549.1.5.13",
  scrypt: "1.3.6.1.4.1.11591.4.11",
  aes256Cbc: "2.16.840.1.101.3.4.1.42",
} as const;

/** OWASP's parameters for 16 MiB; openssl refuses key files that need more than 32 MiB. */
const SCRYPT = { N: 2 ** 14, r: 8, p: 5 } as const;
const KEY_BYTES = 32;
const BLOCK_BYTES = 16;

/** Encrypts a key: PEM of EncryptedPrivateKeyInfo. */
export function encryptKey(key: KeyObject, passphrase: string): string {
  const [salt, iv] = [randomBytes(BLOCK_BYTES), randomBytes(BLOCK_BYTES)];
  const cipher = createCipheriv("aes-256-cbc", scryptSync(passphrase, salt, KEY_BYTES, SCRYPT), iv);
  const encrypted = Buffer.concat([cipher.update(key.export({ type: "pkcs8", format: "der" })), cipher.final()]);
  // scrypt-params ::= SEQUENCE {
  //   salt OCTET STRING, costParameter INTEGER, blockSize INTEGER, parallelizationParameter INTEGER, … }
  const parameters = sequence(octetString(salt), number(SCRYPT.N), number(SCRYPT.r), number(SCRYPT.p));
  const derivation = sequence(oid(OID.scrypt), parameters);
  const encryption = sequence(oid(OID.aes256Cbc), octetString(iv));
  const algorithm = sequence(oid(OID.pbes2), sequence(derivation, encryption));
  return encodePem("ENCRYPTED PRIVATE KEY", sequence(algorithm, octetString(encrypted)));
}

const number = (value: number): Uint8Array => integer(Uint8Array.of(value >> 8, value & 0xff));

/** Whether a PEM text is an encrypted key. */
export const isEncryptedKey = (pem: string): boolean => pem.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----");

/** Opens the private key of a PEM text; null if there is none or the passphrase is wrong. */
export function openKey(pem: string, passphrase: string | null): KeyObject | null {
  try {
    return createPrivateKey(passphrase === null ? pem : { key: pem, passphrase });
  } catch {
    return null;
  }
}
