// SPDX-License-Identifier: Apache-2.0
// Authenticates what the CA leaves in the cache. Other Workers of the same zone can write there, and whoever could put
// keys there could impersonate anybody, so an entry counts only with a MAC by a key that only the CA has.
// Spec: RFC 5869 (HKDF); RFC 2104 (HMAC).

import { decodeBase64, encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";

/** Names and authenticates entries. */
export interface EntryKey {
  /** A name that nobody without the key can predict. */
  readonly nameOf: (issuer: string) => Promise<string>;
  /** The text with its MAC, which also binds it to the issuer. */
  readonly seal: (issuer: string, text: string) => Promise<string>;
  /** The text of a sealed one, null if it is not authentic. */
  readonly open: (issuer: string, sealed: string) => Promise<string | null>;
}

const HMAC = { name: "HMAC", hash: "SHA-256", length: 256 } as const;
const INFO = "sigedge: issuers' keys in the cache, version 2";

/** Derives the key of a deployment's entries from a secret of the CA. @param secret at least 128 bits of entropy */
export function createEntryKey(secret: string): EntryKey {
  // The key itself is kept, never a promise: in Workers, a promise of another request may never settle.
  let derived: CryptoKey | null = null;
  const readKey = async (): Promise<CryptoKey> => {
    derived ??= await deriveKey(secret);
    return derived;
  };
  const computeMac = async (...parts: readonly string[]): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.sign("HMAC", await readKey(), message(parts)));
  return {
    nameOf: async (issuer) => encodeHex(await computeMac("name", issuer)),
    seal: async (issuer, text) => `${encodeBase64(await computeMac("entry", issuer, text))}\n${text}`,
    open: async (issuer, sealed) => {
      const end = sealed.indexOf("\n");
      const given = decodeBase64(sealed.slice(0, Math.max(end, 0)));
      const text = sealed.slice(end + 1);
      if (end < 0 || !given.ok) return null;
      const isAuthentic = await crypto.subtle.verify(
        "HMAC",
        await readKey(),
        new Uint8Array(given.value),
        message(["entry", issuer, text]),
      );
      return isAuthentic ? text : null;
    },
  };
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", new Uint8Array(encodeUtf8(secret)), "HKDF", false, [
    "deriveKey",
  ]);
  const parameters = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(0),
    info: new Uint8Array(encodeUtf8(INFO)),
  };
  return crypto.subtle.deriveKey(parameters, material, HMAC, false, ["sign", "verify"]);
}

/** As JSON, so that no two lists of parts give the same bytes. */
const message = (parts: readonly string[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(encodeUtf8(JSON.stringify(parts)));
