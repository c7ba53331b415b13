// SPDX-License-Identifier: Apache-2.0
// The bindings that several services of a deployment share.

import type { AnchorRpc } from "../rpc/anchor.ts";
import type { MonitorRpc } from "../rpc/monitor.ts";
import type { SequencerRpc } from "../rpc/sequencer.ts";
import type { MailBinding, ResourceBinding } from "../settings/binding.ts";

/** The logs: each is one Durable Object. */
export const SEQUENCER: ResourceBinding<DurableObjectNamespace<SequencerRpc>> = {
  kind: "durable_object",
  className: "Sequencer",
  owner: "sequencer",
};

/** The newest head of each log, our own or one that we witness, apart from the log itself. */
export const ANCHOR: ResourceBinding<DurableObjectNamespace<AnchorRpc>> = {
  kind: "durable_object",
  className: "Anchor",
  owner: "sequencer",
};

/** All watches, how far they have looked, and the messages on their way: one object per deployment. */
export const MONITOR: ResourceBinding<DurableObjectNamespace<MonitorRpc>> = {
  kind: "durable_object",
  className: "Monitor",
  owner: "monitor",
};

/** The logs' immutable tiles. */
export const TILES: ResourceBinding<R2Bucket> = { kind: "r2", bucketName: "sigedge-tiles" };

/** The search index. `sigedge deploy` replaces the id with that of the database that it finds or creates. */
export const INDEX: ResourceBinding<D1Database> = {
  kind: "d1",
  databaseName: "sigedge-index",
  databaseId: "00000000-0000-0000-0000-000000000000",
};

/** Limits what one client network makes objects and D1 answer. */
export const READS: ResourceBinding<RateLimit> = {
  kind: "rate_limit",
  namespaceId: "2001",
  limit: 1000,
  periodSeconds: 10,
};

/** Limits the POSTs of one client network, for each kind of route apart (shared/http/rate-gate.ts). */
export const WRITES: ResourceBinding<RateLimit> = {
  kind: "rate_limit",
  namespaceId: "2002",
  limit: 100,
  periodSeconds: 10,
};

/** Sends the monitor's mails where no other mail API is set. */
export const MAIL: MailBinding = { kind: "send_email" };
