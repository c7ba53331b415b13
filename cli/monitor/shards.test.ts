// SPDX-License-Identifier: Apache-2.0
// Passes over several logs of one trusted root: a shard that opens while the pass reads, one that ends, one that
// vanishes; and a log that fails beside one that does not.

import { generateKeyPairSync } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import {
  ecdsaSigner,
  entryRecord,
  makeRekordBody,
  type NoteSigner,
  ServedLog,
} from "../../test/support/logs/served-log.ts";
import { PassLab } from "../../test/support/monitor/pass-lab.ts";
import { NOTHING_LISTED, type Target } from "./scan/targets.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });

class Shard {
  readonly log: ServedLog;
  readonly signer: NoteSigner;
  url = "";
  isEnded = false;

  constructor(origin: string) {
    this.signer = ecdsaSigner(origin);
    this.log = new ServedLog(origin, "entries", [this.signer]);
  }

  grow(count: number): void {
    const from = this.log.size;
    this.log.append(
      Array.from({ length: count }, (_, i) => entryRecord(makeRekordBody(privateKey, spki, `${from + i}`))),
    );
  }

  get target(): Target {
    const { url, signer, isEnded } = this;
    return { url, kind: "signature", origin: this.log.origin, vkeys: [signer.vkey], isEnded };
  }
}

const opened: Shard[] = [];
async function openShard(origin: string, size: number): Promise<Shard> {
  const shard = new Shard(origin);
  opened.push(shard);
  shard.grow(size);
  shard.url = await shard.log.serve();
  return shard;
}
afterEach(async () => {
  for (const { log } of opened.splice(0)) await log.stop();
});

function watchShards(listed: readonly Shard[]): PassLab {
  const lab = new PassLab(() => ({
    ...NOTHING_LISTED,
    logs: listed.map(({ target }) => target),
    isVouchedFor: true,
  }));
  lab.isWatched = ({ index }) => index === 5;
  return lab;
}

const ranges = ({ coverages }: Awaited<ReturnType<PassLab["run"]>>): readonly string[] =>
  coverages.map(({ log, from, to }) => `${log} ${from} ${to}`);

test("a shard that opens while the old one is read is read in the same pass, from its first entry", async () => {
  const first = await openShard("one.example.com", 10);
  const second = await openShard("two.example.com", 7);
  const listed = [first];
  const lab = watchShards(listed);
  expect(ranges(await lab.run())).toEqual(["one.example.com 0 10"]);
  first.grow(290);
  // The old shard gets its last entries, and the new one opens, while the pass reads.
  lab.parts = {
    onProgress: () => {
      if (listed.length === 1) {
        first.grow(20);
        listed.push(second);
      }
    },
  };
  const rolled = await lab.run();
  expect(rolled.kinds).toEqual(["shard.rotated", "match.unexpected"]);
  expect(ranges(rolled)).toEqual(["one.example.com 10 300", "two.example.com 0 7"]);
  // The seam: the last entries of the old shard come with the next pass.
  expect(ranges(await lab.run())).toEqual(["one.example.com 300 320", "two.example.com 7 7"]);
});

test("a shard that opens later is read from its first entry, even if the first run began at the end", async () => {
  const first = await openShard("one.example.com", 10);
  const second = await openShard("two.example.com", 7);
  const listed = [first];
  const lab = watchShards(listed);
  lab.parts = { first: "now" };
  expect(ranges(await lab.run())).toEqual(["one.example.com 10 10"]);
  listed.push(second);
  const rolled = await lab.run();
  expect(ranges(rolled)).toEqual(["one.example.com 10 10", "two.example.com 0 7"]);
  expect(rolled.code).toBe(1);
});

test("a shard whose keys are trusted no longer must not grow", async () => {
  const shard = await openShard("one.example.com", 10);
  const lab = watchShards([shard]);
  await lab.run();
  shard.isEnded = true;
  expect((await lab.run()).code).toBe(0);
  shard.grow(1);
  expect(await lab.run()).toMatchObject({ code: 2, kinds: ["shard.inactive_grew"] });
});

test("a shard that vanishes is a gap, is watched on, and can be forgotten", async () => {
  const shards = [await openShard("one.example.com", 10), await openShard("two.example.com", 4)];
  const lab = watchShards(shards);
  await lab.run();
  const [gone] = shards.splice(0, 1);
  gone?.grow(3);
  const vanished = await lab.run();
  expect(vanished).toMatchObject({ code: 3, kinds: ["log.gap"] });
  expect(ranges(vanished)).toEqual(["two.example.com 4 4", "one.example.com 10 13"]);
  await gone?.log.stop();
  expect(await lab.run()).toMatchObject({ code: 3, kinds: ["log.gap", "log.unreachable"] });
});

test("a log that fails holds up no other, and does not hide what the other shows", async () => {
  const [broken, good] = [await openShard("one.example.com", 10), await openShard("two.example.com", 10)];
  broken.log.answers.set("checkpoint", 500);
  const found = await watchShards([broken, good]).run();
  expect(found.kinds).toEqual(["log.unreachable", "match.unexpected"]);
  expect(found.code).toBe(1);
  expect(found.coverages).toMatchObject([
    { to: 0, gaps: [{ from: 0, to: null }] },
    { to: 10, gaps: [] },
  ]);
});

test("a log that is listed without a usable key is not silently left out", async () => {
  const good = await openShard("one.example.com", 1);
  const lab = watchShards([good]);
  const { targets } = lab;
  lab.targets = () => {
    const found = targets();
    return typeof found === "string" ? found : { ...found, unusable: [{ url: "https://x", reason: "no key" }] };
  };
  expect(await lab.run()).toMatchObject({ code: 3, kinds: ["log.unreachable"] });
});
