// SPDX-License-Identifier: Apache-2.0
// A year of the repository, read by tuf-js on a clock that jumps: one client updates over time, others start from root
// 1.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Updater } from "tuf-js";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { createOnlineKey, type OfflineKey } from "../../../cli/tuf/keys.ts";
import { extendExpiry, publishTargets, rotateKeys } from "../../../cli/tuf/repository.ts";
import { unixMs } from "../../../shared/time.ts";
import type { TargetDocuments } from "../../../shared/tuf/target-files.ts";
import type { OfflineTexts } from "../../../shared/tuf/trust-file.ts";
import { type OpensslChain, timestampChain } from "../../../test/support/process/openssl.ts";
import {
  createFirstRepository,
  type TufOperator,
  type TufService,
  tufOperator,
  tufService,
} from "../../../test/support/trust/tuf-repository.ts";
import { valueOf } from "../../../test/support/value-of.ts";

const PUBLIC_URL = "https://sigstore.example.com";
const START = Date.parse("2026-11-23T10:20:30Z");
const DAY = 86_400_000;
const MINUTE = 60_000;
const documents = (text: string): TargetDocuments => ({ "trusted_root.json": { text, custom: null } });

let chains: Readonly<Record<"ca" | "tsa", OpensslChain>>;
let operator: TufOperator;
let folder: string;
let service: TufService;
/** The paths of all requests since the test began. */
let asked: string[];

beforeAll(() => {
  chains = { ca: timestampChain(), tsa: timestampChain() };
  operator = tufOperator();
});
afterAll(() => operator.remove());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  folder = mkdtempSync(join(tmpdir(), "sigedge-tuf-clients-"));
  const env = {
    CA_CHAIN: chains.ca.chain,
    TSA_CHAIN: chains.tsa.chain,
    SEQUENCER: { getByName: () => ({ describe: () => Promise.reject(new Error("not in this test")) }) } as never,
  };
  service = tufService({ publicUrl: PUBLIC_URL, env, now: () => Date.now() });
  asked = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(new URL(url).pathname);
    return service.fetch(new URL(url).pathname);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true, force: true });
});

/** A client that has only a root, in its own folder. */
function client(root: string): { readonly read: (target: string) => Promise<string> } {
  const home = mkdtempSync(join(folder, "client-"));
  writeFileSync(join(home, "root.json"), root);
  const read = async (target: string): Promise<string> => {
    const updater = new Updater({
      metadataDir: home,
      metadataBaseUrl: `${PUBLIC_URL}/tuf`,
      targetDir: home,
      targetBaseUrl: `${PUBLIC_URL}/tuf/targets`,
      config: { fetchRetry: 0 },
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(target);
    if (info === undefined) throw new Error(`${target} is missing`);
    return readFileSync(await updater.downloadTarget(info), "utf8");
  };
  return { read };
}

const pass = (days: number): void => void vi.setSystemTime(Date.now() + days * DAY);
const now = () => unixMs(Date.now());
const role = (keys: readonly OfflineKey[], threshold: number) => ({ keys: keys.map(({ key }) => key), threshold });

it("requests the files in the order that the specification demands", async () => {
  const first = createFirstRepository(operator, documents("one"), START);
  service.deploy(first.texts, first.onlineKey);
  expect(await client(first.texts.roots[0] ?? "").read("trusted_root.json")).toBe("one");
  const minutes = Math.floor(START / MINUTE);
  expect(asked).toEqual([
    "/tuf/2.root.json",
    "/tuf/timestamp.json",
    `/tuf/${minutes}.snapshot.json`,
    "/tuf/1.targets.json",
    expect.stringMatching(/^\/tuf\/targets\/[0-9a-f]{64}\.trusted_root\.json$/),
  ]);
});

it("follows a year of re-signing in which every role is rotated", async () => {
  const first = createFirstRepository(operator, documents("one"), START);
  const [firstRoot = ""] = first.texts.roots;
  let { texts, onlineKey } = first;
  let signers: readonly OfflineKey[] = [...first.root, ...first.targets];
  let content = "one";
  const deploy = (next: OfflineTexts, key = onlineKey): void => {
    [texts, onlineKey] = [next, key];
    service.deploy(texts, onlineKey);
  };
  const events: Readonly<Record<number, () => void>> = {
    30: () => {
      const root = operator.keys(2);
      signers = [...signers, ...root];
      deploy(valueOf(rotateKeys(texts, { change: { root: role(root, 2) }, signers, now: now() })));
    },
    60: () => {
      content = "two";
      deploy(valueOf(publishTargets(texts, { documents: documents(content), signers, now: now() })));
    },
    90: () => {
      const targets = operator.keys(1);
      signers = [...signers, ...targets];
      deploy(valueOf(rotateKeys(texts, { change: { targets: role(targets, 1) }, signers, now: now() })));
    },
    120: () => {
      const online = createOnlineKey();
      deploy(valueOf(rotateKeys(texts, { change: { online: online.key }, signers, now: now() })), online.pem);
    },
    200: () => deploy(valueOf(extendExpiry(texts, { roles: ["targets"], signers, now: now() }))),
    300: () => deploy(valueOf(extendExpiry(texts, { roles: ["root"], signers, now: now() }))),
    330: () => {
      const [root, targets, online] = [operator.keys(1), operator.keys(1), createOnlineKey()];
      signers = [...signers, ...root, ...targets];
      const change = { root: role(root, 1), targets: role(targets, 1), online: online.key };
      deploy(valueOf(rotateKeys(texts, { change, signers, now: now() })), online.pem);
    },
  };
  deploy(texts);
  const longLived = client(firstRoot);
  for (let day = 0; day <= 400; day++) {
    events[day]?.();
    // The gaps are longer than a timestamp's lifetime; in spring, nobody reads for a month.
    const isRead = day % 10 < 2 && !(day > 135 && day < 170);
    if (isRead) expect(await longLived.read("trusted_root.json")).toBe(content);
    if (day % 100 === 0) expect(await client(firstRoot).read("trusted_root.json")).toBe(content);
    // The platform may restart the object at any time.
    if (day % 5 === 0) service.restart();
    pass(1);
  }
  expect(texts.roots).toHaveLength(6);
  expect(service.view()).toMatchObject({ kind: "serving", problems: [], rootVersion: 6 });
}, 60_000);

it("serves the first reader after a month without readers and cron runs", async () => {
  const first = createFirstRepository(operator, documents("one"), START);
  service.deploy(first.texts, first.onlineKey);
  const known = client(first.texts.roots[0] ?? "");
  await known.read("trusted_root.json");
  pass(31);
  expect(await known.read("trusted_root.json")).toBe("one");
  expect(await client(first.texts.roots[0] ?? "").read("trusted_root.json")).toBe("one");
});

it("keeps serving clients after an older trust file was deployed by mistake", async () => {
  const first = createFirstRepository(operator, documents("one"), START);
  service.deploy(first.texts, first.onlineKey);
  const newer = { documents: documents("two"), signers: first.targets, now: now() };
  service.deploy(valueOf(publishTargets(first.texts, newer)), first.onlineKey);
  const known = client(first.texts.roots[0] ?? "");
  expect(await known.read("trusted_root.json")).toBe("two");
  service.deploy(first.texts, first.onlineKey);
  pass(8);
  expect(await known.read("trusted_root.json")).toBe("two");
});

it("would be rejected by clients if it served the older file, so the tests above can fail", async () => {
  const first = createFirstRepository(operator, documents("one"), START);
  const storage = service.copyStorage();
  const newer = { documents: documents("two"), signers: first.targets, now: now() };
  service.deploy(valueOf(publishTargets(first.texts, newer)), first.onlineKey);
  const known = client(first.texts.roots[0] ?? "");
  await known.read("trusted_root.json");
  // This repository has no record of what it served.
  service.putStorageBack(storage);
  pass(1);
  service.deploy(first.texts, first.onlineKey);
  await expect(known.read("trusted_root.json")).rejects.toThrow(/version/i);
});

it("serves concurrent readers the same documents", async () => {
  const first = createFirstRepository(operator, documents("one"), START);
  service.deploy(first.texts, first.onlineKey);
  pass(40);
  const texts = await Promise.all(
    Array.from({ length: 8 }, async () => (await service.fetch("/tuf/timestamp.json")).text()),
  );
  expect(new Set(texts).size).toBe(1);
});
