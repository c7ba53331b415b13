// SPDX-License-Identifier: Apache-2.0
// Signs the newest tree again, at a later time, where a head's signature covers its time: an auditor of a log that
// nobody writes to expects a head that is younger than the maximum merge delay, usually 24 hours.
// Spec: RFC 6962 §3.5

import { unixMs } from "../../../shared/time.ts";
import type { LogDeps } from "../deps.ts";
import type { LogMemory } from "./memory.ts";

/** Half of the usual maximum merge delay. */
const MAX_HEAD_AGE_MS = 12 * 60 * 60 * 1000;

/**
 * Signs the newest head again if it is older than twelve hours: one row, at most twice a day. Size and root stay those
 * that the anchor holds. Does nothing while a round is under way, because that brings a new head, and nothing if the
 * row cannot be written.
 */
export function refreshHead({ storage, format, host, config }: LogDeps, memory: LogMemory): void {
  const { state, frozenAt } = memory;
  const now = host.now();
  const mayWrite = memory.isRunning && state !== null && frozenAt === null && !config.isFrozen;
  if (!format.signsTime || !mayWrite || now - state.timestamp <= MAX_HEAD_AGE_MS) return;
  const timestamp = unixMs(now);
  const fresh = { ...state, timestamp, checkpoint: format.signCheckpoint(state, timestamp) };
  try {
    if (storage.transactionSync(() => storage.writeFreshHead(fresh))) memory.state = fresh;
  } catch (error) {
    host.logLine("head_not_refreshed", { log: config.name, reason: String(error) });
  }
}
