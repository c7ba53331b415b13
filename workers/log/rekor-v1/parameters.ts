// SPDX-License-Identifier: Apache-2.0
// The query parameters of the Rekor v1 API.

import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { breaksSchema, type QueryProblem } from "./status.ts";

interface IntegerRule {
  readonly least: number;
  readonly needed: boolean;
}

/**
 * Reads integers of the query; null for one that is absent. Fails with v1_query_invalid.
 * @param rules those of each parameter, by its name
 */
export function readIntegers<Name extends string>(
  request: Request,
  rules: Readonly<Record<Name, IntegerRule>>,
): Result<Readonly<Record<Name, number | null>>, QueryProblem> {
  const { searchParams } = new URL(request.url);
  const values = {} as Record<Name, number | null>;
  for (const [name, { least, needed }] of Object.entries<IntegerRule>(rules)) {
    const text = searchParams.get(name) ?? "";
    if (text === "" && needed) return err(breaksSchema(602, `${name} in query is required`));
    const value = text === "" ? null : readInteger(text);
    if (value === undefined)
      return err(breaksSchema(601, `${name} in query must be of type int64: ${JSON.stringify(text.slice(0, 32))}`));
    if (value !== null && value < least)
      return err(breaksSchema(609, `${name} in query should be greater than or equal to ${least}`));
    values[name as Name] = value;
  }
  return ok(values);
}

/** Undefined if it is no integer that a number holds. */
function readInteger(text: string): number | undefined {
  const digits = text.replace(/^[+-]/, "");
  const value = parseDecimal(digits.replace(/^0+(?=\d)/, ""));
  if (value === null) return undefined;
  return text.startsWith("-") ? -value : value;
}
