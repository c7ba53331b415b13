// SPDX-License-Identifier: Apache-2.0
// Columns of a row as values of the domain, and back. A column of another type means that the store is damaged.

/** A row of SQLite, whose columns have not been checked. */
export type Row = Readonly<Record<string, unknown>>;

/** Copies exactly these bytes: SQL would store the whole buffer behind a view. */
export function buffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Throws RangeError if the column is not a safe integer. */
export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new RangeError(`${column} is not an integer`);
  return value;
}

/** Throws RangeError if the column is not text. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new RangeError(`${column} is not text`);
  return value;
}

/** Throws RangeError if the column is neither text nor NULL. */
export const textOrNull = (row: Row, column: string): string | null =>
  row[column] === null ? null : text(row, column);

/** Throws RangeError if the column is not one of these words. */
export function word<W extends string>(row: Row, column: string, words: readonly W[]): W {
  const value = words.find((one) => one === row[column]);
  if (value === undefined) throw new RangeError(`${column} is none of ${words.join(", ")}`);
  return value;
}

/** Decodes a JSON column. Throws RangeError if it is not of the form that is written here. */
export function decodeColumn<T>(row: Row, column: string, decode: (json: unknown) => T | null): T {
  const value = decode(parseJsonText(text(row, column)));
  if (value === null) throw new RangeError(`${column} is not of its form`);
  return value;
}

/** Undefined, which no decoder takes, if the text is not JSON. */
function parseJsonText(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Throws RangeError if the column is not a blob. */
export function blob(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof ArrayBuffer)) throw new RangeError(`${column} is not a blob`);
  return new Uint8Array(value);
}
