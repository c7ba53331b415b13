// SPDX-License-Identifier: Apache-2.0
// The cost of matching, counted: look-ups, selectors that are looked at, patterns that run. It must not grow with the
// selectors that do not match, whichever machine runs the test.

import { describe, expect, test } from "vitest";
import {
  certificateVerifier,
  certificateWith,
  emailName,
  makeHashedRecord,
  uriName,
} from "../../test/support/monitor/records.ts";
import { selectorsOf } from "../../test/support/monitor/selectors.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { toWatchedEntry, type WatchedEntry } from "./entry.ts";
import { matchEntry, type Selectors } from "./selector.ts";

const GITHUB = "https://token.actions.githubusercontent.com";
const PLACE = { log: "log.example", kind: "signature", index: 3, at: null, hints: null } as const;
const entryOf = (der: Uint8Array): WatchedEntry =>
  valueOf(toWatchedEntry(makeHashedRecord(new Uint8Array(32), certificateVerifier(der)), PLACE));
const workflowOf = (owner: string): string =>
  `https://github.com/${owner}/app/.github/workflows/ci.yml@refs/heads/main`;
const byWorkflow = (owner: string): WatchedEntry =>
  entryOf(
    certificateWith({
      names: [uriName(workflowOf(owner))],
      extensions: { issuerV2: GITHUB, sourceRepositoryUri: `https://github.com/${owner}/app`, buildTrigger: "push" },
    }),
  );
const byAddress = (address: string): WatchedEntry => entryOf(certificateWith({ names: [emailName(address)] }));

/** Everything that costs time while an entry is matched. */
interface Counts {
  lookUps: number;
  looked: number;
  runs: number;
}

/** The same selectors, which count. */
function countAll({ configs, tables, patterns, memory }: Selectors): {
  readonly selectors: Selectors;
  readonly counts: Counts;
} {
  const counts: Counts = { lookUps: 0, looked: 0, runs: 0 };
  const countRuns = <T extends { readonly isMatch: (text: string) => boolean }>(compiled: T): T => ({
    ...compiled,
    isMatch: (text: string) => {
      counts.runs++;
      return compiled.isMatch(text);
    },
  });
  const countGets = <K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> =>
    new Proxy(map, {
      get: (target, name) => {
        if (name !== "get") throw new Error(`${String(name)} walks through all selectors`);
        return (key: K) => {
          counts.lookUps++;
          return target.get(key);
        };
      },
    });
  const countedConfigs = new Proxy(configs, {
    get: (target, name, receiver): unknown => {
      if (!/^\d+$/.test(String(name))) throw new Error(`${String(name)} walks through all selectors`);
      counts.looked++;
      return Reflect.get(target, name, receiver);
    },
  });
  return {
    counts,
    selectors: {
      configs: countedConfigs,
      memory,
      patterns: new Map([...patterns].map(([key, compiled]) => [key, countRuns(compiled)])),
      tables: tables.map(({ exact, patterns: found, ...table }) => ({
        ...table,
        exact: countGets(exact),
        patterns: found.map(({ compiled, selectors }) => ({ compiled: countRuns(compiled), selectors })),
      })),
    },
  };
}

/** The costs of matching these entries with so many selectors of a kind, of which none matches. */
function costOf(make: (i: number) => object, count: number, entries: readonly WatchedEntry[]): Counts {
  const { selectors, counts } = countAll(selectorsOf(...Array.from({ length: count }, (_, i) => make(i))));
  for (const entry of entries) expect(matchEntry(selectors, entry)).toEqual([]);
  return { ...counts };
}

const EXACT: readonly (readonly [string, (i: number) => object])[] = [
  ["names", (i) => ({ identity: workflowOf(`team-${i}`) })],
  ["names of one issuer", (i) => ({ identity: workflowOf(`team-${i}`), issuer: GITHUB })],
  ["issuer first", (i) => ({ issuer: GITHUB, identity: workflowOf(`team-${i}`) })],
  ["addresses", (i) => ({ identity: `person-${i}@example.org` })],
  ["repositories", (i) => ({ repository: `team-${i}/app`, event: "push" })],
  ["owners", (i) => ({ owner: `team-${i}`, expected: [{ workflow: ".github/workflows/release.yml" }] })],
  ["digests", (i) => ({ digest: `sha256:${i.toString(16).padStart(64, "f")}` })],
];
const ENTRIES = [
  byWorkflow("stranger"),
  byWorkflow("another"),
  byAddress("somebody@example.net"),
  byWorkflow("stranger"),
];

describe("selectors that do not match cost nothing", () => {
  test.each(EXACT)("%s", (_, make) => {
    const few = costOf(make, 10, ENTRIES);
    expect(few).toMatchObject({ looked: 0, runs: 0 });
    for (const count of [1000, 10_000]) expect(costOf(make, count, ENTRIES)).toEqual(few);
  });

  test("a pattern runs once on each text, however often it comes", () => {
    const make = (i: number): object => ({ identity: `https://github.com/team-${i}/**` });
    const once = costOf(make, 100, ENTRIES.slice(0, 1));
    const often = costOf(
      make,
      100,
      Array.from({ length: 50 }, () => byWorkflow("stranger")),
    );
    expect(once).toMatchObject({ runs: 100, looked: 0 });
    expect(often.runs).toBe(once.runs);
  });

  test("those that match are looked at, and no other", () => {
    const watch = Array.from({ length: 1000 }, (_, i) => ({ identity: workflowOf(`team-${i}`) }));
    const { selectors, counts } = countAll(selectorsOf(...watch, { owner: "team-7" }));
    expect(matchEntry(selectors, byWorkflow("team-7")).map(({ selector }) => selector)).toEqual(["s7", "s1000"]);
    expect(counts.looked).toBe(2);
  });
});
