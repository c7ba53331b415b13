// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { IndexedEntry } from "../../../shared/search/index-writes.ts";
import { makeAppend } from "../../../shared/search/index-writes.ts";
import type { EntryKind } from "../../../shared/search/parameters.ts";
import { decodeSigner, type Signer } from "../../../shared/search/signer.ts";
import { termKey } from "../../../shared/search/terms.ts";
import { unixMs } from "../../../shared/time.ts";
import { searchRow } from "../../../test/support/logs/search-rows.ts";
import { type MemoryD1, memoryD1 } from "../../../test/support/logs/sqlite-d1.ts";
import type { Bounds, SearchQuery } from "./conjunction.ts";
import { parseSearchQuery } from "./query.ts";
import { type Hit, type SearchPage, searchPage } from "./search-index.ts";

/** The first two logs and a shard. */
const LOGS = ["signature", "certificate", "sig-2027"] as const;
type LogName = (typeof LOGS)[number];
const ALL = LOGS.map((name) => ({ name, creation: `${name} itself` }));

/** An entry of a test, as the texts of its terms. */
interface Made {
  readonly log: LogName;
  readonly leafIndex: number;
  readonly timestamp: number;
  readonly kind: EntryKind;
  readonly digest: string;
  readonly predicateType: string | null;
  readonly commit: string;
  readonly signer: Signer | null;
}

const hex = (digits: string, length = 64): string => digits.repeat(length / digits.length);
const signer = (name: string, fields: Partial<Signer> = {}): Signer => {
  const decoded = decodeSigner({ names: [name], issuer: "https://a.example", ...fields });
  if (decoded === null) throw new TypeError("not a signer");
  return decoded;
};
const ofWorkflow = (repository: string, ref: string, runner = "github-hosted"): Signer => {
  const url = `https://github.com/${repository}`;
  const workflow = `${url}/.github/workflows/w.yml@${ref}`;
  const owner = url.replace(/\/[^/]+$/, "");
  const visibility = runner === "self-hosted" ? "private" : "public";
  const build = { repository: url, repositoryId: "74", owner, ownerId: "65", workflow, ref, runner, visibility };
  return signer(`uri:${workflow}`, build);
};
const SIGNERS: readonly (Signer | null)[] = [
  null,
  signer("email:Alice@Example.com"),
  signer("email:bob@example.com", { issuer: "https://b.example/" }),
  signer("uri:spiffe://example.com/signer"),
  ofWorkflow("Octo/one", "refs/heads/main"),
  ofWorkflow("Octo/one", "refs/tags/v1"),
  ofWorkflow("octo/two", "refs/heads/main", "self-hosted"),
  ofWorkflow("other/one", "refs/heads/main"),
];

const toEntry = ({ leafIndex, timestamp, kind, digest, predicateType, commit, signer: by }: Made): IndexedEntry => {
  const isCertificate = kind === "certificate";
  const terms = isCertificate
    ? []
    : [termKey("digest", digest), ...(predicateType === null ? [] : [termKey("predicateType", predicateType)])];
  return {
    leafIndex,
    timestamp: unixMs(timestamp),
    search: searchRow({
      kind,
      terms,
      digest: isCertificate ? null : digest,
      signer: by,
      commit: termKey("commit", commit),
      publicKey: termKey("publicKey", hex(String(leafIndex % 10))),
    }),
  };
};

/** Appends entries as the sequencer's feed does. */
function append({ run, d1 }: MemoryD1, log: LogName, entries: readonly Made[]): void {
  for (let at = 0; at < entries.length; at += 64) {
    const part = entries.slice(at, at + 64).map(toEntry);
    run(
      makeAppend({ name: log, creation: `${log} itself` }, part).map(({ sql, values }) =>
        d1.prepare(sql).bind(...values),
      ),
    );
  }
}

/** Grows the logs of a test, each entry later than the one before. */
function grower(memory: MemoryD1) {
  const all: Made[] = [];
  const sizes = new Map<LogName, number>();
  let now = 1000;
  const grow = (rows: readonly (Pick<Made, "log"> & Partial<Made> & { readonly later?: number })[]): void => {
    const made = rows.map(({ later = 1, ...row }): Made => {
      const leafIndex = sizes.get(row.log) ?? 0;
      sizes.set(row.log, leafIndex + 1);
      now += later;
      const kind = row.log === "certificate" ? "certificate" : "signature";
      return {
        timestamp: now,
        kind,
        digest: `sha256:${hex("0")}`,
        predicateType: null,
        commit: hex("0", 40),
        signer: null,
        ...row,
        leafIndex,
      };
    });
    memory.database.exec("BEGIN");
    for (const log of LOGS)
      append(
        memory,
        log,
        made.filter((one) => one.log === log),
      );
    memory.database.exec("COMMIT");
    all.push(...made);
  };
  return { all, grow };
}

function parse(text: string): SearchQuery {
  const query = parseSearchQuery(new URLSearchParams(text), LOGS);
  if (!query.ok) throw new Error(query.error.parameter);
  return query.value;
}

async function page({ d1 }: MemoryD1, text: string, more: Partial<SearchQuery> = {}): Promise<SearchPage> {
  const result = await searchPage(d1, { ...parse(text), ...more }, ALL);
  if (!result.ok) throw new Error(result.error.reason);
  return result.value;
}

/** All pages; `between` runs before each but the first. */
async function pages(
  memory: MemoryD1,
  text: string,
  { limit, between = () => undefined }: { readonly limit: number; readonly between?: () => void },
): Promise<readonly Hit[]> {
  const seen: Hit[] = [];
  let bounds: Bounds | null = null;
  do {
    const { hits, next }: SearchPage = await page(memory, text, { limit, bounds });
    expect(hits.length).toBeLessThanOrEqual(limit);
    if (next !== null) expect(next).not.toStrictEqual(bounds);
    seen.push(...hits);
    bounds = next;
    between();
  } while (bounds !== null);
  return seen;
}

type Named = Pick<Hit, "log" | "leafIndex">;
const names = (hits: readonly Named[]): readonly string[] => hits.map(({ log, leafIndex }) => `${log} ${leafIndex}`);
const newestFirst = (made: readonly Made[]): readonly Made[] =>
  made.toSorted(
    (a, b) => b.timestamp - a.timestamp || LOGS.indexOf(a.log) - LOGS.indexOf(b.log) || b.leafIndex - a.leafIndex,
  );

const COMMIT = hex("c", 40);
const HOT = `sha256:${hex("a")}`;
/** Each parameter with what it means, said again in the plainest way. */
const QUESTIONS: readonly (readonly [string, (made: Made) => boolean])[] = [
  [`digest=${HOT}`, ({ digest, kind }) => digest === HOT && kind !== "certificate"],
  ["predicateType=p", ({ predicateType, kind }) => predicateType === "p" && kind !== "certificate"],
  [`commit=${COMMIT}`, ({ commit }) => commit === COMMIT],
  [`publicKey=${hex("3")}`, ({ leafIndex }) => leafIndex % 10 === 3],
  ["identity=alice@example.COM", ({ signer: by }) => by?.names[0] === "email:Alice@Example.com"],
  ["email=bob@example.com", ({ signer: by }) => by?.names[0] === "email:bob@example.com"],
  ["issuer=https://b.example", ({ signer: by }) => by?.issuer === "https://b.example/"],
  ["issuer=https://a.example/", ({ signer: by }) => by?.issuer === "https://a.example"],
  ["repository=octo/One", ({ signer: by }) => by?.repository === "https://github.com/Octo/one"],
  ["repositoryId=74", ({ signer: by }) => by?.repositoryId === "74"],
  ["owner=OCTO", ({ signer: by }) => /github.com\/octo$/i.test(by?.owner ?? "")],
  ["ownerId=65", ({ signer: by }) => by?.ownerId === "65"],
  ["workflow=octo/two/.github/workflows/w.yml", ({ signer: by }) => by?.repository === "https://github.com/octo/two"],
  ["ref=main", ({ signer: by }) => by?.ref === "refs/heads/main"],
  ["ref=refs/tags/", ({ signer: by }) => by?.ref === "refs/tags/v1"],
  ["runner=GitHub-hosted", ({ signer: by }) => by?.runner === "github-hosted"],
  ["visibility=private", ({ signer: by }) => by?.visibility === "private"],
  ["under=spiffe://example.com/", ({ signer: by }) => by?.names[0] === "uri:spiffe://example.com/signer"],
  ["under=https://github.com/octo/", ({ signer: by }) => /github.com\/octo\//i.test(by?.repository ?? "")],
  ["kind=attestation", ({ kind }) => kind === "attestation"],
  ["log=sig-2027", ({ log }) => log === "sig-2027"],
  ["since=1970-01-01T00:00:01.200Z", ({ timestamp }) => timestamp >= 1200],
  ["until=1970-01-01T00:00:01.700Z", ({ timestamp }) => timestamp <= 1700],
];

afterEach(() => {
  vi.useRealTimers();
});

describe("a query of any terms", () => {
  const row = fc.record({
    log: fc.constantFrom(...LOGS),
    later: fc.constantFrom(0, 0, 1, 5),
    digest: fc.constantFrom(HOT, `sha512:${hex("b", 128)}`),
    predicateType: fc.constantFrom(null, null, "p"),
    commit: fc.constantFrom(hex("0", 40), COMMIT),
    signer: fc.constantFrom(...SIGNERS),
    kind: fc.constantFrom<("signature" | "attestation")[]>("signature", "attestation"),
    run: fc.constantFrom(1, 1, 1, 3, 300),
  });
  const runs = fc.array(row, { minLength: 1, maxLength: 14 });
  const questions = fc.uniqueArray(fc.constantFrom(...QUESTIONS), {
    minLength: 1,
    maxLength: 3,
    selector: ([text]) => text.split("=")[0],
  });

  test("finds what has all of them, once, newest first, page by page, while the logs grow", async () => {
    await fc.assert(
      fc.asyncProperty(runs, runs, questions, fc.integer({ min: 1, max: 20 }), async (first, later, asked, limit) => {
        const memory = memoryD1();
        const { all, grow } = grower(memory);
        const repeat = (rows: typeof first) =>
          rows.flatMap(({ run, ...made }) => {
            const kind = made.log === "certificate" ? ("certificate" as const) : made.kind;
            return Array.from({ length: run }, () => ({ ...made, kind }));
          });
        grow(repeat(first));
        const expected = newestFirst(all.filter((made) => asked.every(([, isMeant]) => isMeant(made))));
        const rest = repeat(later).slice(0, 40);
        const seen = await pages(memory, asked.map(([text]) => text).join("&"), {
          limit,
          between: () => grow(rest.splice(0, 7)),
        });
        expect(names(seen)).toStrictEqual(names(expected));
        for (const [i, hit] of seen.entries()) {
          const made = expected[i];
          const digest = made?.kind === "certificate" ? null : made?.digest;
          const repository = made?.signer?.repository ?? null;
          expect(hit).toMatchObject({ kind: made?.kind, timestamp: made?.timestamp, digest, repository });
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("searchPage", () => {
  test("shows the signer's fields as the certificate writes them", async () => {
    const memory = memoryD1();
    grower(memory).grow([{ log: "certificate", signer: SIGNERS[4] ?? null }]);
    expect((await page(memory, "repository=octo/one")).hits).toStrictEqual([
      {
        log: "certificate",
        leafIndex: 0,
        timestamp: 1001,
        kind: "certificate",
        digest: null,
        predicateType: null,
        identity: "https://github.com/Octo/one/.github/workflows/w.yml@refs/heads/main",
        issuer: "https://a.example",
        repository: "https://github.com/Octo/one",
        repositoryId: "74",
        owner: "https://github.com/Octo",
        ownerId: "65",
        workflow: "https://github.com/Octo/one/.github/workflows/w.yml@refs/heads/main",
        ref: "refs/heads/main",
        runner: "github-hosted",
        visibility: "public",
      },
    ]);
  });

  test("names the type of a statement if it is a known one, of attestations alone", async () => {
    const memory = memoryD1();
    const types = ["https://slsa.dev/provenance/v1", "https://example.com/own", null];
    grower(memory).grow([
      ...types.map((predicateType) => ({ log: "signature", kind: "attestation", predicateType }) as const),
      { log: "signature", kind: "signature", predicateType: "https://slsa.dev/provenance/v1" },
    ]);
    const { hits } = await page(memory, "log=signature");
    expect(hits.map(({ predicateType }) => predicateType)).toEqual([
      null,
      null,
      null,
      "https://slsa.dev/provenance/v1",
    ]);
  });

  test("does not show the rows of another log under the same name, and says that nothing is complete", async () => {
    const memory = memoryD1();
    grower(memory).grow([{ log: "signature" }, { log: "certificate" }]);
    memory.database.exec("UPDATE log SET creation = 'another' WHERE name = 'signature'");
    const { hits, completeThrough, newestTimes } = await page(memory, "since=1970-01-01");
    expect(names(hits)).toEqual(["certificate 0"]);
    expect(Object.fromEntries(completeThrough)).toEqual({ signature: 0, certificate: 1, "sig-2027": 0 });
    expect(Object.fromEntries(newestTimes)).toEqual({ signature: null, certificate: 1002, "sig-2027": null });
  });

  test("an empty index is complete through 0", async () => {
    expect(await page(memoryD1(), "identity=a@b")).toStrictEqual({
      hits: [],
      next: null,
      completeThrough: new Map(LOGS.map((name) => [name, 0])),
      newestTimes: new Map(LOGS.map((name) => [name, null])),
    });
  });

  test("finds a commit that gitsign signed", async () => {
    const memory = memoryD1();
    // printf 0000000000000000000000000000000000000000 | sha256sum
    const digest = "sha256:9692e67b8378a6f6753f97782d458aa757e947eab2fbdf6b5c187b74561eb78f";
    grower(memory).grow([
      { log: "signature", digest, commit: COMMIT },
      { log: "signature", commit: hex("0", 40) },
      { log: "signature", commit: COMMIT },
    ]);
    expect(names((await page(memory, `commit=${hex("0", 40)}`)).hits)).toEqual(["signature 1", "signature 0"]);
  });

  test("holds a hit back while another log may have a newer one below the window", async () => {
    const memory = memoryD1();
    const alice = SIGNERS[1] ?? null;
    const filler = Array.from({ length: 5000 }, () => ({ log: "signature", signer: null }) as const);
    const { grow } = grower(memory);
    grow([{ log: "sig-2027", kind: "attestation" }]);
    grow([{ log: "certificate", signer: alice, commit: COMMIT }]);
    grow([{ log: "signature", signer: alice, commit: COMMIT, kind: "attestation" }]);
    grow(filler);
    const first = await page(memory, `issuer=https://a.example&commit=${COMMIT}`);
    expect(names(first.hits)).toStrictEqual(["signature 0", "certificate 0"]);
    // The signature log has more rows than one page compares, so the older hit of the shard waits for its first entry.
    const { hits } = await page(memory, "kind=attestation", { limit: 20 });
    expect(names(hits)).toStrictEqual([]);
    const attestations = await pages(memory, "kind=attestation", { limit: 20 });
    expect(names(attestations)).toStrictEqual(["signature 0", "sig-2027 0"]);
    const all = await pages(memory, "since=1970-01-01", { limit: 64 });
    expect(names(all.slice(-3))).toStrictEqual(["signature 0", "certificate 0", "sig-2027 0"]);
    expect(all).toHaveLength(5003);
  });

  test("looks signers up where there are too many to list", async () => {
    const memory = memoryD1();
    const { all, grow } = grower(memory);
    const made = Array.from({ length: 1300 }, (_, i) => ({
      log: "signature" as const,
      signer: signer(`email:signer-${i}@example.com`, i % 2 === 0 ? {} : { issuer: "https://b.example" }),
      digest: i % 3 === 0 ? HOT : `sha256:${hex("0")}`,
    }));
    grow([...made, ...made]);
    const isOfB = ({ signer: by }: Made): boolean => by?.issuer === "https://b.example";
    const seen = await pages(memory, "issuer=https://b.example", { limit: 64 });
    expect(names(seen)).toStrictEqual(names(newestFirst(all.filter(isOfB))));
    const both = await pages(memory, `issuer=https://b.example&digest=${HOT}`, { limit: 64 });
    expect(names(both)).toStrictEqual(names(newestFirst(all.filter((one) => isOfB(one) && one.digest === HOT))));
  });

  test("fails with search_unavailable if D1 fails or its tables are missing", async () => {
    const memory = memoryD1();
    const query = parse("identity=a@b");
    memory.fail("D1_ERROR: storage operation exceeded timeout");
    expect(await searchPage(memory.d1, query, ALL)).toStrictEqual({
      ok: false,
      error: { code: "search_unavailable", reason: "D1_ERROR: storage operation exceeded timeout" },
    });
    memory.fail(null);
    memory.database.exec("DROP TABLE attribute");
    expect(await searchPage(memory.d1, query, ALL)).toMatchObject({
      ok: false,
      error: { code: "search_unavailable", reason: "no such table: attribute" },
    });
  });

  test("does not wait for a D1 that stalls", async () => {
    vi.useFakeTimers();
    const { d1 } = memoryD1();
    const stalled = new Proxy(d1, {
      get: (target, name) => (name === "batch" ? () => new Promise(() => undefined) : Reflect.get(target, name)),
    });
    const answer = searchPage(stalled, parse("identity=a@b"), ALL);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await answer).toStrictEqual({
      ok: false,
      error: { code: "search_unavailable", reason: "no answer within 5000 ms" },
    });
  });
});
