// SPDX-License-Identifier: Apache-2.0
// The Durable Object that records which tokens of one issuer have been used, as a hash and a time each, until they
// expire. An object runs single-threaded and responds only after its writes are durable, so of two requests with the
// same token exactly one succeeds.

import { DurableObject } from "cloudflare:workers";
import type { Result } from "../../../shared/result.ts";
import type { UsedTokensRpc } from "../../../shared/rpc/used-tokens.ts";
import { describeTooNew, migrate, type Schema, type SchemaTooNew } from "../../../shared/sql/schema.ts";
import type { UnixMs } from "../../../shared/time.ts";

/** A token is kept this long past its expiry, as the clocks of two machines differ. */
const GRACE_MS = 60_000;
/** How often expired rows are deleted, while there are any. */
const CLEARING_PAUSE_MS = 600_000;

/** To change the table, append a step. */
const USED_TOKENS_SCHEMA: Schema = {
  firstTable: "used_tokens",
  steps: [["CREATE TABLE used_tokens (token TEXT PRIMARY KEY, forget_at INTEGER NOT NULL) STRICT, WITHOUT ROWID"]],
};

/** The used tokens of one issuer. Every method rejects if a newer version has migrated the tables. */
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

  /** Throws if the tables are newer than this code. Without this store, no single-use token yields a certificate. */
  #checkTables(): void {
    if (!this.#migrated.ok) throw new Error(`used tokens: ${describeTooNew(this.#migrated.error)}`);
  }

  async use(token: string, expiresAt: UnixMs): Promise<boolean> {
    this.#checkTables();
    // One statement both checks and writes.
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
    // Rows of a newer version are deleted by that version.
    if (!this.#migrated.ok) return;
    this.#sql.exec("DELETE FROM used_tokens WHERE forget_at < ?", Date.now());
    const isEmpty = this.#sql.exec("SELECT 1 FROM used_tokens LIMIT 1").toArray().length === 0;
    if (!isEmpty) await this.#storage.setAlarm(Date.now() + CLEARING_PAUSE_MS);
  }
}
