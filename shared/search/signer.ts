// SPDX-License-Identifier: Apache-2.0
// The names of a signer as they are compared.

import type { SubjectAltName } from "../x509/subject-alt-name.ts";

/** Longer than any name that the CA puts into a certificate. No query is longer. */
export const MAX_NAME_CHARS = 2048;

/** A certificate's name as it is compared: with its kind before it, an e-mail address in lower case. */
export const nameText = ({ kind, value }: SubjectAltName): string =>
  kind === "email" ? addressName(value) : `${kind}:${value}`;

/**
 * Matches an e-mail address in any case: RFC 5321 §2.4 makes the local part case-sensitive, but people do not use it
 * so.
 */
export const addressName = (address: string): string => `email:${address.toLowerCase()}`;
