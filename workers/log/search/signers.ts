// SPDX-License-Identifier: Apache-2.0
// Finds the signers that a query asks for. A deployment has far fewer signers than entries.

import { integer, type Row, textOrNull } from "../../../shared/sql/columns.ts";
import type { SignerCondition, SignerOption } from "./conjunction.ts";
import type { Statement } from "./statement.ts";

/** Rows of `attribute` that are looked at for the first condition. */
const MAX_LOOKED_AT = 2048;
/** More signers than this have so many entries that these are looked through instead. */
const MAX_SIGNERS = 1024;

/** Collects the values of a statement's parameters while its text is made. */
class Parameters {
  readonly values: (string | number)[] = [];

  add(value: string | number): string {
    this.values.push(value);
    return `?${this.values.length}`;
  }
}

/** Above every text with the same beginning. */
const LAST_CHARACTER = "\u{10ffff}";

/** Selects the signers with all conditions, by the first one: at most MAX_SIGNERS + 1, and how many were looked at. */
export function selectSigners(conditions: readonly SignerCondition[]): Statement {
  const parameters = new Parameters();
  const [first = [], ...others] = conditions;
  const options = first.map((option) => `SELECT signer FROM attribute WHERE ${compareAttribute(option, parameters)}`);
  const found = `SELECT signer FROM (${options.join(" UNION ALL ")}) LIMIT ${MAX_LOOKED_AT}`;
  return makeSelection(found, others, parameters);
}

/** Selects those of these signers that have all conditions. @param keys in hex */
export function filterSigners(keys: readonly string[], conditions: readonly SignerCondition[]): Statement {
  const parameters = new Parameters();
  const listed = `SELECT unhex(value) AS signer FROM json_each(${parameters.add(JSON.stringify(keys))})`;
  return makeSelection(listed, conditions, parameters);
}

function makeSelection(found: string, conditions: readonly SignerCondition[], parameters: Parameters): Statement {
  const tests = conditions.map((options) => `(${options.map((one) => testSigner(one, parameters)).join(" OR ")})`);
  const sql = `WITH found AS MATERIALIZED (${found})
    SELECT NULL AS signer, count(*) AS looked FROM found UNION ALL
    SELECT * FROM (SELECT DISTINCT lower(hex(signer)), 0 FROM found WHERE ${["TRUE", ...tests].join(" AND ")} LIMIT ${MAX_SIGNERS + 1})`;
  return { sql, values: parameters.values };
}

function compareAttribute({ attribute, value, isPrefix }: SignerOption, parameters: Parameters): string {
  const name = `name = ${parameters.add(attribute)}`;
  return isPrefix
    ? `${name} AND value >= ${parameters.add(value)} AND value < ${parameters.add(value + LAST_CHARACTER)}`
    : `${name} AND value = ${parameters.add(value)}`;
}

/** One row, whatever the option: the attribute itself, or the signer's fields for a beginning. */
function testSigner(option: SignerOption, parameters: Parameters): string {
  if (!option.isPrefix)
    return `EXISTS (SELECT 1 FROM attribute WHERE ${compareAttribute(option, parameters)} AND attribute.signer = found.signer)`;
  const from = parameters.add(option.value);
  const end = parameters.add(option.value + LAST_CHARACTER);
  const [rows, value] =
    option.attribute === "name"
      ? ["signer, json_each(fields, '$.names') AS name", "name.value"]
      : ["signer", `lower(fields ->> '$.${option.attribute}') || '/'`];
  return `EXISTS (SELECT 1 FROM ${rows} WHERE signer.key = found.signer AND ${value} >= ${from} AND ${value} < ${end})`;
}

/** Keys in hex; null if there are too many to list. */
export function decodeSigners(rows: readonly Row[]): readonly string[] | null {
  const keys = rows.flatMap((row) => textOrNull(row, "signer") ?? []);
  const looked = rows[0] === undefined ? 0 : integer(rows[0], "looked");
  return looked >= MAX_LOOKED_AT || keys.length > MAX_SIGNERS ? null : keys;
}
