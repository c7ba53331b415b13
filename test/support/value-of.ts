// SPDX-License-Identifier: Apache-2.0
import type { Result } from "../../shared/result.ts";

/** The value of a Result that a test takes for granted; its error fails the test. */
export function valueOf<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(`unexpected: ${JSON.stringify(result.error)}`);
  return result.value;
}
