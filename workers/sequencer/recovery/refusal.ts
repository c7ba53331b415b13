// SPDX-License-Identifier: Apache-2.0
// The reasons for which a log refuses to write. Refusing is a state, not a crash: reads go on.

import { err, type Result } from "../../../shared/result.ts";

/** The log disagrees with its anchor, with R2 or with itself. */
export interface Refusal {
  readonly code: "log_refusing";
  /** Says what is wrong and what the operator should do. */
  readonly reason: string;
}

/** Fails with a refusal. */
export const refuse = (reason: string): Result<never, Refusal> => err({ code: "log_refusing", reason });

/** The refusal for rows that do not parse or do not add up. Reading such rows throws RangeError. */
export const toRefusal = ({ message }: RangeError): Refusal => ({
  code: "log_refusing",
  reason: `${message}: a row is damaged; open a new log`,
});
