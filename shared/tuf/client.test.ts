// SPDX-License-Identifier: Apache-2.0
// The client on repositories that are attacked, one way a row. tuf-js reads the same files: it has to agree on each.

import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Updater } from "tuf-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import { type UnixMs, unixMs } from "../time.ts";
import { findExpired, readTarget, type TrustedMetadata, trustRoot, updateTuf } from "./client.ts";
import { keyIdOf, tufKey } from "./key.ts";
import { formatMetadata, type Metadata, type Role, type Root } from "./metadata.ts";
import { signMetadata, type TufSigner } from "./signing.ts";
import { targetFileOf, targetPath } from "./target-files.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const DAY = 86_400_000;
const at = (days: number): string => new Date(NOW + days * DAY).toISOString().replace(".000", "");

type Key = TufSigner & { readonly object: ReturnType<typeof keyObject> };
const keyObject = (spki: Uint8Array) => ({ ...valueOf(tufKey(spki)) });

function makeKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const object = keyObject(new Uint8Array(publicKey.export({ type: "spki", format: "der" })));
  return { object, keyId: keyIdOf(object), sign: (message) => new Uint8Array(sign("sha256", message, privateKey)) };
}
const [root1, root2, targets1, online1, online2, stranger] = Array.from({ length: 6 }, makeKey) as [
  Key,
  Key,
  Key,
  Key,
  Key,
  Key,
];

/** The parts of a repository; every attack changes a part of it. */
interface Parts {
  readonly roots: readonly (RootParts & { readonly signers: readonly Key[] })[];
  readonly timestamp: Signed & { readonly snapshot: number };
  readonly snapshot: Signed & { readonly targets: number };
  readonly targets: Signed & { readonly text: string };
}
interface Signed {
  readonly version: number;
  readonly expires: string;
  readonly signer: Key;
}
interface RootParts {
  readonly version: number;
  readonly expires: string;
  readonly root: readonly Key[];
  readonly threshold: number;
  readonly online: Key;
}

type Files = Readonly<Record<string, string>>;
const TARGET = "trusted_root.json";
const common = { spec_version: "1.0.31" } as const;

function rootOf({ version, expires, root, threshold, online }: RootParts): Root {
  const role = (keys: readonly Key[], needed = 1): Role => ({
    keyids: keys.map(({ keyId }) => keyId),
    threshold: needed,
  });
  const keys = Object.fromEntries([...root, targets1, online].map(({ keyId, object }) => [keyId, object]));
  const roles = {
    root: role(root, threshold),
    targets: role([targets1]),
    snapshot: role([online]),
    timestamp: role([online]),
  };
  return { ...common, _type: "root", version, expires, consistent_snapshot: true, keys, roles };
}

function filesOf({ roots, timestamp, snapshot, targets }: Parts): Files {
  const file = targetFileOf({ text: targets.text, custom: null });
  const text = <S>(metadata: Metadata<S>): string => formatMetadata(metadata);
  return {
    ...Object.fromEntries(
      roots.map((parts, i) => [`${i + 1}.root.json`, text(signMetadata(rootOf(parts), parts.signers))]),
    ),
    "timestamp.json": text(
      signMetadata(
        {
          ...common,
          _type: "timestamp",
          version: timestamp.version,
          expires: timestamp.expires,
          meta: { "snapshot.json": { version: timestamp.snapshot } },
        },
        [timestamp.signer],
      ),
    ),
    [`${timestamp.snapshot}.snapshot.json`]: text(
      signMetadata(
        {
          ...common,
          _type: "snapshot",
          version: snapshot.version,
          expires: snapshot.expires,
          meta: { "targets.json": { version: snapshot.targets } },
        },
        [snapshot.signer],
      ),
    ),
    [`${snapshot.targets}.targets.json`]: text(
      signMetadata(
        {
          ...common,
          _type: "targets",
          version: targets.version,
          expires: targets.expires,
          targets: { [TARGET]: file },
        },
        [targets.signer],
      ),
    ),
    [targetPath(TARGET, file)]: targets.text,
  };
}

const FIRST: RootParts & { readonly signers: readonly Key[] } = {
  version: 1,
  expires: at(300),
  root: [root1, root2],
  threshold: 2,
  online: online1,
  signers: [root1, root2],
};
const GOOD: Parts = {
  roots: [FIRST],
  timestamp: { version: 5, expires: at(7), signer: online1, snapshot: 4 },
  snapshot: { version: 4, expires: at(7), signer: online1, targets: 3 },
  targets: { version: 3, expires: at(300), signer: targets1, text: "the trusted root" },
};
const NEWER: Parts = {
  ...GOOD,
  timestamp: { ...GOOD.timestamp, version: 6, snapshot: 5 },
  snapshot: { ...GOOD.snapshot, version: 5, targets: 4 },
  targets: { ...GOOD.targets, version: 4, text: "a newer one" },
};
const second = (changes: Partial<typeof FIRST>): Parts["roots"] => [FIRST, { ...FIRST, version: 2, ...changes }];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-tuf-client-"));
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true, force: true });
});

/** The text of the target, or why there is none. */
type Outcome = { readonly text: string } | { readonly rejected: string };

/** Both clients, each with what it has learned. */
function openClients(first: string): (files: Files, now?: UnixMs) => Promise<{ ours: Outcome; theirs: Outcome }> {
  let trusted = valueOf(trustRoot(first));
  writeFileSync(join(folder, "root.json"), first);
  return async (files, now = unixMs(NOW)) => {
    vi.setSystemTime(now);
    const ours = await readOurs(trusted, files, now);
    trusted = ours.trusted;
    return { ours: ours.outcome, theirs: await readTheirs(files) };
  };
}

const read = (files: Files) => (path: string) =>
  Promise.resolve(Object.hasOwn(files, path) ? new TextEncoder().encode(files[path]) : null);

async function readOurs(
  before: TrustedMetadata,
  files: Files,
  now: UnixMs,
): Promise<{ trusted: TrustedMetadata; outcome: Outcome }> {
  const reader = { read: read(files) };
  const { trusted, problem } = await updateTuf(before, reader, now);
  if (problem !== null) return { trusted, outcome: { rejected: problem.reason } };
  const target = await readTarget(trusted, reader, TARGET);
  const outcome = target.ok ? { text: new TextDecoder().decode(target.value) } : { rejected: target.error.reason };
  return { trusted, outcome };
}

async function readTheirs(files: Files): Promise<Outcome> {
  vi.stubGlobal("fetch", (url: string) => {
    const text = files[new URL(url).pathname.slice(1)];
    return Promise.resolve(text === undefined ? new Response(null, { status: 404 }) : new Response(text));
  });
  const updater = new Updater({
    metadataDir: folder,
    metadataBaseUrl: "https://tuf.example",
    targetDir: folder,
    targetBaseUrl: "https://tuf.example/targets",
    config: { fetchRetry: 0 },
  });
  try {
    await updater.refresh();
    const info = await updater.getTargetInfo(TARGET);
    if (info === undefined) return { rejected: "no target" };
    return { text: readFileSync(await updater.downloadTarget(info), "utf8") };
  } catch (error) {
    return { rejected: String(error) };
  }
}

const firstRoot = (parts: Parts): string => filesOf(parts)["1.root.json"] ?? "";

it.each<readonly [name: string, parts: Parts]>([
  ["of one root", GOOD],
  ["with a second root, signed by the keys of both", { ...GOOD, roots: second({}) }],
  [
    "whose pinned root has expired and whose newest has not",
    {
      ...GOOD,
      roots: [
        { ...FIRST, expires: at(-1) },
        { ...FIRST, version: 2 },
      ],
    },
  ],
  [
    "with another online key in its second root",
    {
      ...GOOD,
      roots: second({ online: online2 }),
      timestamp: { ...GOOD.timestamp, signer: online2 },
      snapshot: { ...GOOD.snapshot, signer: online2 },
    },
  ],
])("reads a repository %s, as tuf-js does", async (_, parts) => {
  const { ours, theirs } = await openClients(firstRoot(parts))(filesOf(parts));
  expect(ours).toEqual({ text: "the trusted root" });
  expect(theirs).toEqual(ours);
});

describe("a repository is rejected, as tuf-js does,", () => {
  const without = (path: string) => (files: Files) =>
    Object.fromEntries(Object.entries(files).filter(([name]) => !name.startsWith(path)));

  it.each<readonly [name: string, reason: string, parts: Parts & { readonly edit?: (files: Files) => Files }]>([
    [
      "if the second root is signed by one of two keys",
      "2.root.json is not signed",
      { ...GOOD, roots: second({ signers: [root1] }) },
    ],
    [
      "if the second root is signed by its own keys only",
      "2.root.json is not signed by 2",
      { ...GOOD, roots: second({ root: [stranger], threshold: 1, signers: [stranger] }) },
    ],
    [
      "if the second root is signed by the former keys only",
      "2.root.json is not signed by 1",
      { ...GOOD, roots: second({ root: [stranger], threshold: 1, signers: [root1, root2] }) },
    ],
    ["if the second root says version 3", "2.root.json is version 3", { ...GOOD, roots: second({ version: 3 }) }],
    ["if the second root says version 1", "2.root.json is version 1", { ...GOOD, roots: second({ version: 1 }) }],
    [
      "if the newest root has expired",
      "the root metadata of version 2 expired",
      { ...GOOD, roots: second({ expires: at(-1) }) },
    ],
    [
      "if the timestamp has expired",
      "the timestamp metadata of version 5 expired",
      { ...GOOD, timestamp: { ...GOOD.timestamp, expires: at(0) } },
    ],
    [
      "if the snapshot has expired",
      "the snapshot metadata",
      { ...GOOD, snapshot: { ...GOOD.snapshot, expires: at(-1) } },
    ],
    ["if the targets have expired", "the targets metadata", { ...GOOD, targets: { ...GOOD.targets, expires: at(-1) } }],
    [
      "if a stranger signed the timestamp",
      "timestamp.json is not signed",
      { ...GOOD, timestamp: { ...GOOD.timestamp, signer: stranger } },
    ],
    [
      "if the online key signed the targets",
      "3.targets.json is not signed",
      { ...GOOD, targets: { ...GOOD.targets, signer: online1 } },
    ],
    [
      "if a stranger signed the snapshot",
      "4.snapshot.json is not signed",
      { ...GOOD, snapshot: { ...GOOD.snapshot, signer: stranger } },
    ],
    [
      "if the online key was replaced and still signs",
      "timestamp.json is not signed",
      { ...GOOD, roots: second({ online: online2 }) },
    ],
    [
      "if the snapshot is another than the timestamp says",
      "4.snapshot.json is version 3",
      { ...GOOD, snapshot: { ...GOOD.snapshot, version: 3 } },
    ],
    [
      "if the targets are others than the snapshot says",
      "3.targets.json is version 2",
      { ...GOOD, targets: { ...GOOD.targets, version: 2 } },
    ],
    ["without a timestamp", "timestamp.json is missing", { ...GOOD, edit: without("timestamp.json") }],
    ["without a snapshot", "4.snapshot.json is missing", { ...GOOD, edit: without("4.snapshot") }],
    ["without its target", "the file trusted_root.json is missing", { ...GOOD, edit: without("targets/") }],
    [
      "if its target has other bytes of the same length",
      "is not the file that was signed",
      {
        ...GOOD,
        edit: (files) =>
          Object.fromEntries(
            Object.entries(files).map(([path, text]) => [path, text.replace("the trusted", "The trusted")]),
          ),
      },
    ],
  ])("%s", async (_, reason, { edit = (files) => files, ...parts }) => {
    const { ours, theirs } = await openClients(firstRoot(parts))(edit(filesOf(parts)));
    expect(ours).toEqual({ rejected: expect.stringContaining(reason) });
    expect(theirs).toHaveProperty("rejected");
  });
});

describe("between two updates", () => {
  it("a newer repository replaces the older one, and a timestamp that has expired since does not matter", async () => {
    const update = openClients(firstRoot(GOOD));
    await update(filesOf(GOOD));
    const later = {
      ...NEWER,
      timestamp: { ...NEWER.timestamp, expires: at(20) },
      snapshot: { ...NEWER.snapshot, expires: at(20) },
    };
    const { ours, theirs } = await update(filesOf(later), unixMs(NOW + 10 * DAY));
    expect([ours, theirs]).toEqual([{ text: "a newer one" }, { text: "a newer one" }]);
  });

  it.each<readonly [name: string, reason: string, parts: Parts]>([
    ["the whole repository", "timestamp.json went back from version 6 to 5", GOOD],
    [
      "the snapshot, under a new timestamp,",
      "the snapshot in timestamp.json went back from version 5 to 4",
      { ...GOOD, timestamp: { ...GOOD.timestamp, version: 7 } },
    ],
    [
      "the targets, under a new snapshot,",
      "the targets in 6.snapshot.json went back from version 4 to 3",
      {
        ...GOOD,
        timestamp: { ...GOOD.timestamp, version: 7, snapshot: 6 },
        snapshot: { ...GOOD.snapshot, version: 6 },
      },
    ],
  ])("%s must not go back", async (_, reason, parts) => {
    const update = openClients(firstRoot(NEWER));
    await update(filesOf(NEWER));
    const { ours, theirs } = await update(filesOf(parts));
    expect(ours).toEqual({ rejected: reason });
    expect(theirs).toHaveProperty("rejected");
  });

  it("versions begin anew once the online key is replaced", async () => {
    const update = openClients(firstRoot(NEWER));
    await update(filesOf({ ...NEWER, timestamp: { ...NEWER.timestamp, version: 1_000_000 } }));
    const rotated = {
      ...NEWER,
      roots: second({ online: online2 }),
      timestamp: { ...NEWER.timestamp, version: 7, signer: online2 },
      snapshot: { ...NEWER.snapshot, signer: online2 },
    };
    const { ours, theirs } = await update(filesOf(rotated));
    expect([ours, theirs]).toEqual([{ text: "a newer one" }, { text: "a newer one" }]);
  });

  it("an attack is forgotten, and what was verified before it is kept", async () => {
    const update = openClients(firstRoot(GOOD));
    await update(filesOf({ ...NEWER, targets: { ...NEWER.targets, signer: stranger } }));
    expect((await update(filesOf(GOOD))).ours).toEqual({ rejected: "timestamp.json went back from version 6 to 5" });
    expect((await update(filesOf(NEWER))).ours).toEqual({ text: "a newer one" });
  });
});

it("says what has expired since the update", async () => {
  const { trusted } = await readOurs(valueOf(trustRoot(firstRoot(GOOD))), filesOf(GOOD), unixMs(NOW));
  expect(findExpired(trusted, unixMs(NOW + 6 * DAY))).toBeNull();
  expect(findExpired(trusted, unixMs(NOW + 7 * DAY))).toMatch(
    /^the timestamp metadata of version 5 expired at 2026-12-06/,
  );
});

it.each([
  ["is not signed by enough of its own keys", { ...FIRST, signers: [root1] }],
  ["is not JSON", null],
])("a pinned root that %s is none", (reason, parts) => {
  const text = parts === null ? "<html>" : firstRoot({ ...GOOD, roots: [parts] });
  expect(trustRoot(text)).toEqual({
    ok: false,
    error: { code: "tuf_repository_rejected", reason: `the pinned root ${reason}` },
  });
});

it("a chain of roots without an end is cut", async () => {
  let asked = 0;
  const reader = {
    read: (path: string) => {
      asked++;
      const version = Number(path.split(".")[0]);
      const text = formatMetadata(signMetadata(rootOf({ ...FIRST, version }), [root1, root2]));
      return Promise.resolve(new TextEncoder().encode(text));
    },
  };
  const { problem } = await updateTuf(valueOf(trustRoot(firstRoot(GOOD))), reader, unixMs(NOW));
  expect(problem?.reason).toBe("there are more than 256 new roots");
  expect(asked).toBe(256);
});
