// SPDX-License-Identifier: Apache-2.0
// The table of the kinds of entries: a row for each that the reference knows, and in it each version that this log
// takes. A file of the folder kinds is one version.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (ProposedEntry)

import { ALPINE_001 } from "./kinds/alpine.ts";
import { DSSE_001 } from "./kinds/dsse.ts";
import { HASHEDREKORD_001 } from "./kinds/hashedrekord.ts";
import { INTOTO_001 } from "./kinds/intoto-001.ts";
import { INTOTO_002 } from "./kinds/intoto-002.ts";
import type { V1Kind } from "./kinds/kind.ts";
import { REKORD_001 } from "./kinds/rekord.ts";
import { RFC3161_001 } from "./kinds/rfc3161.ts";

/** Kind → version → how it is parsed, verified and read. */
const KINDS: Readonly<Record<string, Readonly<Record<string, V1Kind>>>> = {
  alpine: { "0.0.1": ALPINE_001 },
  cose: {},
  dsse: { "0.0.1": DSSE_001 },
  hashedrekord: { "0.0.1": HASHEDREKORD_001 },
  helm: {},
  intoto: { "0.0.1": INTOTO_001, "0.0.2": INTOTO_002 },
  jar: {},
  rekord: { "0.0.1": REKORD_001 },
  rfc3161: { "0.0.1": RFC3161_001 },
  rpm: {},
  tuf: {},
};

/** The versions of a kind that the log takes, none if it takes no entry of the kind; null if no log has such a kind. */
export const versionsOf = (kind: string): Readonly<Record<string, V1Kind>> | null =>
  (Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined) ?? null;

/** One kind and version; null if the log does not take it. */
export function findKind(kind: string, version: string): V1Kind | null {
  const versions = versionsOf(kind) ?? {};
  return (Object.hasOwn(versions, version) ? versions[version] : undefined) ?? null;
}
