// SPDX-License-Identifier: Apache-2.0
// The monitor's object: what it tells, in which order, however often it is killed and however its receivers behave, and
// what that costs.

import { createHash, generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { FulcioExtensions } from "../../../shared/fulcio/extensions.ts";
import type { LogReport } from "../../../shared/rpc/log-reads.ts";
import type { TailEntry } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import { type MonitorLab, openMonitorLab, START } from "../../../test/support/monitor/monitor-lab.ts";
import {
  certificateVerifier,
  certificateWith,
  emailName,
  makeHashedRecord,
  SPKI,
  uriName,
} from "../../../test/support/monitor/records.ts";
import { MAX_PENDING } from "./outbox-table.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const DAY = 86_400_000;
const HOOK = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const TELL = { webhook: "https://hooks.example.com/alice", secret: "HOOK" };
const watchOf = (id: string, email: string, more: object = {}): object => ({ id, name: email, tell: TELL, ...more });

const open = (watches: readonly object[], more: Readonly<Record<string, string>> = {}): MonitorLab =>
  openMonitorLab({ WATCHES: JSON.stringify(watches), WATCH_SECRETS: JSON.stringify({ HOOK }), ...more });

let count = 0;
/** An entry of a signature log by this person. */
function entryBy(email: string): TailEntry {
  const digest = createHash("sha256").update(String(count++)).digest();
  const record = makeHashedRecord(digest, certificateVerifier(certificateWith({ names: [emailName(email)] })));
  return { record, timestamp: unixMs(START), hints: null };
}

async function add(lab: MonitorLab, ...emails: readonly string[]): Promise<void> {
  lab.logs.get("signature")?.push(...emails.map(entryBy));
  await lab.object().wake();
}

const keysOf = (watch: string, indexes: readonly number[]): readonly string[] =>
  indexes.map((index) => `match.unexpected/team%2F${watch}/sign.example.com/${index}`);

describe("a receiver", () => {
  it("that is down for a day gets everything afterwards, in order, once", async () => {
    const lab = open([watchOf("alice", "alice@example.com")]);
    lab.answer(() => new Response("down", { status: 500 }));
    for (let hour = 0; hour < 24; hour++) {
      await add(lab, "alice@example.com", "bob@example.com");
      await lab.run(START + hour * 3_600_000);
      vi.setSystemTime(START + hour * 3_600_000);
    }
    expect(lab.accepted).toEqual([]);
    expect(lab.requests.length).toBeLessThan(40);
    lab.answer(null);
    await lab.run();
    expect(lab.accepted).toEqual(
      keysOf(
        "alice",
        Array.from({ length: 24 }, (_, i) => 2 * i),
      ),
    );
    expect(lab.alarmAt()).toBe(null);
  });

  it("that refuses one message gets none of those behind it before that one", async () => {
    const lab = open([watchOf("alice", "alice@example.com")]);
    const [first] = keysOf("alice", [0]);
    lab.answer(
      (_, { headers }) => new Response(null, { status: new Headers(headers).get("webhook-id") === first ? 500 : 204 }),
    );
    await add(lab, "alice@example.com", "alice@example.com");
    await lab.run(START + 600_000);
    expect(lab.accepted).toEqual([]);
    lab.answer(null);
    await lab.run();
    expect(lab.accepted).toEqual(keysOf("alice", [0, 1]));
  });

  it("that fails holds back no other", async () => {
    const other = { webhook: "https://other.example.com/", secret: "HOOK" };
    const lab = open([watchOf("alice", "alice@example.com"), watchOf("other", "alice@example.com", { tell: other })]);
    lab.answer((url) => new Response(null, { status: url.includes("other") ? 204 : 500 }));
    await add(lab, "alice@example.com", "alice@example.com");
    await lab.ring();
    expect(lab.accepted).toEqual(keysOf("other", [0, 1]));
  });

  it.each([
    ["redirects", () => new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } })],
    ["answers at length", () => new Response("x".repeat(100_000))],
    ["is too slow", () => Promise.reject(new DOMException("late", "TimeoutError"))],
  ] as const)("that %s is tried again, nowhere else", async (_, how) => {
    const lab = open([watchOf("alice", "alice@example.com")]);
    lab.answer(how);
    await add(lab, "alice@example.com");
    await lab.ring();
    lab.answer(null);
    await lab.run();
    expect(new Set(lab.requests.map(({ url }) => url))).toEqual(new Set([TELL.webhook]));
    expect(lab.requests.map(({ headers }) => headers.get("webhook-id"))).toEqual([
      ...keysOf("alice", [0]),
      ...keysOf("alice", [0]),
    ]);
  });

  it("that fails for a week is left alone; what arises meanwhile waits", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const lab = open([watchOf("alice", "alice@example.com")]);
    lab.answer(() => new Response(null, { status: 410 }));
    await add(lab, "alice@example.com");
    await lab.run();
    const last = lab.requests.at(-1)?.at ?? 0;
    expect(last - START).toBeGreaterThanOrEqual(7 * DAY);
    expect(last - START).toBeLessThan(8 * DAY);
    expect(lab.requests.length).toBeLessThan(60);
    await add(lab, "alice@example.com");
    await lab.run();
    expect(lab.requests.at(-1)?.at).toBe(last);
    expect(await lab.object().readState()).toMatchObject({ pending: 2, paused: 1 });
  });

  it("gets a flood in bounded parts: so many one by one, and the rest as a number", async () => {
    const lab = open([watchOf("alice", "alice@example.com")]);
    await add(lab, "bob@example.com");
    await lab.run();
    lab.answer(() => new Response(null, { status: 503 }));
    await add(lab, ...Array.from({ length: MAX_PENDING + 700 }, () => "alice@example.com"));
    await lab.run(START + 60_000);
    expect(lab.query("SELECT COUNT(*) AS n FROM outbox")).toEqual([{ n: MAX_PENDING }]);
    lab.answer(null);
    const before = lab.requests.length;
    await lab.ring();
    expect(lab.requests.length - before).toBeLessThanOrEqual(32);
    await lab.run();
    expect(lab.accepted).toHaveLength(MAX_PENDING + 1);
    expect(JSON.parse(lab.requests.at(-1)?.body ?? "")).toMatchObject({
      type: "backlog",
      data: { count: 700 },
    });
  });
});

describe("a team", () => {
  const WIDGET = "https://github.com/example-org/widget";
  const ISSUER = "https://token.actions.githubusercontent.com";
  const BUILD = {
    issuerV2: ISSUER,
    sourceRepositoryUri: WIDGET,
    sourceRepositoryIdentifier: "632596897",
    sourceRepositoryOwnerUri: "https://github.com/example-org",
    sourceRepositoryOwnerIdentifier: "131804563",
    buildConfigUri: `${WIDGET}/.github/workflows/release.yml@refs/tags/v1`,
  };
  const OTHER = {
    issuerV2: "https://issuer.example.com",
    sourceRepositoryUri: "https://github.com/other-org/widget",
    sourceRepositoryIdentifier: "1",
    sourceRepositoryOwnerUri: "https://github.com/other-org",
    sourceRepositoryOwnerIdentifier: "2",
    buildConfigUri: "https://github.com/other-org/widget/.github/workflows/release.yml@refs/tags/v1",
  };
  const certificateOf = (extensions: FulcioExtensions): Uint8Array =>
    certificateWith({ names: [uriName(extensions.buildConfigUri ?? "")], extensions });
  const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();
  const hexOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  const entryOf = (text: string, verifier: object): TailEntry => ({
    record: makeHashedRecord(digestOf(text), verifier),
    timestamp: unixMs(START),
    hints: null,
  });
  const OTHER_KEY = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
    type: "spki",
    format: "der",
  });
  const byKey = { keyDetails: "PKIX_ECDSA_P256_SHA_256", publicKey: { rawBytes: OTHER_KEY.toString("base64") } };

  it.each([
    ["repository", { repository: WIDGET }],
    ["repository, by its number", { repositoryId: "632596897" }],
    ["owner", { owner: "https://github.com/example-org" }],
    ["owner, by its number", { ownerId: "131804563" }],
    ["issuer", { issuer: ISSUER }],
    ["workflow, at any ref", { workflow: `${WIDGET}/.github/workflows/release.yml` }],
    ["name", { name: BUILD.buildConfigUri }],
    ["key", { publicKey: hexOf(SPKI) }],
    ["certificate", { certificate: hexOf(certificateOf(BUILD)) }],
    ["digest", { digest: `sha256:${digestOf("watched").toString("hex")}` }],
    ["one of several repositories, and its issuer", { repository: ["https://github.com/x/y", WIDGET], issuer: ISSUER }],
  ])("watches a %s, and gets no other", async (_, what) => {
    const lab = open([{ id: "team", ...what, tell: TELL }]);
    const other = { ...("publicKey" in what ? byKey : certificateVerifier(certificateOf(OTHER))) };
    lab.logs
      .get("signature")
      ?.push(
        entryOf("other", other),
        entryOf("watched", certificateVerifier(certificateOf(BUILD))),
        entryOf("another", other),
      );
    await add(lab);
    await lab.run();
    expect(lab.accepted).toEqual(keysOf("team", [1]));
  });
});

it("tells a team about an entry only if all members of its row fit", async () => {
  const repository = "https://github.com/example-org/widget";
  const lab = open([{ id: "team", repository, issuer: "https://issuer.example.com", tell: TELL }]);
  const extensions = { issuerV2: "https://token.actions.githubusercontent.com", sourceRepositoryUri: repository };
  const verifier = certificateVerifier(certificateWith({ names: [uriName(repository)], extensions }));
  lab.logs
    .get("signature")
    ?.push({ record: makeHashedRecord(Buffer.alloc(32), verifier), timestamp: unixMs(START), hints: null });
  await add(lab);
  await lab.run();
  expect(lab.requests).toEqual([]);
});

describe("a mail", () => {
  const mailed = { MAIL_URL: "https://mail.example.com/", MAIL_FROM: "watch@sign.example.com" };
  const openMailed = (isDigest: boolean): MonitorLab =>
    open([watchOf("alice", "alice@example.com", { tell: { mail: "alice@example.com", digest: isDigest } })], mailed);
  const subjectsOf = (lab: MonitorLab): readonly string[] =>
    lab.requests.map(({ body }) => (JSON.parse(body) as { subject: string }).subject);

  it("comes at once; what arises within ten minutes comes in one after them", async () => {
    const lab = openMailed(false);
    await add(lab, "alice@example.com");
    await lab.run(START + 60_000);
    await add(lab, "alice@example.com", "alice@example.com");
    await lab.run();
    expect(subjectsOf(lab)).toEqual([
      "Unexpected signature by alice@example.com",
      "Unexpected signature by alice@example.com, and 1 more",
    ]);
    const [first, second] = lab.requests;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(600_000);
  });

  it("once a day comes at the end of the day, UTC, and has all of it", async () => {
    const lab = openMailed(true);
    for (let hour = 0; hour < 3; hour++) {
      vi.setSystemTime(START + hour * 3_600_000);
      await add(lab, "alice@example.com");
      await lab.run(START + (hour + 1) * 3_600_000 - 1);
    }
    expect(lab.requests).toEqual([]);
    await lab.run();
    expect(subjectsOf(lab)).toEqual(["Unexpected signature by alice@example.com, and 2 more"]);
    const [{ at, body } = { at: 0, body: "" }] = lab.requests;
    const midnight = Math.ceil(START / DAY) * DAY;
    expect([at >= midnight, at < midnight + 60_000]).toEqual([true, true]);
    for (const index of [0, 1, 2]) expect(body).toContain(`sign.example.com/${index}`);
  });
});

describe("a mail of a team", () => {
  const MAILED = { mail: "team@example.com" };
  const mailed = { MAIL_URL: "https://mail.example.com/", MAIL_FROM: "watch@sign.example.com" };
  const typesTo = (lab: MonitorLab, url: string): readonly string[] =>
    lab.requests.filter((one) => one.url === url).map(({ body }) => (JSON.parse(body) as { type: string }).type);

  it("is sent no more once its recipient has ended it, and the operator learns of it", async () => {
    const lab = open([watchOf("alice", "alice@example.com", { tell: MAILED })], {
      ...mailed,
      OPERATOR_ALERTS: JSON.stringify(TELL),
    });
    await add(lab, "alice@example.com");
    await lab.run(START + 60_000);
    expect(typesTo(lab, mailed.MAIL_URL)).toHaveLength(1);
    await add(lab, "alice@example.com");
    expect(await lab.object().endWatch("team/alice")).toBe(true);
    lab.kill();
    await add(lab, "alice@example.com");
    await lab.run();
    expect(typesTo(lab, mailed.MAIL_URL)).toHaveLength(1);
    expect(typesTo(lab, TELL.webhook)).toEqual(["delivery.failed"]);
    expect(lab.query("SELECT COUNT(*) AS n FROM outbox")).toEqual([{ n: 0 }]);
  });

  it("that the operator gets ends like any other", async () => {
    const lab = open([], { ...mailed, OPERATOR_ALERTS: JSON.stringify(MAILED) });
    expect(await lab.object().endWatch("operator/alerts")).toBe(true);
    lab.logs.get("signature")?.push({ record: Uint8Array.of(1), timestamp: unixMs(START), hints: null });
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    await add(lab);
    await lab.run();
    expect(lab.requests).toEqual([]);
  });

  it("has a link; a webhook has none, and goes on", async () => {
    const lab = open([watchOf("alice", "alice@example.com")]);
    expect(await lab.object().endWatch("team/alice")).toBe(false);
    await add(lab, "alice@example.com");
    await lab.run();
    expect(lab.accepted).toEqual(keysOf("alice", [0]));
  });
});

describe("a kill", () => {
  it("at any step loses no message, and repeats one only by its key", async () => {
    for (let step = 0; step < 40; step++) {
      count = 0;
      vi.spyOn(console, "error").mockImplementation(() => undefined);
      const lab = open([watchOf("alice", "alice@example.com")]);
      await add(lab, "alice@example.com", "bob@example.com", "alice@example.com");
      lab.failAfter(step);
      await lab.ring().catch(() => undefined);
      lab.kill();
      await lab.object().readState();
      await lab.run();
      expect([...new Set(lab.accepted)], `killed at step ${step}`).toEqual(keysOf("alice", [0, 2]));
      expect(lab.accepted.length).toBeLessThanOrEqual(3);
      vi.unstubAllGlobals();
    }
  });

  it("between looks skips no entry that nobody watched", async () => {
    const lab = open([watchOf("alice", "alice@example.com")]);
    await add(lab, ...Array.from({ length: 300 }, () => "bob@example.com"));
    await lab.run();
    lab.kill();
    await add(lab, "alice@example.com");
    await lab.run();
    expect(lab.accepted).toEqual(keysOf("alice", [300]));
  });
});

describe("what an entry costs", () => {
  it("that nobody watches is one row, the alarm's", async () => {
    const lab = open([watchOf("alice", "alice@example.com")]);
    await add(lab, "bob@example.com");
    await lab.run();
    const before = lab.rowsWritten();
    for (let i = 0; i < 255; i++) {
      await add(lab, "bob@example.com");
      await lab.run();
    }
    // The cursor is stored once in 256 entries.
    expect(lab.rowsWritten() - before).toBeLessThanOrEqual(256);
  });

  it("is nothing where nobody watches anything", async () => {
    const lab = open([]);
    const before = lab.rowsWritten();
    await add(lab, "bob@example.com");
    expect([lab.rowsWritten() - before, lab.alarmAt()]).toEqual([0, null]);
  });
});

describe("an entry", () => {
  it("that cannot be read is told to the operator, and ends nothing", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const lab = open([watchOf("alice", "alice@example.com")], { OPERATOR_ALERTS: JSON.stringify(TELL) });
    lab.logs.get("signature")?.push({ record: Uint8Array.of(1), timestamp: unixMs(START), hints: null });
    await add(lab, "alice@example.com");
    await lab.run();
    expect(lab.accepted.toSorted()).toEqual(["entry.unparseable/sign.example.com/0", ...keysOf("alice", [1])]);
  });

  it("that the log does not give is asked for again, not skipped", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const lab = open([watchOf("alice", "alice@example.com")]);
    lab.readsFail(true);
    await add(lab, "alice@example.com");
    await lab.run(START + 120_000);
    expect(lab.accepted).toEqual([]);
    const [log] = (await lab.object().readState()).logs;
    expect(log).toMatchObject({ log: "signature", next: 0, treeSize: 1 });
    lab.readsFail(false);
    await lab.run();
    expect(lab.accepted).toEqual(keysOf("alice", [0]));
  });

  it("of a log that was opened later is looked at from the log's beginning", async () => {
    const lab = open([watchOf("alice", "alice@example.com")]);
    await add(lab, "bob@example.com");
    await lab.run();
    lab.logs.set("sig-2", [
      entryBy("alice@example.com"),
      ...Array.from({ length: 400 }, () => entryBy("bob@example.com")),
    ]);
    await lab.object().wake();
    await lab.run();
    expect(lab.accepted).toEqual(keysOf("alice", [0]));
  });
});

describe("the operator", () => {
  const alerts = { OPERATOR_ALERTS: JSON.stringify(TELL) };
  const described = {
    state: "running",
    reason: null,
    treeSize: 10,
    publishedEntries: 0,
    indexedEntries: 10,
    witnessedSize: null,
  };
  const reportOf = (changes: object): LogReport =>
    ({
      name: "signature",
      origin: "sign.example.com",
      head: { treeSize: 0, rootHash: new Uint8Array(32) },
      description: { ...described, ...changes },
    }) as unknown as LogReport;
  const WELL = { problems: [], expiries: [] };
  const typesOf = (lab: MonitorLab): readonly string[] =>
    lab.requests.map(({ body }) => (JSON.parse(body) as { type: string }).type);

  it("learns of each problem once, and once when it is over", async () => {
    const lab = open([], alerts);
    lab.suffer([reportOf({ state: "refusing", reason: "it disagrees with its anchor" })], WELL);
    await lab.object().wake();
    await lab.run(START + 3_600_000);
    expect(typesOf(lab)).toEqual(["log.stalled"]);
    lab.kill();
    lab.suffer([reportOf({})], WELL);
    await lab.run();
    expect(typesOf(lab)).toEqual(["log.stalled", "recovered"]);
    expect(lab.alarmAt()).toBe(null);
  });

  it.each([
    ["a log that does not answer", [{ ...reportOf({}), description: null }], WELL, "log.unreachable"],
    ["tiles that R2 lacks", [reportOf({ treeSize: 5_000, indexedEntries: 5_000 })], WELL, "backlog"],
    ["entries that D1 lacks", [reportOf({ treeSize: 5_000, publishedEntries: 4_864 })], WELL, "backlog"],
    [
      "witnesses that sign no more",
      [reportOf({ treeSize: 5_000, publishedEntries: 4_864, indexedEntries: 5_000, witnessedSize: 100 })],
      WELL,
      "witness.lost",
    ],
    ["a log that takes no entries", [reportOf({ state: "full" })], WELL, "log.stalled"],
    ...["tuf_timestamp", "tuf_root", "ca_certificate", "tsa_certificate"].map(
      (what) =>
        [
          `an expiry: ${what}`,
          [reportOf({})],
          {
            problems: [`${what} expires on 2027-01-30, in 15 days: renew it.`],
            expiries: [{ what, expires: new Date(START + 15 * DAY).toISOString(), secondsLeft: 1 }],
          },
          "expiry.near",
        ] as const,
    ),
    [
      "a certificate of an authority that nobody need renew yet",
      [reportOf({})],
      {
        problems: [],
        expiries: [{ what: "ca_root", expires: new Date(START + 90 * DAY).toISOString(), secondsLeft: 1 }],
      },
      null,
    ],
    [
      "metadata that cannot be renewed",
      [reportOf({})],
      { problems: ["The TUF timestamp could not be signed: TUF_KEY is another key."], expiries: [] },
      "trust.problem",
    ],
    [
      "a key that is in use and not in the signed trusted root",
      [reportOf({})],
      { problems: ["trusted_root.json lacks the key of the log signature."], expiries: [] },
      "trust.problem",
    ],
    ["a trust service that does not answer", [reportOf({})], null, "trust.problem"],
    [
      "a log that refuses, once, though the trust service says so too",
      [reportOf({ state: "refusing", reason: "it disagrees with its anchor" })],
      { problems: ["the log signature refuses to write: it disagrees with its anchor"], expiries: [] },
      "log.stalled",
    ],
  ] as const)("learns of %s", async (_, reports, health, type) => {
    const lab = open([], alerts);
    lab.suffer(reports, health);
    await lab.object().wake();
    await lab.run(START + 60_000);
    expect(typesOf(lab)).toEqual(type === null ? [] : [type]);
  });

  it("learns once of a sentence whose days count down", async () => {
    const lab = open([], alerts);
    for (const days of [9, 8]) {
      lab.suffer([reportOf({})], { problems: [`The root of TUF must be signed in ${days} days.`], expiries: [] });
      await lab.object().wake();
      await lab.run(START + (10 - days) * 3_600_000);
    }
    expect(typesOf(lab)).toEqual(["trust.problem"]);
  });

  it("learns of a log that has lost entries, and never that this is over", async () => {
    const lab = open([watchOf("alice", "alice@example.com")], alerts);
    lab.suffer([reportOf({})], WELL);
    await add(lab, "bob@example.com", "bob@example.com");
    await lab.run(START + 60_000);
    expect(typesOf(lab)).toEqual([]);
    for (const [i, treeSize] of [1, 3].entries()) {
      lab.suffer([reportOf({ treeSize, indexedEntries: treeSize })], WELL);
      vi.setSystemTime(START + (i + 1) * 3_600_000);
      await lab.object().wake();
      await lab.run(START + (i + 1) * 3_600_000 + 60_000);
    }
    expect(typesOf(lab)).toEqual(["log.inconsistent"]);
    expect(JSON.parse(lab.requests[0]?.body ?? "")).toMatchObject({
      data: { latter: { size: 1 }, reason: "the monitor has looked at 2 entries, and the log has 1" },
    });
  });

  it("learns that the monitor is behind", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const lab = open([watchOf("alice", "alice@example.com")], alerts);
    lab.suffer([{ ...reportOf({}), head: { treeSize: 9 } } as LogReport], WELL);
    lab.readsFail(true);
    await add(lab, "alice@example.com");
    await lab.run(START + 1_000_000);
    expect(typesOf(lab)).toEqual([]);
    await lab.run(START + 2_500_000);
    expect(typesOf(lab)).toEqual(["monitor.lagging"]);
  });

  it("learns of a watch that is paused", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const other = { webhook: "https://other.example.com/", secret: "HOOK" };
    const lab = open([watchOf("alice", "alice@example.com", { tell: other })], alerts);
    lab.answer((url) => new Response(null, { status: url.includes("other") ? 500 : 204 }));
    await add(lab, "alice@example.com");
    await lab.run();
    expect(typesOf(lab).at(-1)).toBe("delivery.failed");
  });
});
