// SPDX-License-Identifier: Apache-2.0
// Statements of a search, run as one batch with a deadline. A batch is one transaction.

import { withDeadline } from "../../../shared/http/deadline.ts";
import type { Row } from "../../../shared/sql/columns.ts";

export interface Statement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** A search takes a few milliseconds, but D1 can stall for a minute. */
const DEADLINE_MS = 5000;

/** The rows of each statement. Rejects if D1 fails or is late. */
export async function runBatch(
  database: D1Database,
  statements: readonly Statement[],
): Promise<readonly (readonly Row[])[]> {
  if (statements.length === 0) return [];
  const prepared = statements.map(({ sql, values }) => database.prepare(sql).bind(...values));
  const results = await withDeadline(DEADLINE_MS, database.batch<Row>(prepared));
  return results.map(({ results: rows }) => rows);
}
