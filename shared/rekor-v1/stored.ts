// SPDX-License-Identifier: Apache-2.0
// Reads a canonical body of a Rekor v1 log: what its leaf says of the signatures and of the artifact.

import { isObject, type JsonObject } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import type { StoredSpec } from "./kinds/kind.ts";
import { findKind } from "./kinds.ts";

/** The contents of a leaf. */
export interface StoredEntry extends StoredSpec {
  readonly kind: string;
  readonly version: string;
}

/** Reads a body. Null if it is not an entry that this version reads. */
export function readStoredEntry(body: Uint8Array): StoredEntry | null {
  const named = readNamed(body);
  if (named === null) return null;
  const { kind, version, spec } = named;
  const found = findKind(kind, version)?.readStored(spec) ?? null;
  return found && { kind, version, ...found };
}

/**
 * Reads the kind of a body and nothing of its signatures: a key costs more to parse than all else of an entry. Null if
 * it is of no kind that this version reads.
 */
export function readStoredKind(body: Uint8Array): Pick<StoredEntry, "kind" | "version"> | null {
  const named = readNamed(body);
  return named === null || findKind(named.kind, named.version) === null
    ? null
    : { kind: named.kind, version: named.version };
}

function readNamed(
  body: Uint8Array,
): { readonly kind: string; readonly version: string; readonly spec: JsonObject } | null {
  const json = parseJson(body);
  const { kind, apiVersion: version, spec } = json.ok && isObject(json.value) ? json.value : {};
  return typeof kind === "string" && typeof version === "string" && isObject(spec) ? { kind, version, spec } : null;
}
