// SPDX-License-Identifier: Apache-2.0
// How much is measured, and the budgets.

import { MAX_COMPOSED_GZIP_BYTES } from "../cli/deploy/dry-run.ts";
import type { KeyKind } from "../shared/crypto/public-key.ts";
import { REFERENCE_MS, verificationMs } from "../test/support/process/machine.ts";

/** The sizes of the samples. */
export interface Plan {
  /** Requests of each kind before measuring it, so that V8 has compiled the code. */
  readonly warmUp: number;
  /** Requests that one client sends one after another. */
  readonly sequential: number;
  /** Requests that 64 clients send together. */
  readonly concurrent: number;
  /** Requests per batch, and the number of batches; the figure is their median. */
  readonly batch: number;
  readonly batches: number;
  /** Fresh isolates per figure. */
  readonly freshRuns: number;
  /** Key kinds that are also measured in a fresh isolate. */
  readonly freshKinds: readonly KeyKind[];
  readonly appends: number;
  readonly starts: number;
  /** Turns of each server in a comparison. */
  readonly turns: number;
}

/** Every kind of key that the log verifies, with its name. */
export const KEY_KINDS: ReadonlyMap<KeyKind, string> = new Map([
  ["ecdsa-p256", "P-256"],
  ["rsa-2048", "RSA-2048"],
  ["ecdsa-p384", "P-384"],
  ["ecdsa-p521", "P-521"],
  ["ed25519", "Ed25519ph"],
]);

/** The default plan. */
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
  turns: 3,
};

/** The plan of `--quick`. */
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
  turns: 1,
};

/** Concurrent clients in the load measurements. */
export const CLIENTS = 64;

const atMost = (bound: number): { readonly atMost: number } => ({ atMost: bound });

/** The CPU time of one P-256 verification on this machine, now. */
export const VERIFICATION_MS = verificationMs();

/** A budget of CPU time is for the machine of machine.ts; on a slower one it is as much longer. */
const cpuAtMost = (ms: number): { readonly atMost: number } => atMost(ms * Math.max(1, VERIFICATION_MS / REFERENCE_MS));

/** The budgets of docs/performance.md. */
export const BUDGET = {
  warmMs: cpuAtMost(3),
  warmExpensiveKeyMs: cpuAtMost(10),
  freshMs: cpuAtMost(8),
  signatureWorkersMs: cpuAtMost(3),
  signatureMs: cpuAtMost(5),
  latencyP50Ms: atMost(8),
  latencyP99Ms: atMost(30),
  v1LatencyP50Ms: atMost(15),
  certificatesPerSecond: { atLeast: 700 },
  timestampsPerSecond: { atLeast: 2500 },
  entriesPerSecond: { atLeast: 900 },
  loadP99Ms: atMost(300),
  r2ClassA: atMost(0.02),
  durableObjectRows: atMost(10),
  monitorRows: atMost(1),
  d1Rows: atMost(8),
  d1Bytes: atMost(160),
  bundleKib: atMost(MAX_COMPOSED_GZIP_BYTES / 1024),
  startUpMs: cpuAtMost(80),
  readySeconds: atMost(5),
} as const;

/** Kinds whose verification is expensive. They have a budget of their own, and a setting can switch them off. */
export const isExpensive = (kind: KeyKind): boolean => !["ecdsa-p256", "rsa-2048"].includes(kind);
