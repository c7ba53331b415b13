// SPDX-License-Identifier: Apache-2.0
// Proof Key for Code Exchange, S256 only. Spec: RFC 7636 §4.1, §4.2, §4.6; RFC 9700 §2.1.1.

import { sha256 } from "#sha256";
import { encodeBase64Url } from "../../bytes/base64.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";

/** 32 bytes in base64url without padding: the unused bits of the last character are zero. */
const CHALLENGE = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Whether the text can be an S256 challenge. */
export const isChallenge = (text: string): boolean => CHALLENGE.test(text);

/** The S256 challenge of a verifier: whoever has the verifier, and nobody else, can make it. */
export const challengeOf = (verifier: string): string => encodeBase64Url(sha256(encodeUtf8(verifier)));
