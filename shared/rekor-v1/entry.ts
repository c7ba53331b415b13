// SPDX-License-Identifier: Apache-2.0
// Parses an entry that a client proposes to a Rekor v1 log. Parsing is cheap; verify() does the expensive part, so that
// a write policy can refuse first.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (ProposedEntry)

import { isObject } from "../json/member.ts";
import { err, type Result } from "../result.ts";
import { parseDsse } from "./dsse.ts";
import { parseHashedRekord } from "./hashedrekord.ts";
import type { EntryProblem } from "./problem.ts";
import type { ProposedEntry, SpecParser } from "./proposed.ts";

/** Kind → version → parser. */
const PARSERS: Readonly<Record<string, Readonly<Record<string, SpecParser>>>> = {
  hashedrekord: { "0.0.1": parseHashedRekord },
  dsse: { "0.0.1": parseDsse },
};

/** Every kind that the reference knows. */
const KINDS: ReadonlySet<string> = new Set([
  "alpine",
  "cose",
  "dsse",
  "hashedrekord",
  "helm",
  "intoto",
  "jar",
  "rekord",
  "rfc3161",
  "rpm",
  "tuf",
]);
const MAX_QUOTED_CHARS = 32;

const rejectMissing = (name: string): Result<never, EntryProblem> =>
  err({ code: "v1_entry_malformed", number: 602, reason: `${name} in body is required` });

/** Parses an entry. Fails with an EntryProblem. */
export function parseProposedEntry(json: unknown): Result<ProposedEntry, EntryProblem> {
  const { kind, apiVersion, spec } = isObject(json) ? json : {};
  if (typeof kind !== "string") return rejectMissing("kind");
  if (!KINDS.has(kind)) {
    const reason = `invalid kind value: ${JSON.stringify(kind.slice(0, MAX_QUOTED_CHARS))}`;
    return err({ code: "v1_entry_malformed", number: 422, reason });
  }
  if (typeof apiVersion !== "string") return rejectMissing("apiVersion");
  if (!isObject(spec)) return rejectMissing("spec");
  const versions = Object.hasOwn(PARSERS, kind) ? PARSERS[kind] : undefined;
  if (versions === undefined) {
    const reason = `entry kind '${kind}' is not enabled for submission on this server`;
    return err({ code: "v1_kind_unsupported", reason });
  }
  const parse = Object.hasOwn(versions, apiVersion) ? versions[apiVersion] : undefined;
  if (parse === undefined) {
    const version = apiVersion.slice(0, MAX_QUOTED_CHARS);
    const reason = `${kind} implementation for version '${version}' not found: unable to locate entry for version ${version}`;
    return err({ code: "v1_kind_unsupported", reason });
  }
  return parse(spec);
}
