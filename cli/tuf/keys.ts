// SPDX-License-Identifier: Apache-2.0
// The TUF keys of an operator: offline keys in private files, the online key as the text of the secret TUF_KEY. All
// are ECDSA P-256.

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { err, ok, type Result } from "../../shared/result.ts";
import { keyIdOf, type TufKey, tufKey } from "../../shared/tuf/key.ts";
import type { TufSigner } from "../../shared/tuf/signing.ts";
import { unreachable } from "../../shared/unreachable.ts";
import { spkiOf } from "../keys/certificates.ts";
import { encryptKey, isEncryptedKey, openKey } from "./encrypted-key.ts";

/** A key that signs, with its public half as root metadata holds it. */
export interface OfflineKey extends TufSigner {
  readonly key: TufKey;
}

export type KeyFileError =
  /** `reason` is the system's code: EEXIST, EACCES, … An existing file is never overwritten. */
  | { readonly code: "key_file_unwritable"; readonly file: string; readonly reason: string }
  | { readonly code: "key_file_unreadable"; readonly file: string; readonly reason: string }
  | { readonly code: "key_file_passphrase_missing"; readonly file: string }
  | { readonly code: "key_file_passphrase_wrong"; readonly file: string }
  | { readonly code: "key_file_invalid"; readonly file: string };

/**
 * Creates a key and writes it to a new file of mode 0600: PKCS#8 PEM, encrypted if there is a passphrase. The folder
 * must exist. Fails with key_file_unwritable.
 */
export function createOfflineKey(file: string, passphrase: string | null): Result<OfflineKey, KeyFileError> {
  const key = generateKey();
  const pem = passphrase === null ? pemOf(key) : encryptKey(key, passphrase);
  try {
    writeFileSync(file, pem, { mode: 0o600, flag: "wx", flush: true });
  } catch (error) {
    return err({ code: "key_file_unwritable", file, reason: systemReason(error) });
  }
  return ok(offlineKey(key));
}

/**
 * Opens a key file. Fails with key_file_unreadable, key_file_passphrase_missing (the file is encrypted),
 * key_file_passphrase_wrong, key_file_invalid (not a P-256 private key in PKCS#8 PEM).
 */
export function openOfflineKey(file: string, passphrase: string | null): Result<OfflineKey, KeyFileError> {
  let pem: string;
  try {
    pem = readFileSync(file, "utf8");
  } catch (error) {
    return err({ code: "key_file_unreadable", file, reason: systemReason(error) });
  }
  if (isEncryptedKey(pem) && passphrase === null) return err({ code: "key_file_passphrase_missing", file });
  const key = openKey(pem, passphrase);
  if (key === null) return err({ code: isEncryptedKey(pem) ? "key_file_passphrase_wrong" : "key_file_invalid", file });
  return isP256(key) ? ok(offlineKey(key)) : err({ code: "key_file_invalid", file });
}

/** Creates an online key: the text of the secret TUF_KEY (PKCS#8 PEM), and the public half for the root. */
export function createOnlineKey(): { readonly pem: string; readonly key: TufKey } {
  const key = generateKey();
  return { pem: pemOf(key), key: offlineKey(key).key };
}

/** The public half of a TUF_KEY, null if the text is not a P-256 private key in PKCS#8 PEM. */
export function onlineKeyOf(pem: string): TufKey | null {
  const key = openKey(pem, null);
  return key !== null && isP256(key) ? offlineKey(key).key : null;
}

/** Describes an error in a line for the operator. */
export function describeKeyFileError(error: KeyFileError): string {
  switch (error.code) {
    case "key_file_unwritable":
      return error.reason === "EEXIST"
        ? `${error.file} exists already; a key is never overwritten`
        : `cannot write ${error.file} (${error.reason})`;
    case "key_file_unreadable":
      return `cannot read ${error.file} (${error.reason})`;
    case "key_file_passphrase_missing":
      return `${error.file} is encrypted; give its passphrase`;
    case "key_file_passphrase_wrong":
      return `the passphrase does not open ${error.file}`;
    case "key_file_invalid":
      return `${error.file} is not a P-256 private key in PKCS#8 PEM`;
    default:
      return unreachable(error);
  }
}

function offlineKey(privateKey: KeyObject): OfflineKey {
  const key = tufKey(spkiOf(privateKey));
  if (!key.ok) throw new TypeError("not a P-256 key");
  return {
    key: key.value,
    keyId: keyIdOf(key.value),
    sign: (message) => new Uint8Array(sign("sha256", message, privateKey)),
  };
}

const generateKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
const pemOf = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
const isP256 = (key: KeyObject): boolean => key.asymmetricKeyDetails?.namedCurve === "prime256v1";
const systemReason = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);
