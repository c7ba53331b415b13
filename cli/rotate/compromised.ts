// SPDX-License-Identifier: Apache-2.0
// `sigedge rotate WHAT --compromised`: replaces an authority or a log in one step, without the time that clients get to
// learn of a new key, and ends the trust in the former key at the time from which others may have it.

import { err, ok, type Result } from "../../shared/result.ts";
import { formatRfc3339 } from "../../shared/time.ts";
import { RETIRED_KEYS_FILE, readRetiredKeys } from "../deployment/retired-keys.ts";
import {
  type AuthorityRotation,
  chainInUse,
  makeAuthority,
  nameOf,
  refuseShortRoot,
  replaceAuthority,
} from "./authority.ts";
import { isPublished, offlineFiles, openTufKeys, publish } from "./publish.ts";
import { discardNext, readPending } from "./replacing.ts";
import { type Planned, type RotationContext, type RotationPlan, stepsAfterRetirement } from "./rotation.ts";

/** Plans to replace the authority: by the announced one, or by a new one. The error is a line for the operator. */
export async function planCompromisedAuthority(context: RotationContext, rotation: AuthorityRotation): Planned {
  const { folder } = context.deployment;
  const state = readPending(folder, rotation.kind);
  if (!state.ok) return state;
  const unsigned = planUnsigned(context, nameOf(rotation), state.value);
  if (!unsigned.ok) return unsigned;
  if (unsigned.value !== null) return ok(unsigned.value);
  const chain = chainInUse(folder, rotation.kind);
  if (!chain.ok) return chain;
  const rootEnd = refuseShortRoot(context, rotation, chain.value);
  if (!rootEnd.ok) return rootEnd;
  const keys = offlineFiles(context.offline, "tuf-");
  if (!keys.ok) return keys;
  // An authority that was announced under the root that others may have is of no use.
  const isAnnounced = state.value !== null && (!rotation.isNewRoot || state.value.rotation === nameOf(rotation));
  return ok({
    changes: [
      `keys/${rotation.kind}…: ${isAnnounced ? "the announced key and chain" : "a new key and chain"}; the former chain moves to former/, the former key is deleted`,
      retirementLine(context),
      "trust.json: new targets, whose trusted root ends the trust in the former key at that time",
    ],
    apply: async () => {
      const signers = await openTufKeys(context);
      if (!signers.ok) return signers;
      if (!isAnnounced) discardNext(folder, rotation.kind);
      const made = isAnnounced ? ok(null) : await makeAuthority(context, rotation, chain.value);
      return made.ok ? replaceAuthority(context, rotation) : made;
    },
    next: stepsAfterRetirement(context),
  });
}

/** Describes the row that the file of retired keys will get. */
export const retirementLine = ({ now, compromisedSince }: RotationContext): string =>
  `${RETIRED_KEYS_FILE}: the former key, not trusted from ${formatRfc3339(compromisedSince ?? now)} on`;

/**
 * Plans to sign only, if an earlier run replaced the key but could not sign. Null if there is something to replace. The
 * error is a line for the operator.
 * @param pending null unless a rotation is under way
 */
export function planUnsigned(
  context: RotationContext,
  what: string,
  pending: unknown,
): Result<RotationPlan | null, string> {
  const done = refuseSecond({ ...context, isAgain: false }, what);
  if (pending !== null || done.ok) return ok(null);
  const published = isPublished(context);
  if (!published.ok) return published;
  return published.value ? refuseSecond(context, what) : ok(signOnly(context));
}

/**
 * Refuses to replace the successor of a key that others may have without --again. The error is a line for the
 * operator.
 */
export function refuseSecond(
  { deployment, isAgain }: Pick<RotationContext, "deployment" | "isAgain">,
  what: string,
): Result<null, string> {
  const rows = readRetiredKeys(deployment.folder);
  if (!rows.ok) return rows;
  const last = rows.value.findLast((row) => row.what === what);
  if (last?.compromised !== true || isAgain) return ok(null);
  return err(
    `a key of ${what} was taken out as compromised already, not trusted from ${last.retired} on; to replace the one in use as well, add --again`,
  );
}

const signOnly = (context: RotationContext): RotationPlan => ({
  changes: ["trust.json: new targets, whose trusted root ends the trust in the former key"],
  apply: () => publish(context),
  next: stepsAfterRetirement(context),
});
