// SPDX-License-Identifier: Apache-2.0
// GET /metrics: the state of the logs, and the time until everything that expires does.
// Spec: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

import type { LogConfig } from "../../shared/logs/config.ts";
import type { LogDescription, SequencerRpc } from "../../shared/rpc/sequencer.ts";
import { TILE_WIDTH } from "../../shared/tlog/tile.ts";
import type { TrustHealth } from "../../shared/trust/health.ts";
import { formatMonitorGauges, type MonitorReport } from "./monitor-state.ts";
import type { SearchLags } from "./search-lag.ts";

/** The gauges of a log. A log for which a value is null has no sample. */
const GAUGES: readonly {
  readonly name: string;
  readonly help: string;
  readonly value: (description: LogDescription, log: LogConfig) => number | null;
}[] = [
  { name: "sigedge_log_size", help: "Entries in the log.", value: (log) => log.treeSize },
  {
    name: "sigedge_log_running",
    help: "1 if the log takes entries, 0 if it is starting, frozen, full, over its plan's quota, or refuses to write.",
    value: (log) => (log.state === "running" ? 1 : 0),
  },
  {
    name: "sigedge_log_created_timestamp_seconds",
    help: "When the log was created.",
    value: (log) => log.createdAt / 1000,
  },
  {
    name: "sigedge_log_frozen",
    help: "1 if the log is frozen, which is permanent.",
    value: (log) => (log.frozenAt === null ? 0 : 1),
  },
  {
    name: "sigedge_log_frozen_against_settings",
    help: "1 if the log is frozen although SHARDS does not freeze it.",
    value: (log, { isFrozen }) => (log.frozenAt !== null && !isFrozen ? 1 : 0),
  },
  {
    name: "sigedge_log_head_timestamp_seconds",
    help: "Time of the newest tree head.",
    value: (log) => (log.headTimestamp === null ? null : log.headTimestamp / 1000),
  },
  {
    name: "sigedge_log_published_entries",
    help: "Entries in full tiles in R2; up to 255 others wait for their tile to fill.",
    value: (log) => log.publishedEntries,
  },
  {
    name: "sigedge_log_publish_backlog_entries",
    help: "Entries of full tiles that R2 does not have yet.",
    value: ({ treeSize, publishedEntries }) => Math.floor(treeSize / TILE_WIDTH) * TILE_WIDTH - publishedEntries,
  },
  {
    name: "sigedge_log_index_backlog_entries",
    help: "Entries that the log has not fed to the search index in D1 yet.",
    value: ({ treeSize, indexedEntries }) => treeSize - indexedEntries,
  },
  {
    name: "sigedge_log_storage_bytes",
    help: "Bytes of the storage of the log's Durable Object.",
    value: ({ storageBytes }) => storageBytes,
  },
  {
    name: "sigedge_log_storage_limit_bytes",
    help: "What that storage can hold. At 95 % of it the log is full.",
    value: ({ storageLimitBytes }) => storageLimitBytes,
  },
  {
    name: "sigedge_log_witness_lag_entries",
    help: "Entries that no quorum of witnesses has cosigned yet; only for a log with witnesses.",
    value: ({ treeSize, witnessedSize }) => (witnessedSize === null ? null : treeSize - witnessedSize),
  },
];

/** The sources of the figures. */
export interface Sources {
  readonly sequencer: DurableObjectNamespace<SequencerRpc>;
  readonly trust: () => Promise<TrustHealth>;
  readonly search: () => Promise<SearchLags>;
  readonly monitor: () => Promise<MonitorReport>;
}

/**
 * The page. Rejects if a log or the trust service does not answer: a gap is better than an invented number. While a
 * setting is wrong, none of them may answer, so the page says that and nothing else.
 */
export async function serveMetrics(
  settingsProblems: readonly string[],
  logs: readonly LogConfig[],
  sources: Sources,
): Promise<Response> {
  const text = settingsProblems.length > 0 ? "" : await collectFigures(logs, sources);
  return new Response(settingsGauge(settingsProblems.length) + text, {
    headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" },
  });
}

const settingsGauge = (problems: number): string =>
  `# HELP sigedge_settings_problems Settings that are missing or wrong; /healthz names them.
# TYPE sigedge_settings_problems gauge
sigedge_settings_problems ${problems}
`;

async function collectFigures(
  logs: readonly LogConfig[],
  { sequencer, trust, search, monitor }: Sources,
): Promise<string> {
  const [health, lags, watching] = await Promise.all([trust(), search(), monitor()]);
  const described = await describeAll(logs, sequencer);
  const text = GAUGES.map(({ name, help, value }) =>
    [
      `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`,
      ...described.flatMap(({ log, description }) => {
        const figure = value(description, log);
        return figure === null ? [] : [`${name}{log="${log.name}"} ${figure}\n`];
      }),
    ].join(""),
  );
  const names = logs.map(({ name }) => name);
  return text.join("") + searchGauges(lags) + formatMonitorGauges(watching, names) + trustGauges(health);
}

interface Described {
  readonly log: LogConfig;
  readonly description: LogDescription;
}

/** A scrape asks every object of the deployment, so an isolate asks them at most once in this time. */
const KEEP_MS = 5_000;
const kept = new WeakMap<readonly LogConfig[], { readonly described: readonly Described[]; readonly until: number }>();

async function describeAll(logs: readonly LogConfig[], sequencer: Sources["sequencer"]): Promise<readonly Described[]> {
  const now = Date.now();
  const known = kept.get(logs);
  if (known !== undefined && now < known.until && now >= known.until - KEEP_MS) return known.described;
  const described = await Promise.all(
    logs.map(async (log) => ({ log, description: await sequencer.getByName(log.name).describe() })),
  );
  kept.set(logs, { described, until: now + KEEP_MS });
  return described;
}

/** Formats the figures of D1. While it does not answer, there are no invented numbers. */
function searchGauges({ byLog, bytes }: SearchLags): string {
  return [
    "# HELP sigedge_search_up 1 if the search index in D1 answers.\n# TYPE sigedge_search_up gauge\n",
    `sigedge_search_up ${byLog === null ? 0 : 1}\n`,
    ...(bytes === null
      ? []
      : [
          "# HELP sigedge_search_bytes Bytes of the search index's database. D1 holds 500 MB on the Free plan, 10 GB on the Paid one.\n# TYPE sigedge_search_bytes gauge\n",
          `sigedge_search_bytes ${bytes}\n`,
        ]),
    "# HELP sigedge_log_search_backlog_entries Entries that the search index lacks, as D1 itself says.\n# TYPE sigedge_log_search_backlog_entries gauge\n",
    ...[...(byLog ?? [])].map(([log, { entries }]) => `sigedge_log_search_backlog_entries{log="${log}"} ${entries}\n`),
  ].join("");
}

function trustGauges({ expiries, problems }: TrustHealth): string {
  return [
    "# HELP sigedge_expiry_seconds Time until it expires and clients reject it.\n# TYPE sigedge_expiry_seconds gauge\n",
    ...expiries.map(({ what, secondsLeft }) => `sigedge_expiry_seconds{what="${what}"} ${secondsLeft}\n`),
    "# HELP sigedge_trust_problems Problems of the trust root that /healthz reports.\n# TYPE sigedge_trust_problems gauge\n",
    `sigedge_trust_problems ${problems.length}\n`,
  ].join("");
}
