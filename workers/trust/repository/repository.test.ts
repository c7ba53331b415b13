// SPDX-License-Identifier: Apache-2.0
// The repository over time, through rotations, restarts and wrong deployments. tuf-clients.test.ts has the clients'
// view.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOnlineKey } from "../../../cli/tuf/keys.ts";
import { publishTargets, rotateKeys } from "../../../cli/tuf/repository.ts";
import type { TufServing } from "../../../shared/rpc/tuf-repository.ts";
import { unixMs } from "../../../shared/time.ts";
import { parseMetadata } from "../../../shared/tuf/metadata.ts";
import { nextVersion } from "../../../shared/tuf/online.ts";
import type { TargetDocuments } from "../../../shared/tuf/target-files.ts";
import {
  createFirstRepository,
  type FirstRepository,
  type TufOperator,
  type TufService,
  tufOperator,
  tufService,
} from "../../../test/support/trust/tuf-repository.ts";
import { valueOf } from "../../../test/support/value-of.ts";
import { TufRepository } from "./tuf-repository.ts";

const PUBLIC_URL = "https://sigstore.example.com";
const START = Date.parse("2026-11-23T10:20:30.500Z");
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const text = (value: string): TargetDocuments => ({ "trusted_root.json": { text: value, custom: null } });

let operator: TufOperator;
let first: FirstRepository;
let now: number;
let service: TufService;

beforeAll(() => {
  operator = tufOperator();
  first = createFirstRepository(operator, text("one"), START);
});
afterAll(() => operator.remove());
beforeEach(() => {
  now = START;
  service = tufService({ publicUrl: PUBLIC_URL, env: {}, now: () => now });
});

function serving(): TufServing {
  const view = service.view();
  if (view.kind !== "serving") throw new Error(JSON.stringify(view));
  return view;
}
interface Versions {
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
  readonly root: number;
}
/** Follows the documents as a client does; tuf-clients.test.ts checks the signatures. */
function versions(): Versions {
  const { documents, rootVersion } = serving();
  const timestamp = valueOf(parseMetadata("timestamp", documents["timestamp.json"] ?? "")).signed;
  const { version: snapshot } = timestamp.meta["snapshot.json"];
  const { signed } = valueOf(parseMetadata("snapshot", documents[`${snapshot}.snapshot.json`] ?? ""));
  expect(signed.version).toBe(snapshot);
  const { version: targets } = signed.meta["targets.json"];
  expect(valueOf(parseMetadata("targets", documents[`${targets}.targets.json`] ?? "")).signed.version).toBe(targets);
  expect(Date.parse(timestamp.expires)).toBeGreaterThan(now);
  expect(Date.parse(signed.expires)).toBeGreaterThan(now);
  return { timestamp: timestamp.version, snapshot, targets, root: rootVersion };
}
const changed = (content: string, from = first.texts) =>
  valueOf(publishTargets(from, { documents: text(content), signers: first.targets, now: unixMs(now) }));

describe("over time, the repository", () => {
  beforeEach(() => service.deploy(first.texts, first.onlineKey));

  it("replaces a timestamp that is a day old when it is read, and not earlier", () => {
    const before = versions();
    now += DAY - MINUTE;
    expect(versions()).toEqual(before);
    now += MINUTE;
    const after = versions();
    expect(after.timestamp).toBeGreaterThan(before.timestamp);
    expect(after).toMatchObject({ snapshot: before.snapshot, targets: 1, root: 1 });
    expect(versions()).toEqual(after);
  });

  it("replaces a snapshot after thirty days", () => {
    const before = versions();
    now += 29 * DAY;
    expect(versions().snapshot).toBe(before.snapshot);
    now += 2 * DAY;
    expect(versions().snapshot).toBeGreaterThan(before.snapshot);
  });

  it("keeps everything through a year without readers", () => {
    const before = versions();
    now += 364 * DAY;
    const after = versions();
    expect(after.timestamp).toBeGreaterThan(before.timestamp);
    expect(serving().expiries.find(({ what }) => what === "tuf_root")?.expiresAt).toBeLessThan(now + 2 * DAY);
  });

  it("never goes back a version if the clock goes back, and soon replaces documents signed in the future", () => {
    now += 400 * DAY;
    const ahead = versions();
    now -= 400 * DAY;
    const back = versions();
    expect(back.timestamp).toBeGreaterThan(ahead.timestamp);
    expect(back.snapshot).toBeGreaterThan(ahead.snapshot);
    expect(versions()).toEqual(back);
  });

  it("uses versions that fit into 32 bits until the year 6000, consecutive within a minute", () => {
    expect(nextVersion(0, unixMs(Date.UTC(6000, 0)))).toBeLessThan(2 ** 31);
    expect(nextVersion(nextVersion(0, unixMs(START)), unixMs(START))).toBe(Math.floor(START / MINUTE) + 1);
  });
});

describe("after a restart, the repository", () => {
  it("serves the same documents, byte for byte", () => {
    service.deploy(first.texts, first.onlineKey);
    const before = serving();
    service.restart();
    expect(serving()).toEqual(before);
  });

  it("uses higher versions even on yesterday's storage", () => {
    service.deploy(first.texts, first.onlineKey);
    versions();
    const yesterday = service.copyStorage();
    now += DAY;
    const today = versions();
    now += DAY;
    service.putStorageBack(yesterday);
    expect(versions().timestamp).toBeGreaterThan(today.timestamp);
  });

  it("continues above the versions that clients have seen even on lost storage", () => {
    service.deploy(first.texts, first.onlineKey);
    const before = versions();
    now += MINUTE;
    const fresh = tufService({ publicUrl: PUBLIC_URL, env: {}, now: () => now });
    fresh.deploy(first.texts, first.onlineKey);
    service = fresh;
    const after = versions();
    expect(after.timestamp).toBeGreaterThan(before.timestamp);
    expect(after.snapshot).toBeGreaterThan(before.snapshot);
  });
});

it("refuses tables that a newer version has migrated, and says so", async () => {
  const database = new DatabaseSync(":memory:");
  const exec = (query: string, ...bindings: SQLInputValue[]) => ({
    toArray: () => database.prepare(query).all(...bindings),
  });
  const ctx = { storage: { sql: { exec }, transactionSync: (run: () => unknown) => run() } } as never;
  const env = { PUBLIC_URL, TRUST_FILE: JSON.stringify({ [PUBLIC_URL]: first.texts }), TUF_KEY: first.onlineKey };
  expect(await new TufRepository(ctx, env).serve()).toMatchObject({ kind: "serving" });
  expect(await new TufRepository(ctx, env).serve()).toMatchObject({ kind: "serving" });
  database.exec("UPDATE schema_version SET version = 99");
  expect(await new TufRepository(ctx, env).serve()).toEqual({
    kind: "refused",
    problems: [expect.stringContaining("deploy that version again, or a later one")],
  });
});

describe("a deployment", () => {
  it("without a repository serves none", () => expect(service.view()).toEqual({ kind: "absent" }));

  it("of new targets causes a new snapshot and timestamp; the old files stay for two weeks", () => {
    service.deploy(first.texts, first.onlineKey);
    const before = versions();
    const oldFile = serving().targets["trusted_root.json"] ?? "";
    now += MINUTE;
    const next = changed("two");
    service.deploy(next, first.onlineKey);
    const after = versions();
    expect(after).toMatchObject({ targets: 2, root: 1 });
    expect(after.snapshot).toBeGreaterThan(before.snapshot);
    expect(serving().documents).toMatchObject({ [oldFile]: "one", "1.targets.json": first.texts.targets });
    expect(serving().documents).toHaveProperty([`${before.snapshot}.snapshot.json`]);
    now += 15 * DAY;
    const { documents, targets } = serving();
    expect(documents).not.toHaveProperty([oldFile]);
    expect(documents).not.toHaveProperty(["1.targets.json"]);
    expect(documents).not.toHaveProperty([`${before.snapshot}.snapshot.json`]);
    expect(documents[targets["trusted_root.json"] ?? ""]).toBe("two");
    expect(documents).toHaveProperty(["1.root.json"]);
  });

  it("that restores an earlier file serves it permanently", () => {
    service.deploy(first.texts, first.onlineKey);
    versions();
    const two = changed("two");
    service.deploy(two, first.onlineKey);
    versions();
    service.deploy(changed("one", two), first.onlineKey);
    versions();
    now += 20 * DAY;
    const { documents, targets } = serving();
    expect(documents[targets["trusted_root.json"] ?? ""]).toBe("one");
  });

  it("of an older trust file is refused, and the newer one stays served", () => {
    service.deploy(first.texts, first.onlineKey);
    versions();
    const two = changed("two");
    service.deploy(two, first.onlineKey);
    const before = versions();
    service.deploy(first.texts, first.onlineKey);
    expect(versions()).toEqual(before);
    expect(serving().problems).toEqual([
      "The trust file of this deployment is older than the served one (targets 1, served 2): deploy the newest one.",
    ]);
    // The online documents are still renewed after a week.
    now += 7 * DAY;
    expect(versions().timestamp).toBeGreaterThan(before.timestamp);
    service.deploy(two, first.onlineKey);
    expect(serving().problems).toEqual([]);
  });

  it("of fewer roots, other roots, other targets of one version, or nothing is refused", () => {
    const change = { change: {}, signers: first.root, now: unixMs(now) };
    const rotated = valueOf(rotateKeys(first.texts, change));
    service.deploy(rotated, first.onlineKey);
    const before = versions();
    const other = createFirstRepository(operator, text("one"), START);
    const otherRoot = valueOf(rotateKeys(other.texts, { ...change, signers: other.root }));
    now += 1000;
    const otherTargets = valueOf(
      publishTargets(first.texts, { documents: text("a"), signers: first.targets, now: unixMs(now) }),
    );
    const sameVersion = valueOf(
      publishTargets(first.texts, { documents: text("b"), signers: first.targets, now: unixMs(now) }),
    );
    const refusals: readonly (readonly [Parameters<TufService["deploy"]>[0], string])[] = [
      [first.texts, "is older than the served one (root 1, served 2)"],
      [otherRoot, "has a different 1.root.json than the served one"],
      [null, "no longer holds a repository"],
    ];
    for (const [texts, problem] of refusals) {
      service.deploy(texts, first.onlineKey);
      expect(versions()).toEqual(before);
      expect(serving().problems).toEqual([expect.stringContaining(problem)]);
    }
    service.deploy({ ...otherTargets, roots: rotated.roots }, first.onlineKey);
    expect(versions().targets).toBe(2);
    service.deploy({ ...sameVersion, roots: rotated.roots }, first.onlineKey);
    expect(serving().problems).toEqual([expect.stringContaining("has different targets 2 than the served ones")]);
  });

  it.each([
    ["a damaged file", { files: { "trusted_root.json": "x" } }, "is not the one that was signed"],
    ["an additional file", { files: { "trusted_root.json": "one", "b.json": "" } }, "does not name the file b.json"],
    ["a missing file", { files: {} }, "The target file trusted_root.json is missing"],
    ["no root", { roots: [] }, "must have 1 to 256 roots"],
    ["another format", { targets: 1 }, "must have roots, targets and files"],
  ])("with %s is refused before a client sees it", (_what, damage, problem) => {
    service.deploy({ ...first.texts, ...damage } as unknown as FirstRepository["texts"], first.onlineKey);
    expect(service.view()).toEqual({ kind: "refused", problems: [expect.stringContaining(problem)] });
  });

  it("with too few signatures is refused", () => {
    const withoutSignatures = (metadata: string, keep: number): string => {
      const parsed = JSON.parse(metadata) as { signatures: unknown[] };
      return JSON.stringify({ ...parsed, signatures: parsed.signatures.slice(0, keep) });
    };
    const [root = ""] = first.texts.roots;
    service.deploy({ ...first.texts, roots: [withoutSignatures(root, 1)] }, first.onlineKey);
    expect(service.view()).toMatchObject({
      problems: [expect.stringContaining("is not signed by enough of its own root keys")],
    });
    const foreign = { ...first.texts, targets: createFirstRepository(operator, text("one"), START).texts.targets };
    service.deploy(foreign, first.onlineKey);
    expect(service.view()).toMatchObject({ problems: [expect.stringContaining("is not signed by 1 of the 2 keys")] });
    const second = valueOf(rotateKeys(first.texts, { change: {}, signers: first.root, now: unixMs(now) }));
    const other = createFirstRepository(operator, text("one"), START);
    const strange = valueOf(rotateKeys(other.texts, { change: {}, signers: other.root, now: unixMs(now) }));
    service.deploy({ ...second, roots: [root, strange.roots[1] ?? ""] }, first.onlineKey);
    expect(service.view()).toMatchObject({
      problems: [expect.stringContaining("2.root.json is not signed by enough root keys of the version before")],
    });
  });
});

describe("the online key", () => {
  it("is named if it is missing", () => {
    service.deploy(first.texts, "");
    expect(service.view()).toMatchObject({
      kind: "refused",
      problems: [expect.stringContaining("TUF_KEY is missing")],
    });
    service.deploy(first.texts, createOnlineKey().pem);
    expect(service.view()).toMatchObject({ problems: [expect.stringContaining("TUF_KEY is not the key")] });
  });

  it.each(["the trust file first", "the secret first"])(
    "is rotated with %s; clients are served all the time",
    (order) => {
      service.deploy(first.texts, first.onlineKey);
      const before = versions();
      const next = createOnlineKey();
      const rotated = valueOf(
        rotateKeys(first.texts, { change: { online: next.key }, signers: first.root, now: unixMs(now) }),
      );
      if (order === "the secret first") service.deploy(first.texts, next.pem);
      else service.deploy(rotated, first.onlineKey);
      expect(versions()).toEqual(before);
      expect(serving().problems).toEqual([
        expect.stringContaining("TUF_KEY is not the key that the newest root names"),
      ]);
      now += 2 * DAY;
      // The old root stays served; the new key cannot sign for it, and its documents last six more days.
      if (order === "the secret first") expect(versions().timestamp).toBe(before.timestamp);
      else expect(versions().timestamp).toBeGreaterThan(before.timestamp);
      service.deploy(rotated, next.pem);
      const after = versions();
      expect(after).toMatchObject({ root: 2, targets: 1 });
      expect(after.snapshot).toBeGreaterThan(before.snapshot);
      expect(serving().problems).toEqual([]);
    },
  );
});
