// SPDX-License-Identifier: Apache-2.0
// A Durable Object's SQLite as the Storage port.

import type { Storage } from "../deps.ts";

export function durableStorage(storage: DurableObjectStorage): Storage {
  return {
    exec: (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray(),
    transactionSync: (run) => storage.transactionSync(run),
  };
}
