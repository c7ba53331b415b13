// SPDX-License-Identifier: Apache-2.0
// Parses an entry that a client proposes to a Rekor v1 log.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (ProposedEntry)

import { isObject } from "../json/member.ts";
import { err, type Result } from "../result.ts";
import type { ProposedEntry } from "./kinds/kind.ts";
import { findKind, versionsOf } from "./kinds.ts";
import type { EntryProblem } from "./problem.ts";

const MAX_QUOTED_CHARS = 32;

const rejectMissing = (name: string): Result<never, EntryProblem> =>
  err({ code: "v1_entry_malformed", number: 602, reason: `${name} in body is required` });

/** Parses an entry. Fails with an EntryProblem. */
export function parseProposedEntry(json: unknown): Result<ProposedEntry, EntryProblem> {
  const { kind, apiVersion, spec } = isObject(json) ? json : {};
  if (typeof kind !== "string") return rejectMissing("kind");
  const versions = versionsOf(kind);
  if (versions === null) {
    const reason = `invalid kind value: ${JSON.stringify(kind.slice(0, MAX_QUOTED_CHARS))}`;
    return err({ code: "v1_entry_malformed", number: 422, reason });
  }
  if (typeof apiVersion !== "string") return rejectMissing("apiVersion");
  if (!isObject(spec)) return rejectMissing("spec");
  if (Object.keys(versions).length === 0) {
    const reason = `entry kind '${kind}' is not enabled for submission on this server`;
    return err({ code: "v1_kind_unsupported", reason });
  }
  const found = findKind(kind, apiVersion);
  if (found === null) {
    const version = apiVersion.slice(0, MAX_QUOTED_CHARS);
    const reason = `${kind} implementation for version '${version}' not found: unable to locate entry for version ${version}`;
    return err({ code: "v1_kind_unsupported", reason });
  }
  return found.parse(spec);
}
