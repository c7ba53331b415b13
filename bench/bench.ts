// SPDX-License-Identifier: Apache-2.0
// The stack, the plan and the requests that every measurement works with.

import type { SigningKey } from "../test/support/authority/signing-keys.ts";
import type { Plan } from "./plan.ts";
import type { RequestFactory } from "./requests.ts";
import type { BenchStack } from "./stack.ts";

/** A stack and what to measure on it. */
export interface Bench {
  readonly stack: BenchStack;
  readonly plan: Plan;
  readonly requests: RequestFactory;
  /** Certificates are issued for this key. */
  readonly key: SigningKey;
  /** Prints what is being measured. */
  readonly progress: (line: string) => void;
}
