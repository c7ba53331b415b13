// SPDX-License-Identifier: Apache-2.0
// Devices that wait for a person. Strangers write these rows, so they are few, small and short-lived.
// Spec: RFC 8628 §3.4, §3.5, §5.2; RFC 9700 §2.1.1

import { blockOf } from "../../../shared/http/client-address.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type {
  DevicePoll,
  DeviceRefusal,
  DeviceRequest,
  GrantedIdentity,
  PollRefusal,
  Redeemed,
  WaitingDevice,
} from "../../../shared/rpc/grants.ts";
import { integer, type Row, text, textOrNull, word } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { type GrantStorage, IDENTITY_COLUMNS, identityValues, readIdentity } from "./storage.ts";

/** As many as a team's build jobs ask for at once when they are set up wrongly. */
const MAX_WAITING_OF_NETWORK = 10;
/** Whoever has a /48 has 65,536 networks, and takes 4 % of the places. */
const MAX_WAITING_OF_BLOCK = 40;
/** A quarter of a megabyte. */
const MAX_WAITING = 1000;
/** RFC 8628 §3.5: the interval, and what each `slow_down` adds to it. */
const POLL_MS = 5000;
/** A poll that comes a little early is on time: clients and networks wait inexactly. */
const EARLY_MS = 500;
const NO_IDENTITY = [null, null, null, null, null];

const STATES = ["waiting", "granted", "refused", "redeemed"] as const;

/** A row of the table. */
interface Device extends WaitingDevice {
  readonly challenge: string | null;
  readonly nextPollAt: number;
  readonly pollMs: number;
  readonly state: (typeof STATES)[number];
  /** Null unless it is granted. */
  readonly identity: GrantedIdentity | null;
}

/** Throws RangeError if the row is damaged. */
const decodeDevice = (row: Row): Device => ({
  userCode: text(row, "user_code"),
  clientId: text(row, "client_id"),
  challenge: textOrNull(row, "challenge"),
  network: textOrNull(row, "network"),
  country: textOrNull(row, "country"),
  askedAt: unixMs(integer(row, "asked_at")),
  nextPollAt: integer(row, "next_poll_at"),
  pollMs: integer(row, "poll_ms"),
  state: word(row, "state", STATES),
  identity: row["state"] === "granted" ? readIdentity(row) : null,
});

/** The waiting devices of a deployment. */
export class DeviceTable {
  readonly #storage: GrantStorage;

  constructor(storage: GrantStorage) {
    this.#storage = storage;
  }

  /** Adds a device; false if too many wait, or if the code is taken. */
  add(request: DeviceRequest, now: UnixMs): boolean {
    const { deviceHash, userCode, clientId, challenge, network, country, expiresAt } = request;
    return this.#storage.transactionSync(() => {
      this.clear(now);
      if (this.#isFullFor(network)) return false;
      const added = this.#storage.exec(
        `INSERT INTO devices (device_hash, user_code, client_id, challenge, network, country, asked_at, expires_at,
          next_poll_at, poll_ms, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting') ON CONFLICT DO NOTHING RETURNING 1`,
        deviceHash,
        userCode,
        clientId,
        challenge,
        network,
        country,
        now,
        expiresAt,
        now,
        POLL_MS,
      );
      return added.length === 1;
    });
  }

  /** Only a person who has signed in ends the waiting of a device, so strangers cannot. */
  #isFullFor(network: string | null): boolean {
    if (this.#count("WHERE network IS ? AND state = 'waiting'", network) >= MAX_WAITING_OF_NETWORK) return true;
    const block = network === null ? null : blockOf(network);
    const ofBlock = this.#count("WHERE substr(network, 1, length(?)) = ? AND state = 'waiting'", block, block);
    return ofBlock >= MAX_WAITING_OF_BLOCK || this.#count("") >= MAX_WAITING;
  }

  #count(where: string, ...bindings: readonly (string | null)[]): number {
    return Number(this.#storage.exec(`SELECT COUNT(*) AS count FROM devices ${where}`, ...bindings)[0]?.["count"]);
  }

  /** Finds the device that waits with a code. */
  find(userCode: string, now: UnixMs): Result<WaitingDevice, DeviceRefusal> {
    const device = this.#read("user_code = ? AND state = 'waiting'", userCode, now);
    if (device === null) return err({ code: "user_code_unknown" });
    const { clientId, network, country, askedAt } = device;
    return ok({ userCode, clientId, network, country, askedAt });
  }

  #read(condition: string, value: string, now: UnixMs): Device | null {
    const [row] = this.#storage.exec(`SELECT * FROM devices WHERE ${condition} AND expires_at > ?`, value, now);
    return row === undefined ? null : decodeDevice(row);
  }

  /** Grants or refuses, once. False if nothing waits with this code any more. */
  decide(userCode: string, identity: GrantedIdentity | null, now: UnixMs): boolean {
    const decided = this.#storage.exec(
      `UPDATE devices SET state = ?, (${IDENTITY_COLUMNS}) = (?, ?, ?, ?, ?)
      WHERE user_code = ? AND state = 'waiting' AND expires_at > ? RETURNING 1`,
      identity === null ? "refused" : "granted",
      ...(identity === null ? NO_IDENTITY : identityValues(identity)),
      userCode,
      now,
    );
    return decided.length === 1;
  }

  /** Answers a device. A code that is unknown, over or used is `expired_token`: clients know no other end. */
  poll(poll: DevicePoll, now: UnixMs): Result<Redeemed, PollRefusal> {
    const { deviceHash } = poll;
    return this.#storage.transactionSync(() => {
      const device = this.#read("device_hash = ?", deviceHash, now);
      if (device === null || device.state === "redeemed") return err({ code: "expired_token" });
      const refusal = refusalOf(device, poll);
      if (refusal !== null) return err({ code: refusal });
      if (device.state === "refused") return err({ code: "access_denied" });
      if (device.identity === null) return this.#postpone(deviceHash, device, now);
      this.#storage.exec("UPDATE devices SET state = 'redeemed' WHERE device_hash = ?", deviceHash);
      return ok({ clientId: device.clientId, identity: device.identity, tokenId: this.#storage.makeId() });
    });
  }

  #postpone(deviceHash: string, device: Device, now: UnixMs): Result<never, PollRefusal> {
    const isEarly = now < device.nextPollAt - EARLY_MS;
    const pollMs = isEarly ? device.pollMs + POLL_MS : device.pollMs;
    this.#storage.exec(
      "UPDATE devices SET next_poll_at = ?, poll_ms = ? WHERE device_hash = ?",
      now + pollMs,
      pollMs,
      deviceHash,
    );
    return err({ code: isEarly ? "slow_down" : "authorization_pending" });
  }

  /** Deletes what is over. Returns how many rows are left. */
  clear(now: UnixMs): number {
    this.#storage.exec("DELETE FROM devices WHERE expires_at <= ?", now);
    return this.#count("");
  }
}

/** Why a poll is not that of the client that waits. A verifier where there was no challenge is a downgrade of PKCE. */
function refusalOf(device: Device, { clientId, challenge }: DevicePoll): PollRefusal["code"] | null {
  if (clientId !== null && clientId !== device.clientId) return "device_of_another_client";
  return device.challenge === challenge ? null : "device_verifier_wrong";
}
