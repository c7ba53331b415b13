// SPDX-License-Identifier: Apache-2.0
// New signed targets after a change of settings that the signing config follows: the OpenID providers. Nothing is
// replaced, so nobody has to wait.

import { ok } from "../../shared/result.ts";
import { isPublished, offlineFiles, publish } from "./publish.ts";
import { command, type Planned, type RotationContext, waitFor } from "./rotation.ts";

/** Plans the only step. The error is a line for the operator. */
export async function planSigningConfig(context: RotationContext): Planned {
  const published = isPublished(context);
  if (!published.ok) return published;
  const next = [command(context, "deploy")];
  if (published.value) return waitFor(next);
  const keys = offlineFiles(context.offline, "tuf-");
  if (!keys.ok) return keys;
  return ok({ changes: ["trust.json: new targets"], apply: () => publish(context), next });
}
