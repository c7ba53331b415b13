// SPDX-License-Identifier: Apache-2.0
// What the trust service tells the rest of its deployment about itself: which sentences make /healthz red, and what /metrics counts down.

import { member } from "../json/member.ts";

/** Answered by the trust service only to its own deployment: no path of the outside leads there (workers/front/routes.ts). */
export const TRUST_HEALTH_PATH = "/trust/health";

export interface TrustHealth {
  /** Sentences that say what is wrong and what to do; none while everything is well. */
  readonly problems: readonly string[];
  readonly expiries: readonly {
    readonly what: string;
    /** RFC 3339. */
    readonly expires: string;
    /** Negative once it has expired. */
    readonly secondsLeft: number;
  }[];
}

/** How the trust service is asked: a request that its deployment's front or metrics send it. */
export type AskTrust = (request: Request) => Response | Promise<Response>;

/** Asks the trust service. Rejects if it does not answer, or answers something else. @param publicUrl PublicUrl.href */
export async function readTrustHealth(publicUrl: string, ask: AskTrust): Promise<TrustHealth> {
  const response = await ask(new Request(`${publicUrl}${TRUST_HEALTH_PATH}`));
  if (!response.ok) throw new Error(`the trust service answers ${response.status}: ${await messageOf(response)}`);
  return (await response.json()) as TrustHealth;
}

async function messageOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const message = member(body, "message");
  return typeof message === "string" ? message : "no reason";
}
