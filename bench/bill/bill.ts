// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- --bill`: what a day of a small team, of a company and of the public instance uses of each plan, and
// what a month of it costs.

import { paint } from "../../cli/terminal.ts";
import type { Bench } from "../bench.ts";
import { measureUnits, type Units } from "./measure.ts";
import { type Meter, PLAN_PER_MONTH, PRICES, PRICES_OF, STORAGE_PRICES, type Store } from "./prices.ts";
import type { Readers } from "./readers.ts";
import { type Amounts, addReaders, METERS, STORES, sum, times } from "./usage.ts";

interface Scenario {
  readonly name: string;
  /** The signatures of one day. */
  readonly signatures: number;
  /** Each reads both logs once a day. */
  readonly auditors: number;
  /** Each makes a pass over both logs every five minutes. */
  readonly monitors: number;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "nobody", signatures: 0, auditors: 0, monitors: 0 },
  { name: "a small team", signatures: 300, auditors: 10, monitors: 1 },
  { name: "a company", signatures: 10_000, auditors: 20, monitors: 5 },
  { name: "the public instance", signatures: 10e6, auditors: 100, monitors: 100 },
];

const DAY_SECONDS = 86_400;
const PASSES = DAY_SECONDS / 300;
/** The alarm after activity is set again at most every 30 s. */
const ALARMS = DAY_SECONDS / 30;
/** The crons of wrangler.toml. */
const CRONS = 4;
/** Above this many signatures a day they meet in rounds often enough to cost what many clients' do: one a second. */
const SHARED_ABOVE = DAY_SECONDS;
/** A backup of each tail, at most every ten minutes: one put, and the former one is deleted, which is free. */
const BACKUPS = DAY_SECONDS / 600;
const LOGS = 2;

interface Line {
  readonly name: string;
  readonly amounts: Amounts;
}

/** Adds up a day, by what uses it. */
function dayOf({ signatures, auditors, monitors }: Scenario, units: Units): readonly Line[] {
  const busyPasses = Math.min(PASSES, signatures);
  const perSignature = signatures > SHARED_ABOVE ? units.shared : units.alone;
  const backups = { ...times(units.idle, 0), "R2 class A": LOGS * Math.min(BACKUPS, signatures) };
  return [
    { name: "signing", amounts: times(perSignature, signatures) },
    { name: "alarms", amounts: times(units.alarms, Math.min(ALARMS, signatures)) },
    { name: "backups", amounts: backups },
    { name: "cron", amounts: times(units.cron, CRONS) },
    {
      name: "auditors",
      amounts: addReaders(sum([units.audit, times(units.auditedSignature, signatures)]), auditors),
    },
    {
      name: "monitors",
      amounts: addReaders(
        sum([
          times(units.busyPass, busyPasses),
          times(units.idlePass, PASSES - busyPasses),
          times(units.auditedSignature, signatures),
        ]),
        monitors,
      ),
    },
  ];
}

const DAYS = 30;

/** Dollars for a month's use of one meter. */
const costOf = (meter: Meter, day: number): number =>
  (Math.max(0, day * DAYS - PRICES[meter].included) * PRICES[meter].perMillion) / 1e6;

/** Dollars a month for what is kept. */
const storageCostOf = (store: Store, bytes: number): number =>
  (Math.max(0, bytes - STORAGE_PRICES[store].included) * STORAGE_PRICES[store].perGigabyte) / 1e9;

const short = (value: number): string =>
  value === 0
    ? "0"
    : value < 0.01
      ? value.toExponential(1)
      : new Intl.NumberFormat("en-US", {
          maximumSignificantDigits: 3,
          notation: value >= 1e6 ? "compact" : "standard",
        }).format(value);
const dollars = (value: number): string => `$${value.toFixed(2)}`;

const NAME = 24;
const CELL = 11;

const row = (name: string, cells: readonly string[]): string =>
  `  ${name.padEnd(NAME)}${cells.map((cell) => cell.padStart(CELL)).join("")}`;

function renderScenario(scenario: Scenario, units: Units): readonly string[] {
  const lines = dayOf(scenario, units);
  const total = sum(lines.map(({ amounts }) => amounts));
  const shown = METERS.filter((meter) => total[meter] > 0);
  const { signatures, auditors, monitors } = scenario;
  const title = `A day of ${scenario.name}: signatures ${signatures.toLocaleString("en-US")}, auditors ${auditors}, monitors ${monitors}`;
  const table = shown.map((meter) => {
    const { freeEachDay } = PRICES[meter];
    const share = Number.isFinite(freeEachDay) ? `${((100 * total[meter]) / freeEachDay).toPrecision(2)} %` : "–";
    return row(meter, [
      ...lines.map(({ amounts }) => short(amounts[meter])),
      short(total[meter]),
      share,
      dollars(costOf(meter, total[meter])),
    ]);
  });
  const year = times(total, 365);
  const stored = STORES.map((store) => `${store.replace(" storage", "")} ${short(year[store] / 1e6)} MB`);
  const storage = STORES.reduce((all, store) => all + storageCostOf(store, year[store]), 0);
  const used = METERS.reduce((all, meter) => all + costOf(meter, total[meter]), 0);
  const over = METERS.filter((meter) => total[meter] > PRICES[meter].freeEachDay);
  const full = STORES.filter((store) => total[store] > 0).map(
    (store) => `${store.replace(" storage", "")} in ${short(STORAGE_PRICES[store].free / total[store])} days`,
  );
  return [
    paint("bold", title),
    row("", [...lines.map(({ name }) => name), "together", "free day", "a month"]),
    ...table,
    `  Kept after a year: ${stored.join(", ")}: ${dollars(storage)} a month then.`,
    over.length === 0
      ? `  Free plan: fits${full.length === 0 ? "" : `. Full: ${full.join(", ")}`}.`
      : `  Free plan: does not fit (${over.join(", ")}).`,
    `  Paid plan: ${dollars(PLAN_PER_MONTH)} + ${dollars(used)} a month.`,
    "",
  ];
}

const renderReaders = ({ readers, requests, perSecond, p99Ms, objectRequests, r2ClassB, paths }: Readers) => [
  paint("bold", `${short(readers)} auditors read the ${paths} full tiles and bundles of both logs`),
  `  ${short(requests)} requests (${short(perSecond)}/s, p99 ${short(p99Ms)} ms): calls of objects ${objectRequests}, reads of R2 ${short(r2ClassB)} (behind a cache ${paths})`,
  "",
];

/** Measures the units and renders the bill of each scenario. */
export async function measureBill(bench: Bench): Promise<string> {
  const units = await measureUnits(bench);
  return [
    ...SCENARIOS.flatMap((scenario) => renderScenario(scenario, units)),
    ...renderReaders(units.readers),
    paint(
      "dim",
      `  Prices of ${PRICES_OF}. Counted on a local stack. A cache answers the tiles for every auditor and monitor but the first.`,
    ),
    paint(
      "dim",
      "  CPU includes Miniflare's simulators, and duration is that of this machine; both are above Cloudflare's.",
    ),
  ].join("\n");
}
