// SPDX-License-Identifier: Apache-2.0
// Reads a canonical body of a Rekor v1 log: what its leaf says of the signature and of the artifact.

import { decodeBase64, decodeProtoBase64 } from "../bytes/base64.ts";
import { HASHES } from "../crypto/hash.ts";
import { isList, isObject, type JsonObject, member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { readHashedRekord } from "./hashedrekord.ts";
import { parseVerifier, type Verifier } from "./verifier.ts";

/** The contents of a leaf. */
export interface StoredEntry {
  readonly kind: string;
  readonly version: string;
  readonly signature: Uint8Array;
  readonly verifier: Verifier;
  /** `<algorithm>:<hex>` of what was signed, in lower case: first that of the artifact or of the payload. */
  readonly digests: readonly [string, ...string[]];
}

/** Reads a body. Null if it is not an entry that this version reads. */
export function readStoredEntry(body: Uint8Array): StoredEntry | null {
  const json = parseJson(body);
  const { kind, apiVersion: version, spec } = json.ok && isObject(json.value) ? json.value : {};
  if (typeof kind !== "string" || typeof version !== "string" || !isObject(spec)) return null;
  const read = Object.hasOwn(READERS, `${kind} ${version}`) ? READERS[`${kind} ${version}`] : undefined;
  const found = read?.(spec) ?? null;
  return found && { kind, version, ...found };
}

type Reader = (spec: JsonObject) => Omit<StoredEntry, "kind" | "version"> | null;

const READERS: Readonly<Record<string, Reader>> = {
  "hashedrekord 0.0.1": (spec) => {
    const read = readHashedRekord(spec);
    if (!read.ok) return null;
    const { hash, value, signature, verifier } = read.value;
    return { signature, verifier, digests: [`${HASHES[hash].short}:${value.toLowerCase()}`] };
  },
  "dsse 0.0.1": (spec) => {
    const signatures = member(spec, "signatures");
    const [first] = isList(signatures) ? signatures : [];
    const signature = bytesOf(member(first, "signature"));
    const verifier = readVerifier(member(first, "verifier"));
    const [payload, envelope] = [digestOf(spec, "payloadHash"), digestOf(spec, "envelopeHash")];
    return signature === null || verifier === null || payload === null || envelope === null
      ? null
      : { signature, verifier, digests: [payload, envelope] };
  },
};

function readVerifier(content: unknown): Verifier | null {
  const pem = typeof content === "string" ? decodeBase64(content) : null;
  const verifier = pem?.ok === true ? parseVerifier(pem.value) : null;
  return verifier?.ok === true ? verifier.value : null;
}

function bytesOf(text: unknown): Uint8Array | null {
  const bytes = typeof text === "string" ? decodeProtoBase64(text) : null;
  return bytes?.ok === true ? bytes.value : null;
}

function digestOf(spec: JsonObject, name: string): string | null {
  const [algorithm, value] = ["algorithm", "value"].map((part) => member(member(spec, name), part));
  return typeof algorithm === "string" && typeof value === "string" ? `${algorithm}:${value}`.toLowerCase() : null;
}
