// SPDX-License-Identifier: Apache-2.0
// Seals the state of a sign-in, which the browser keeps: this service stores nothing for a stranger. AES-256-GCM under
// a key that HKDF derives from the secret. The associated data names issuer, format and purpose, so that one kind of
// sealed text is never taken for another.
// Spec: NIST SP 800-38D; RFC 5869

import { decodeBase64Url, encodeBase64Url } from "../../bytes/base64.ts";
import { concat } from "../../bytes/bytes.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { isList } from "../../json/member.ts";
import { parseJson } from "../../json/parse.ts";
import { err, ok, type Result } from "../../result.ts";
import type { UnixMs } from "../../time.ts";

/** The purpose of a sealed text. */
type SealPurpose = "choose" | "upstream" | "confirm" | "remember" | "watch-sign-in" | "watch-session" | "watch-stop";

/** The text is not one that this deployment has sealed for this purpose, or its time is over. */
interface SealError {
  readonly code: "seal_broken" | "seal_expired";
}

/** Seals and opens. */
export interface Sealer {
  readonly seal: (purpose: SealPurpose, value: unknown, expiresAt: UnixMs) => Promise<string>;
  /** The value as it was sealed: nobody else can have made it. Fails with seal_broken or seal_expired. */
  readonly open: (purpose: SealPurpose, text: string, now: UnixMs) => Promise<Result<unknown, SealError>>;
}

/** The parameters of one use of the cipher. */
type Cipher = Parameters<SubtleCrypto["encrypt"]>[0];

/** 96 bits, NIST SP 800-38D §8.2.2: random ones are safe for 2^32 messages of one key. */
const IV_BYTES = 12;
/** Raised when the shape of a sealed value changes, so that no version opens what another one sealed. */
const FORMAT = 1;
const BROKEN = err({ code: "seal_broken" } as const);
const MAX_SEALED_CHARACTERS = 16_384;

/** @param secrets the first one seals, all of them open: a former one stays in the list for the length of a sign-in */
export function createSealer(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  issuer: string,
  randomBytes: (length: number) => Uint8Array<ArrayBuffer>,
): Sealer {
  let keys: Promise<readonly CryptoKey[]> | null = null;
  const deriveKeys = (): Promise<readonly CryptoKey[]> => (keys ??= Promise.all(secrets.map(deriveKey)));
  const algorithm = (purpose: SealPurpose, iv: Uint8Array<ArrayBuffer>): Cipher => ({
    name: "AES-GCM",
    iv,
    additionalData: encodeUtf8(`${issuer} ${FORMAT} ${purpose}`),
  });
  return {
    async seal(purpose, value, expiresAt) {
      const [key] = await deriveKeys();
      if (key === undefined) throw new TypeError("no secret to seal with");
      const iv = randomBytes(IV_BYTES);
      const text = encodeUtf8(JSON.stringify([Math.ceil(expiresAt / 1000), value]));
      const sealed = await crypto.subtle.encrypt(algorithm(purpose, iv), key, text);
      return encodeBase64Url(concat(iv, new Uint8Array(sealed)));
    },
    async open(purpose, text, now) {
      if (text.length > MAX_SEALED_CHARACTERS) return BROKEN;
      const bytes = decodeBase64Url(text);
      if (!bytes.ok || bytes.value.length <= IV_BYTES) return BROKEN;
      const iv = bytes.value.slice(0, IV_BYTES);
      for (const key of await deriveKeys()) {
        const opened = await decrypt(algorithm(purpose, iv), key, bytes.value.slice(IV_BYTES));
        if (opened !== null) return readSealed(opened, now);
      }
      return BROKEN;
    },
  };
}

async function deriveKey(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encodeUtf8("sigedge oidc seal") };
  return await crypto.subtle.deriveKey(derivation, material, { name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}

async function decrypt(algorithm: Cipher, key: CryptoKey, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, bytes));
  } catch {
    // Another key, another purpose, or not ours.
    return null;
  }
}

function readSealed(bytes: Uint8Array, now: UnixMs): Result<unknown, SealError> {
  const json = parseJson(bytes);
  const [expires, value] = json.ok && isList(json.value) ? json.value : [];
  if (typeof expires !== "number") return BROKEN;
  return expires * 1000 <= now ? err({ code: "seal_expired" }) : ok(value);
}
