// SPDX-License-Identifier: Apache-2.0
// A Durable Object's SQLite with exactly the guarantees of the platform. What one turn of the event loop writes is one
// unit. Units become durable in order and some time later; an instance that dies before that loses the newest of them.
// An open unit is a savepoint, so losing it is a rollback.

import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";

export type SqlRow = Record<string, SqlStorageValue>;
type Binding = ArrayBuffer | string | number | null;

interface Unit {
  readonly number: number;
  isDurable: boolean;
}

/** The storage of one object. */
export class TurnStorage {
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();
  /** Units that are not durable yet, oldest first. They become durable in this order. */
  #units: Unit[] = [];
  #lastNumber = 0;
  #isTurnOpen = false;
  #transactions = 0;

  /** The newest unit: an outgoing message of this moment must wait for it. */
  get newest(): number {
    return this.#lastNumber;
  }

  isDurable(number: number): boolean {
    return !this.#units.some((unit) => unit.number <= number && !unit.isDurable);
  }

  exec(query: string, bindings: readonly Binding[]): SqlRow[] {
    if (!query.startsWith("SELECT")) this.#begin();
    let statement = this.#statements.get(query);
    if (statement === undefined) {
      statement = this.#database.prepare(query);
      this.#statements.set(query, statement);
    }
    return statement.all(...bindings.map(toInput)).map(toRow);
  }

  /** Copies every table of another database. */
  load(other: DatabaseSync): void {
    this.#begin();
    for (const { name, sql } of other.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all()) {
      this.#database.exec(String(sql));
      for (const row of other.prepare(`SELECT * FROM ${String(name)}`).all()) {
        const values = Object.values(row);
        this.#database.prepare(`INSERT INTO ${String(name)} VALUES (${values.map(() => "?").join()})`).run(...values);
      }
    }
  }

  /** Deletes everything. */
  clear(): void {
    this.#begin();
    this.#statements.clear();
    const tables = this.#database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    for (const { name } of tables) this.#database.exec(`DROP TABLE ${String(name)}`);
  }

  transactionSync<T>(run: () => T): T {
    this.#begin();
    const name = `inner${this.#transactions++}`;
    this.#database.exec(`SAVEPOINT ${name}`);
    try {
      return run();
    } catch (error) {
      this.#database.exec(`ROLLBACK TO ${name}`);
      throw error;
    } finally {
      this.#database.exec(`RELEASE ${name}`);
      this.#transactions--;
    }
  }

  #begin(): void {
    if (this.#isTurnOpen) return;
    this.#isTurnOpen = true;
    const unit = { number: ++this.#lastNumber, isDurable: false };
    this.#units.push(unit);
    this.#database.exec(`SAVEPOINT unit${unit.number}`);
  }

  /** Ends the turn. Returns its unit, null if nothing was written. */
  endTurn(): number | null {
    if (!this.#isTurnOpen) return null;
    this.#isTurnOpen = false;
    return this.#lastNumber;
  }

  /** Makes this unit durable, and with it every earlier one. */
  confirm(number: number): void {
    for (const unit of this.#units) if (unit.number <= number) unit.isDurable = true;
    const [first] = this.#units;
    if (first === undefined || this.#isTurnOpen || this.#units.some(({ isDurable }) => !isDurable)) return;
    this.#database.exec(`RELEASE unit${first.number}`);
    this.#units = [];
  }

  /** Units that may be lost, oldest first. The last one is the open turn's, if a turn is open. */
  get unconfirmed(): readonly number[] {
    return this.#units.filter(({ isDurable }) => !isDurable).map(({ number }) => number);
  }

  /** Ends the instance: unit `number` and all later ones are lost, the earlier ones are durable. */
  loseFrom(number: number): void {
    this.#isTurnOpen = false;
    if (this.#units.some((unit) => unit.number === number)) {
      this.#database.exec(`ROLLBACK TO unit${number}`);
      this.#database.exec(`RELEASE unit${number}`);
      this.#units = this.#units.filter((unit) => unit.number < number);
    }
    this.confirm(this.#lastNumber);
  }
}

function toInput(value: Binding): SQLInputValue {
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}

function toRow(row: Record<string, SQLOutputValue>): SqlRow {
  const result: SqlRow = {};
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === "bigint") throw new RangeError("a bigint");
    result[name] = value instanceof Uint8Array ? new Uint8Array(value).buffer : value;
  }
  return result;
}
