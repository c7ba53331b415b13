// SPDX-License-Identifier: Apache-2.0
// The code that a person reads on one device and types on another: eight of twenty consonants, 34.6 bits. No vowels, so
// that no words appear. Spec: RFC 8628 §5.1, §6.1.

const ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;
const CODE = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);
/** The largest multiple of 20 that a byte holds: bytes above it would favor some letters. */
const MAX_FAIR_BYTE = 240;

/** Makes a code, `XXXX-XXXX`. @param randomBytes as many as asked for */
export function makeUserCode(randomBytes: (length: number) => Uint8Array): string {
  let letters = "";
  while (letters.length < LENGTH) {
    for (const byte of randomBytes(LENGTH * 2)) {
      if (byte < MAX_FAIR_BYTE && letters.length < LENGTH) letters += ALPHABET[byte % ALPHABET.length] ?? "";
    }
  }
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** The code that a person means: case, spaces and punctuation do not count. Null for what can be none. */
export function parseUserCode(text: string): string | null {
  if (text.length > 64) return null;
  const letters = text.toUpperCase().replace(/[^A-Z0-9]/g, "");
  return CODE.test(letters) ? `${letters.slice(0, 4)}-${letters.slice(4)}` : null;
}
