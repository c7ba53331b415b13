// SPDX-License-Identifier: Apache-2.0
import type { Result } from "../../shared/result.ts";

/** Returns the value of a Result; an error fails the test. */
export function valueOf<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(`unexpected: ${JSON.stringify(result.error)}`);
  return result.value;
}
