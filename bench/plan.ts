// SPDX-License-Identifier: Apache-2.0
// How much is measured, and what DESIGN's budgets allow.

import type { KeyKind } from "../shared/crypto/public-key.ts";
import type { SigningKey } from "../test/support/authority/signing-keys.ts";
import type { Requests } from "./shots.ts";
import type { BenchStack } from "./stack.ts";

export interface Plan {
  /** Requests before any of its kind is measured: V8 has compiled by then what it will compile. */
  readonly warmUp: number;
  /** Requests of one client after another. */
  readonly sequential: number;
  /** Requests of 64 clients. */
  readonly concurrent: number;
  /** Requests in a batch, and how many batches: their median is the figure. */
  readonly batch: number;
  readonly batches: number;
  /** Fresh isolates for each figure. */
  readonly freshRuns: number;
  /** Key kinds that are also measured in a fresh isolate. */
  readonly freshKinds: readonly KeyKind[];
  readonly appends: number;
  readonly starts: number;
}

/** Every way to verify that the log has, and its name. */
export const KEY_KINDS: ReadonlyMap<KeyKind, string> = new Map([
  ["ecdsa-p256", "P-256"],
  ["rsa-2048", "RSA-2048"],
  ["ecdsa-p384", "P-384"],
  ["ecdsa-p521", "P-521"],
  ["ed25519", "Ed25519ph"],
]);

/** What every measurement works with. */
export interface Bench {
  readonly stack: BenchStack;
  readonly plan: Plan;
  readonly requests: Requests;
  /** Its owner gets certificates. */
  readonly key: SigningKey;
  /** Tells the person who waits what is being measured. */
  readonly progress: (line: string) => void;
}

export const FULL: Plan = {
  warmUp: 200,
  sequential: 400,
  concurrent: 4000,
  batch: 60,
  batches: 5,
  freshRuns: 7,
  freshKinds: [...KEY_KINDS.keys()],
  appends: 10_000,
  starts: 7,
};

export const QUICK: Plan = {
  warmUp: 80,
  sequential: 80,
  concurrent: 800,
  batch: 40,
  batches: 3,
  freshRuns: 3,
  freshKinds: ["ecdsa-p256"],
  appends: 3000,
  starts: 3,
};

export const CLIENTS = 64;

const atMost = (bound: number): { readonly atMost: number } => ({ atMost: bound });

export const BUDGET = {
  warmMs: atMost(3),
  warmDearKeyMs: atMost(10),
  freshMs: atMost(10),
  signatureMs: atMost(5),
  latencyP50Ms: atMost(12),
  latencyP99Ms: atMost(60),
  entriesPerSecond: { atLeast: 700 },
  loadP99Ms: atMost(300),
  r2ClassA: atMost(0.02),
  durableObjectRows: atMost(10),
  d1Rows: atMost(12),
  bundleKib: atMost(250),
  startUpMs: atMost(100),
  readySeconds: atMost(5),
} as const;

/** Kinds whose verification is JavaScript and dear: a budget of their own, and a setting to switch them off. */
export const isDear = (kind: KeyKind): boolean => !["ecdsa-p256", "rsa-2048"].includes(kind);
