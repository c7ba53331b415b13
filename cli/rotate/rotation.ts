// SPDX-License-Identifier: Apache-2.0
// What every rotation is made of: it is planned from what lies in the deployment's folder, so that one that was begun goes on
// where it was, and written only afterwards.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { Deployment } from "../deployment/deployment.ts";

export interface RotationContext {
  readonly deployment: Deployment & { readonly publicUrl: PublicUrl };
  /** The folder of the offline keys. */
  readonly offline: string;
  /** Asked for when it is needed first. The error is a line for the operator. */
  readonly passphrase: () => Promise<Result<string, string>>;
  readonly now: UnixMs;
  /** How long clients may go on with what they fetched; null for what is right for the kind. */
  readonly waitMs: number | null;
  /** Also replaces what was made a few days ago. */
  readonly isAgain: boolean;
  /** A JSON document of the running deployment, null if it shall not be asked. Rejects where it does not answer. */
  readonly served: ((path: string) => Promise<unknown>) | null;
}

/** One step of a rotation. */
export interface RotationPlan {
  /** What is different afterwards, a line each; none: nothing is to be done now. */
  readonly changes: readonly string[];
  /** Does all of it, also where a part was done before. */
  readonly apply: () => Promise<Result<null, string>>;
  /** What the operator does then, in order. */
  readonly next: readonly string[];
}

export type Planned = Promise<Result<RotationPlan, string>>;

export const DAY_MS = 24 * 3_600_000;
/** As long as a TUF timestamp is good: no client believes an older trusted root without having asked again. */
export const TRUST_WAIT_MS = 7 * DAY_MS;
/** What is younger was made by the same hand, or by mistake. */
const RECENT_MS = 30 * DAY_MS;

/** A step that changes nothing. */
export const waiting = (next: readonly string[]): Result<RotationPlan, string> =>
  ok({ changes: [], apply: () => Promise.resolve(ok(null)), next });

/** Refuses what would replace something new, unless it was asked for in so many words. */
export function refuseRecent({ now, isAgain }: RotationContext, what: string, madeAt: number): Result<null, string> {
  if (isAgain || now - madeAt >= RECENT_MS) return ok(null);
  return err(`${what} was made on ${day(madeAt)}, less than 30 days ago; to replace it all the same: --again`);
}

/** Refuses to go on before every client has asked again. */
export function refuseEarly(now: UnixMs, usableAt: number): Result<null, string> {
  if (now >= usableAt) return ok(null);
  const time = new Date(usableAt).toISOString();
  return err(
    `until ${time} clients may hold a trusted root without the new one; wait, or shorten that with --wait DAYS`,
  );
}

/** 2027-01-31 */
export const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The command that goes on. */
export const command = ({ deployment }: RotationContext, rest: string): string =>
  `npx sigedge ${rest} --dir ${deployment.folder}`;
