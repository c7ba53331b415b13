// SPDX-License-Identifier: Apache-2.0
// The common parts of both versions of intoto: rules for the hashes that a client sends, and the payload that the log
// keeps beside the entry.

import { isObject, type JsonObject, member } from "../../json/member.ts";

/** The first rule that the hashes in `content` break, as the reference names it; null if they break none. */
export function findHashFailure(content: JsonObject): string | null {
  const failures = ["hash", "payloadHash"].map((name) => {
    const hash = member(content, name);
    return isObject(hash) ? findFailure(`content.content.${name}.content.${name}`, hash) : null;
  });
  return failures.find((failure) => failure !== null) ?? null;
}

function findFailure(place: string, { algorithm, value }: JsonObject): string | null {
  if (typeof algorithm !== "string") return `${place}.algorithm in body is required`;
  if (algorithm !== "sha256") return `${place}.algorithm in body should be one of [sha256]`;
  return typeof value === "string" ? null : `${place}.value in body is required`;
}

/** The digest by which the payload of an entry is kept; nothing for one of another form. */
export const attestationOf = (digest: string | null): { readonly attestation?: string } =>
  digest !== null && /^sha256:[0-9a-f]{64}$/.test(digest) ? { attestation: digest } : {};
