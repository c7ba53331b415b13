// SPDX-License-Identifier: Apache-2.0
// Freezes a log forever. Size and root stay those that the anchor holds; the checkpoint says that it is the last.

import { unixMs } from "../../../shared/time.ts";
import type { LogDeps } from "../deps.ts";
import type { LogMemory } from "./memory.ts";

/**
 * Freezes an open log, before its instance has taken an entry. All of it is one transaction: if the object dies before
 * it, the next start freezes; if it dies after it, the log is frozen. If this throws, the outcome is unknown, and the
 * caller must open the log again from its rows.
 */
export function freezeLog({ storage, format, host, config }: LogDeps, memory: LogMemory): void {
  const state = memory.openState();
  const frozenAt = unixMs(Math.max(host.now(), state.timestamp));
  const frozen = { ...state, checkpoint: format.signFrozen(state, frozenAt) ?? state.checkpoint };
  storage.transactionSync(() => {
    storage.writeFrozen(frozenAt);
    storage.writeState(frozen, true);
  });
  memory.state = frozen;
  memory.frozenAt = frozenAt;
  host.logLine("log_frozen", { log: config.name, treeSize: frozen.treeSize, frozenAt });
}
