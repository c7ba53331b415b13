// SPDX-License-Identifier: Apache-2.0
// The Durable Object of all grants of a deployment. An object runs single-threaded and answers only after its writes
// are durable, so of two requests with the same code exactly one succeeds.

import { DurableObject } from "cloudflare:workers";
import type { Result } from "../../../shared/result.ts";
import type {
  CodeGrant,
  CodeRedemption,
  CodeRefusal,
  DevicePoll,
  DeviceRefusal,
  DeviceRequest,
  GrantedIdentity,
  GrantsRpc,
  PollRefusal,
  Redeemed,
  WaitingDevice,
} from "../../../shared/rpc/grants.ts";
import { describeTooNew, migrate, type SchemaTooNew } from "../../../shared/sql/schema.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { AttemptLimit } from "./attempt-limit.ts";
import { CodeTable } from "./code-table.ts";
import { DeviceTable } from "./device-table.ts";
import { GRANTS_SCHEMA, type GrantStorage } from "./storage.ts";

/** How often rows that are over are deleted, while there are any. */
const CLEARING_PAUSE_MS = 600_000;

/** Every method rejects if a newer version has migrated the tables. */
export class Grants extends DurableObject implements GrantsRpc {
  readonly #storage: DurableObjectStorage;
  readonly #migrated: Result<null, SchemaTooNew>;
  readonly #codes: CodeTable;
  readonly #devices: DeviceTable;
  readonly #attempts = new AttemptLimit();

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    const storage: GrantStorage = {
      exec: (query, ...bindings) => ctx.storage.sql.exec(query, ...bindings).toArray(),
      transactionSync: (run) => ctx.storage.transactionSync(run),
      makeId: () => crypto.randomUUID(),
    };
    this.#migrated = migrate(storage, GRANTS_SCHEMA);
    this.#codes = new CodeTable(storage);
    this.#devices = new DeviceTable(storage);
  }

  /** The time, if the tables are those of this version. */
  #now(): UnixMs {
    if (!this.#migrated.ok) throw new Error(`grants: ${describeTooNew(this.#migrated.error)}`);
    return unixMs(Date.now());
  }

  async addCode(grant: CodeGrant): Promise<void> {
    this.#codes.add(grant, this.#now());
    await this.#scheduleClearing();
  }

  async redeemCode(redemption: CodeRedemption): Promise<Result<Redeemed, CodeRefusal>> {
    return this.#codes.redeem(redemption, this.#now());
  }

  async addDevice(request: DeviceRequest): Promise<boolean> {
    const isAdded = this.#devices.add(request, this.#now());
    if (isAdded) await this.#scheduleClearing();
    return isAdded;
  }

  async findDevice(userCode: string, network: string | null): Promise<Result<WaitingDevice, DeviceRefusal>> {
    const now = this.#now();
    return this.#attempts.guard(network, now, () => this.#devices.find(userCode, now));
  }

  async decideDevice(userCode: string, identity: GrantedIdentity | null): Promise<boolean> {
    return this.#devices.decide(userCode, identity, this.#now());
  }

  async pollDevice(poll: DevicePoll): Promise<Result<Redeemed, PollRefusal>> {
    return this.#devices.poll(poll, this.#now());
  }

  async isRevoked(tokenId: string): Promise<boolean> {
    this.#now();
    return this.#codes.isRevoked(tokenId);
  }

  async #scheduleClearing(): Promise<void> {
    if ((await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(Date.now() + CLEARING_PAUSE_MS);
  }

  override async alarm(): Promise<void> {
    // Rows of a newer version are deleted by that version.
    if (!this.#migrated.ok) return;
    const now = unixMs(Date.now());
    const remaining = this.#codes.clear(now) + this.#devices.clear(now);
    if (remaining > 0) await this.#storage.setAlarm(now + CLEARING_PAUSE_MS);
  }
}
