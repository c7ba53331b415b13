// SPDX-License-Identifier: Apache-2.0
// The fingerprint that ssh-keygen prints of a key, by which some signers name it in an envelope.
// Spec: RFC 4253 §6.6; RFC 5656 §3.1; RFC 8709 §4

import { sha256 } from "#sha256";
import { encodeBase64 } from "../../bytes/base64.ts";
import { concat } from "../../bytes/bytes.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { uint } from "../../bytes/writer.ts";
import type { PublicKey } from "../../crypto/public-key.ts";
import { unreachable } from "../../unreachable.ts";

/** `SHA256:<base64 without padding>` of the key in the encoding of SSH. */
export const sshFingerprint = (key: PublicKey): string =>
  `SHA256:${encodeBase64(sha256(concat(...partsOf(key).map(encodeString)))).replace(/=+$/, "")}`;

function partsOf(key: PublicKey): readonly Uint8Array[] {
  switch (key.kind) {
    case "ecdsa-p256":
    case "ecdsa-p384":
    case "ecdsa-p521": {
      const curve = `nistp${key.kind.slice("ecdsa-p".length)}`;
      return [encodeUtf8(`ecdsa-sha2-${curve}`), encodeUtf8(curve), key.point];
    }
    case "ed25519":
      return [encodeUtf8("ssh-ed25519"), key.point];
    case "rsa-2048":
    case "rsa-3072":
    case "rsa-4096":
      // A positive number whose top bit is set has a zero before it. The exponent is 65537.
      return [encodeUtf8("ssh-rsa"), Uint8Array.of(1, 0, 1), concat(Uint8Array.of(0), key.modulus)];
    default:
      return unreachable(key);
  }
}

const encodeString = (bytes: Uint8Array): Uint8Array => concat(uint(bytes.length, 4), bytes);
