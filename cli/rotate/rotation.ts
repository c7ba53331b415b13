// SPDX-License-Identifier: Apache-2.0
// The parts that all rotations share. A rotation is planned from the files of the deployment's folder, so an
// interrupted one continues where it stopped. Nothing is written before the plan is complete.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../../shared/time.ts";
import { type Deployment, deploymentFlags, offlineFolder, quoteForShell } from "../deployment/deployment.ts";
import type { Retiring } from "../deployment/retired-keys.ts";

/** The deployment to rotate, and the options of the operator. */
export interface RotationContext {
  readonly deployment: Deployment & { readonly publicUrl: PublicUrl };
  /** The folder of the offline keys. */
  readonly offline: string;
  /** Asks on the first call. The error is a line for the operator. */
  readonly passphrase: () => Promise<Result<string, string>>;
  readonly now: UnixMs;
  /** How long clients may use what they fetched; null for the default of the kind. */
  readonly waitMs: number | null;
  /** Since when others may have the key, with --compromised; null without it. */
  readonly compromisedSince: UnixMs | null;
  /** Whether to replace what is less than RECENT_MS old. */
  readonly isAgain: boolean;
  /** Whose client secret to replace, and the file that has the new one; each null if it was not given. */
  readonly connector: { readonly slug: string | null; readonly secretFile: string | null };
  /** Reads a JSON document of the running deployment; null with --no-check. Rejects if it cannot be read. */
  readonly served: ((path: string) => Promise<unknown>) | null;
}

/** One step of a rotation. */
export interface RotationPlan {
  /** One line for each change; empty if there is nothing to do now. */
  readonly changes: readonly string[];
  /** Makes all changes, including those that an interrupted run has made. */
  readonly apply: () => Promise<Result<null, string>>;
  /** The next actions of the operator, in order; read after `apply`, if that runs. */
  readonly next: readonly string[];
}

export type Planned = Promise<Result<RotationPlan, string>>;

export const DAY_MS = 24 * 3_600_000;
/** The validity of a TUF timestamp: after it, a client that has not updated rejects its trusted root. */
export const TRUST_WAIT_MS = 7 * DAY_MS;
/**
 * How long a former key stays trusted after the step that replaces it: time to deploy, as the running deployment signs
 * with it until then.
 */
const RETIRE_AFTER_MS = DAY_MS;
/** A rotation of something younger is probably a mistake. */
const RECENT_MS = 30 * DAY_MS;

/** The retirement of a key that this step replaces. It is later than the step, unless others may have the key. */
export const retireNow = ({ now, compromisedSince }: RotationContext, what: string): Retiring => ({
  what,
  retiredAt: compromisedSince ?? unixMs(now + RETIRE_AFTER_MS),
  isCompromised: compromisedSince !== null,
});

/** The next actions after a step that retires a key. */
export function stepsAfterRetirement(context: RotationContext): readonly string[] {
  const deploy = command(context, "deploy");
  if (context.compromisedSince === null)
    return [
      `${deploy} (before ${formatRfc3339(unixMs(context.now + RETIRE_AFTER_MS))}: clients do not trust what the former key signs after that)`,
    ];
  return [
    `${deploy} (at once: until then the former key is trusted)`,
    "delete the former versions of the Worker, which hold the former key (docs/trust.md#a-stolen-key)",
    `look for what the former key signed since ${formatRfc3339(context.compromisedSince)} (docs/trust.md#a-stolen-key)`,
  ];
}

/** A step that changes nothing. */
export const waitFor = (next: readonly string[]): Result<RotationPlan, string> =>
  ok({ changes: [], apply: () => Promise.resolve(ok(null)), next });

/** Refuses to replace something recent without --again. The error is a line for the operator. */
export function refuseRecent({ now, isAgain }: RotationContext, what: string, madeAt: number): Result<null, string> {
  if (isAgain || now - madeAt >= RECENT_MS) return ok(null);
  return err(`${what} was made on ${day(madeAt)}, less than 30 days ago; to replace it anyway, add --again`);
}

/** Refuses to continue before every client has updated. The error is a line for the operator. */
export function refuseEarly(now: UnixMs, usableAt: number): Result<null, string> {
  if (now >= usableAt) return ok(null);
  const time = new Date(usableAt).toISOString();
  return err(
    `until ${time} clients may use a trusted root without the new one; wait, or shorten the wait with --wait DAYS`,
  );
}

/** Formats a date: 2027-01-31. */
export const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The command line for this deployment. */
export function command({ deployment, offline }: RotationContext, rest: string): string {
  const isMoved = offline !== offlineFolder(deployment);
  return [
    "npx sigedge",
    rest,
    ...deploymentFlags(deployment),
    ...(isMoved ? ["--offline", quoteForShell(offline)] : []),
  ].join(" ");
}
