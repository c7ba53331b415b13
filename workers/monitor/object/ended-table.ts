// SPDX-License-Identifier: Apache-2.0
// The mails of WATCHES and OPERATOR_ALERTS that their recipients have ended with one click. The settings still have
// them; with another address or another id they begin again. Spec: RFC 8058 §3.2

import { text } from "../../../shared/sql/columns.ts";
import type { Watch } from "../watching/watch.ts";
import type { MonitorStorage } from "./storage.ts";

/** The configured watches that get no more mail. */
export class EndedTable {
  readonly #storage: MonitorStorage;
  readonly #ended = new Set<string>();

  constructor(storage: MonitorStorage) {
    this.#storage = storage;
  }

  /** Reads what is stored; call it once the tables exist. */
  load(): void {
    for (const row of this.#storage.exec("SELECT id, address FROM ended"))
      this.#ended.add(keyOf(text(row, "id"), text(row, "address")));
  }

  has({ id, channel }: Pick<Watch, "id" | "channel">): boolean {
    return channel.kind === "mail" && this.#ended.has(keyOf(id, channel.to));
  }

  /** Ends the mails of a watch to this address. */
  end(id: string, address: string): void {
    this.#storage.exec("INSERT OR IGNORE INTO ended (id, address) VALUES (?, ?)", id, address);
    this.#ended.add(keyOf(id, address));
  }
}

/** An id holds no blank. */
const keyOf = (id: string, address: string): string => `${id} ${address}`;
