// SPDX-License-Identifier: Apache-2.0
// The actors of a simulated world: clients, readers, and the forces that break things. Each acts until the world is
// over.

import { BOUNDARIES, FAULTS } from "./fault-plan.ts";
import type { Random } from "./random.ts";
import type { SimulatedSubmission } from "./submissions.ts";
import type { World } from "./world.ts";

/** Starts all actors of a world. */
export function startActors(world: World): void {
  const { clients, readers } = world.profile;
  for (let i = 0; i < clients; i++) void runClient(world);
  for (let i = 0; i < readers; i++) void runReader(world);
  void runOutages(world);
  void runDeploys(world);
  void runClock(world);
  void runStorage(world);
  if (world.profile.freezing !== "never") void runFreezing(world);
  if (world.profile.theft !== "none") void runThief(world);
  if (world.profile.theft !== "none") void runRotation(world);
}

/** An operator who changes the settings, with a deploy each time. */
async function runFreezing(world: World): Promise<void> {
  const { random, scheduler, profile } = world;
  await scheduler.sleep(random.spread(1_000, 300_000), "until it is frozen");
  if (world.isOver) return;
  world.deployFrozen(true);
  if (profile.freezing === "once") return;
  await scheduler.sleep(random.spread(1, 60_000), "until freezing is taken back");
  if (!world.isOver) world.deployFrozen(false);
}

/** Someone who has a CA's key, before and after the operator knows. */
async function runThief(world: World): Promise<void> {
  const { random, scheduler } = world;
  while (!world.isOver) {
    await world.submitStolen();
    await scheduler.sleep(random.spread(100, 30_000), "the thief waits");
  }
}

/** An operator who takes the stolen key out of use, from now on or from a time that has passed. */
async function runRotation(world: World): Promise<void> {
  const { random, scheduler, profile, plan, stolen } = world;
  if (profile.theft === "none") return;
  await scheduler.sleep(random.spread(1_000, 120_000), "until the theft is noticed");
  if (world.isOver) return;
  const since = world.frontTime - random.pick([0, 60_000, 7_200_000]);
  const rotation = {
    key: profile.theft,
    retiredAt: 1000 * Math.floor(since / 1000),
    isCompromised: random.chance(0.7),
  };
  plan.count(`stolen key: ${profile.theft} rotated${rotation.isCompromised ? ", compromised" : ""}`);
  world.note(`the key of the ${profile.theft} is retired at ${rotation.retiredAt}`);
  stolen.rotate(rotation);
  world.runtime.deploy();
}

async function runClient(world: World): Promise<void> {
  const { profile, random, scheduler } = world;
  while (!world.isOver) {
    const burst = Array.from({ length: 1 + random.below(profile.burst) }, () => world.next());
    await Promise.all(burst.map(async (what) => await submitUntilAnswered(world, what)));
    await scheduler.sleep(random.spread(profile.thinkMs / 2, profile.thinkMs * 2), "client thinks");
  }
}

/** Retries a body until it is answered. A client sometimes gives up, and always does at a frozen log. */
async function submitUntilAnswered(world: World, what: SimulatedSubmission): Promise<void> {
  for (let result = ""; !world.isOver && result !== "ok"; ) {
    result = await world.submit(what);
    if (result === "log_frozen") return;
    if (result === "ok") return;
    if (world.random.chance(0.05)) return;
    await world.scheduler.sleep(world.random.spread(100, 3_000), "client waits to retry");
  }
}

async function runReader(world: World): Promise<void> {
  const { scheduler, random } = world;
  while (!world.isOver) {
    await world.readHead();
    await scheduler.sleep(random.spread(50, 5_000), "reader waits");
  }
}

async function runOutages(world: World): Promise<void> {
  const { random, scheduler, plan, profile } = world;
  for (;;) {
    await scheduler.sleep(random.spread(profile.outageEveryMs / 4, profile.outageEveryMs * 4), "calm");
    if (world.isOver) return;
    const boundary = random.pick(BOUNDARIES);
    const fault = random.pick(FAULTS[boundary]);
    plan.outages.set(boundary, fault);
    plan.count(`outage: ${boundary}`);
    world.note(`outage: ${boundary} ${fault}`);
    await scheduler.sleep(random.spread(300, 60_000), "outage");
    plan.outages.delete(boundary);
    world.note(`outage over: ${boundary}`);
  }
}

/** The platform's words for a storage that takes no more rows. */
export const STORAGE_ERRORS = {
  full: "database or disk is full: SQLITE_FULL",
  over_quota: "Exceeded allowed rows written in Durable Objects free tier.",
} as const;

async function runStorage(world: World): Promise<void> {
  const { random, scheduler, plan, profile, runtime } = world;
  const mean = profile.storageRejectsEveryMs;
  for (;;) {
    await scheduler.sleep(random.spread(mean / 4, mean * 4), "storage takes rows");
    if (world.isOver) return;
    const fault = random.pick(["full", "over_quota"] as const);
    plan.count(`storage: ${fault}`);
    world.note(`storage: ${fault}`);
    runtime.storageRejects = STORAGE_ERRORS[fault];
    await scheduler.sleep(random.spread(300, 60_000), "storage rejects rows");
    runtime.storageRejects = null;
  }
}

async function runDeploys(world: World): Promise<void> {
  const { random, scheduler, runtime, profile } = world;
  while (!world.isOver) {
    await scheduler.sleep(random.spread(2_000, 60_000), "until a deploy");
    if (profile.killed > 0) runtime.deploy();
    await scheduler.sleep(random.spread(1_000, 60_000), "until an eviction");
    const { current } = runtime;
    if (current !== null && current.pending.size === 0 && current.work === 0) runtime.end(current, "evicted");
  }
}

async function runClock(world: World): Promise<void> {
  const { random, scheduler, profile, plan } = world;
  for (;;) {
    await scheduler.sleep(random.spread(profile.clockJumpEveryMs / 4, profile.clockJumpEveryMs * 4), "clock runs");
    if (world.isOver) return;
    const kind = random.pick(["forward", "back", "far", "frozen"] as const);
    plan.count(`clock: ${kind}`);
    world.note(`clock: ${kind}`);
    if (kind === "frozen") world.freezeClock();
    else world.moveClock(jump(kind, random));
    await scheduler.sleep(random.spread(500, 30_000), "clock is wrong");
    if (world.isOver) return;
    world.unfreezeClock();
    if (random.chance(0.5)) world.resetClock();
  }
}

function jump(kind: "forward" | "back" | "far", random: Random): number {
  if (kind === "far") return Math.floor(random.between(30_000, 200_000));
  return Math.floor(kind === "forward" ? random.spread(10, 30_000) : -random.spread(10, 90_000));
}
