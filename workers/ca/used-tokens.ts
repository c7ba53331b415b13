// SPDX-License-Identifier: Apache-2.0
// The Durable Object that knows which tokens of one issuer have been used, until they expire: a hash and a time for each. An
// object has one thread and its answers wait for its storage, so of two requests with one token exactly one is the first.

import { DurableObject } from "cloudflare:workers";
import type { UsedTokensRpc } from "../../shared/rpc.ts";
import type { UnixMs } from "../../shared/time.ts";

/** How long a token is remembered beyond its end: the clocks of two machines are not one. */
const GRACE_MS = 60_000;
/** Rows that have served their time are cleared away this often, while there are any. */
const CLEARING_PAUSE_MS = 600_000;

export class UsedTokens extends DurableObject implements UsedTokensRpc {
  readonly #sql: SqlStorage;
  readonly #storage: DurableObjectStorage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    this.#sql = ctx.storage.sql;
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS used_tokens (token TEXT PRIMARY KEY, forget_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    );
  }

  async use(token: string, expiresAt: UnixMs): Promise<boolean> {
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

  async release(token: string): Promise<void> {
    this.#sql.exec("DELETE FROM used_tokens WHERE token = ?", token);
  }

  override async alarm(): Promise<void> {
    this.#sql.exec("DELETE FROM used_tokens WHERE forget_at < ?", Date.now());
    const [row] = this.#sql.exec<{ rows: number }>("SELECT count(*) AS rows FROM used_tokens").toArray();
    if ((row?.rows ?? 0) > 0) await this.#storage.setAlarm(Date.now() + CLEARING_PAUSE_MS);
  }
}
