// SPDX-License-Identifier: Apache-2.0
// Reads a canonical body of a Rekor v1 log: what its leaf says of the signatures and of the artifact.

import { isObject } from "../json/member.ts";
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
  const json = parseJson(body);
  const { kind, apiVersion: version, spec } = json.ok && isObject(json.value) ? json.value : {};
  if (typeof kind !== "string" || typeof version !== "string" || !isObject(spec)) return null;
  const found = findKind(kind, version)?.readStored(spec) ?? null;
  return found && { kind, version, ...found };
}
