// SPDX-License-Identifier: Apache-2.0
// The Durable Object that knows which tokens of one issuer have been used, until they expire: a hash and a time for each. An
// object has one thread and its answers wait for its storage, so of two requests with one token exactly one is the first.

import { DurableObject } from "cloudflare:workers";
import type { Result } from "../../../shared/result.ts";
import type { UsedTokensRpc } from "../../../shared/rpc/used-tokens.ts";
import { describeTooNew, migrate, type Schema, type SchemaTooNew } from "../../../shared/sql/schema.ts";
import type { UnixMs } from "../../../shared/time.ts";

/** How long a token is remembered beyond its end: the clocks of two machines are not one. */
const GRACE_MS = 60_000;
/** Rows that have served their time are cleared away this often, while there are any. */
const CLEARING_PAUSE_MS = 600_000;

/** A change of the table is a further step at the end. */
const USED_TOKENS_SCHEMA: Schema = {
  firstTable: "used_tokens",
  steps: [["CREATE TABLE used_tokens (token TEXT PRIMARY KEY, forget_at INTEGER NOT NULL) STRICT, WITHOUT ROWID"]],
};

export class UsedTokens extends DurableObject implements UsedTokensRpc {
  readonly #sql: SqlStorage;
  readonly #storage: DurableObjectStorage;
  readonly #migrated: Result<null, SchemaTooNew>;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    this.#sql = ctx.storage.sql;
    this.#migrated = migrate(
      {
        exec: (query, ...bindings) => this.#sql.exec(query, ...bindings).toArray(),
        transactionSync: (run) => ctx.storage.transactionSync(run),
      },
      USED_TOKENS_SCHEMA,
    );
  }

  /** Rejects the call: without this object no certificate is made for a token that is good for one. */
  #checkTables(): void {
    if (!this.#migrated.ok) throw new Error(`used tokens: ${describeTooNew(this.#migrated.error)}`);
  }

  async use(token: string, expiresAt: UnixMs): Promise<boolean> {
    this.#checkTables();
    // One statement, so nothing can come between looking and writing.
    const { length } = this.#sql
      .exec(
        "INSERT INTO used_tokens (token, forget_at) VALUES (?, ?) ON CONFLICT (token) DO NOTHING RETURNING token",
        token,
        expiresAt + GRACE_MS,
      )
      .toArray();
    if ((await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(Date.now() + CLEARING_PAUSE_MS);
    return length === 1;
  }

  async isUsed(token: string): Promise<boolean> {
    this.#checkTables();
    return this.#sql.exec("SELECT 1 FROM used_tokens WHERE token = ?", token).toArray().length === 1;
  }

  async release(token: string): Promise<void> {
    this.#checkTables();
    this.#sql.exec("DELETE FROM used_tokens WHERE token = ?", token);
  }

  override async alarm(): Promise<void> {
    // What a newer version keeps here, the newer version clears away.
    if (!this.#migrated.ok) return;
    this.#sql.exec("DELETE FROM used_tokens WHERE forget_at < ?", Date.now());
    const [row] = this.#sql.exec<{ rows: number }>("SELECT count(*) AS rows FROM used_tokens").toArray();
    if ((row?.rows ?? 0) > 0) await this.#storage.setAlarm(Date.now() + CLEARING_PAUSE_MS);
  }
}
